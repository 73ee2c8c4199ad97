"""With which status does a command end? Sorted, like the errors, by what a script will do next."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

from mcastdist.errors import (
    ContentError,
    McastdistError,
    PeerError,
    StorageError,
    UnavailableError,
    UsageError,
)


class Exit(IntEnum):
    """The exit statuses; docs/cli.md is made from `MEANINGS`."""

    DONE = 0
    UNEXPECTED = 1
    USAGE = 2
    UNAVAILABLE = 3
    CONTENT = 4
    STORAGE = 5
    WARNING = 6
    TROUBLE = 7
    INTERRUPTED = 130  # 128 + SIGINT, as shells have it


MEANINGS: dict[Exit, str] = {
    Exit.DONE: "done",
    Exit.UNEXPECTED: "something unexpected: a bug; `--debug` shows where",
    Exit.USAGE: "the command line or the settings are wrong",
    Exit.UNAVAILABLE: "nothing can supply it now, or no agent answers; later may do",
    Exit.CONTENT: "content or signature refused, or damage found in the cache",
    Exit.STORAGE: "no space, or not permitted",
    Exit.WARNING: "`doctor` found something to warn of",
    Exit.TROUBLE: "`doctor` found an error",
    Exit.INTERRUPTED: "interrupted",
}

_BY_ERROR: tuple[tuple[type[McastdistError], Exit], ...] = (
    (UsageError, Exit.USAGE),
    (UnavailableError, Exit.UNAVAILABLE),
    (PeerError, Exit.UNAVAILABLE),
    (ContentError, Exit.CONTENT),
    (StorageError, Exit.STORAGE),
)

_BY_FAILURE = {
    "usage": Exit.USAGE,
    "unavailable": Exit.UNAVAILABLE,
    "content": Exit.CONTENT,
    "storage": Exit.STORAGE,
    "interrupted": Exit.INTERRUPTED,
}


def status_of_error(error: BaseException) -> Exit:
    """The status that an escaped error means."""
    for cls, status in _BY_ERROR:
        if isinstance(error, cls):
            return status
    return Exit.UNEXPECTED


def status_of_findings(severities: Iterable[str]) -> Exit:
    """The status that the worst of an examination's findings means."""
    found = set(severities)
    if "error" in found:
        return Exit.TROUBLE
    return Exit.WARNING if "warning" in found else Exit.DONE


def status_of_task(state: str, failure: str | None) -> Exit:
    """The status that a task's final state means (`TaskRecord.state` and `.failure`)."""
    if state in ("delivered", "cached"):
        return Exit.DONE
    if state == "cancelled":
        return Exit.INTERRUPTED
    return _BY_FAILURE.get(failure or "", Exit.UNEXPECTED)
