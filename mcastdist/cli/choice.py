"""Which one did they mean? A package or a task, by an abbreviation that fits only one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

from mcastdist.errors import UsageError

if TYPE_CHECKING:
    from mcastdist.agent.api import CacheEntry, TaskRecord

PREFIX_CHARS_MIN = 4  # of a content id: fewer hex digits are more likely a slip than a choice

Thing = TypeVar("Thing")


def choose_task(tasks: Sequence[TaskRecord], given: str) -> TaskRecord:
    """The task of this id, or of the only id that starts so. Raises UsageError."""
    by_id = {task.id: task for task in tasks}
    if given in by_id:
        return by_id[given]
    matches = {name: task for name, task in by_id.items() if given and name.startswith(given)}
    return _only(matches, given, noun="task", look="mcastdist task list")


def choose_package(entries: Sequence[CacheEntry], given: str) -> CacheEntry:
    """The package of this content id (or its beginning), `name-version`, or name alone.

    Raises UsageError if there is none, or more than one.
    """
    by_id = {entry.content: entry for entry in entries}
    if given.lower() in by_id:
        return by_id[given.lower()]
    named = {
        content: entry
        for content, entry in by_id.items()
        if given in (f"{entry.name}-{entry.version}", entry.name)
    }
    if not named and len(given) >= PREFIX_CHARS_MIN:
        named = {
            content: entry for content, entry in by_id.items() if content.startswith(given.lower())
        }
    return _only(named, given, noun="package", look="mcastdist cache list")


def _only(matches: Mapping[str, Thing], given: str, *, noun: str, look: str) -> Thing:
    if not matches:
        raise UsageError(f"there is no {noun} {given!r} here; '{look}' shows those there are")
    if len(matches) > 1:
        shown = ", ".join(sorted(matches))
        raise UsageError(f"{given!r} fits more than one {noun} ({shown}); give more of the id")
    return next(iter(matches.values()))
