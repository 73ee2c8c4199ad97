"""How is a task told in one line? While it runs, and when it is over.

Used where there is no terminal, and for the last line everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from .words import duration, percent, printable, rate, size, size_of, time_left

if TYPE_CHECKING:
    from mcastdist.agent.api import TaskRecord

ALWAYS_SHOWN = ("multicast", "parity", "peer", "origin")
WHEN_THERE = ("cache", "relay")


def title(task: TaskRecord) -> str:
    """`stdlib 3.11`; the end of the URL until the manifest is known."""
    if task.name:
        return printable(f"{task.name} {task.version}".rstrip())
    return printable(task.url.rstrip("/").rpartition("/")[2] or task.url)


def phrase(task: TaskRecord) -> str:
    """What the task is doing, in a few words."""
    words: str = task.state
    if task.session_delay_s_left:
        words += f", stream starts in {time_left(task.session_delay_s_left)}"
    elif task.retry_s_left is not None:
        words += f", asks again in {time_left(task.retry_s_left)}"
    elif task.state == "receiving" and task.representative:
        words += f" from {task.representative}"
    if task.role == "representative" and task.receivers:
        words += f", {task.receivers} receiving"
    return printable(words)


def by_source(parts: Mapping[str, int], whole: int) -> str:
    """`multicast 120.0, parity 2.1, peer 0, origin 0`, in the unit of `whole`."""
    shown = [source for source in WHEN_THERE if parts.get(source)] + list(ALWAYS_SHOWN)
    return ", ".join(f"{source} {size_of(parts.get(source, 0), whole)}" for source in shown)


def progress_line(task: TaskRecord) -> str:
    """One line of a running task, for a log."""
    line = f"{title(task)}: {phrase(task)}"
    if task.payload_bytes:
        held, whole = size(task.held_bytes), size(task.payload_bytes)
        line += f", {percent(task.held_bytes, task.payload_bytes)} ({held} of {whole})"
    if task.rate_bps and not task.is_final:
        line += f", {rate(task.rate_bps)}"
    if task.seconds_left is not None and not task.is_final:
        line += f", {time_left(task.seconds_left)} left"
    if task.sentence and not task.is_final:
        line += f"; {printable(task.sentence)}"
    return line


def summary(task: TaskRecord) -> str:
    """The last line of a task, whatever became of it."""
    if task.state not in ("delivered", "cached"):
        return f"{task.state} {title(task)} after {duration(task.seconds)}"
    line = f"{task.state} {title(task)}: {size(task.payload_bytes)} in {duration(task.seconds)}"
    if all_from_cache(task):
        return f"{line} (all of it was here already; nothing went over the network)"
    line += f" ({by_source(task.bytes_by_source, task.payload_bytes)}) role={task.role}"
    return line + (f" representative={task.representative}" if task.representative else "")


def all_from_cache(task: TaskRecord) -> bool:
    """True if nothing had to be brought."""
    brought = sum(count for source, count in task.bytes_by_source.items() if source != "cache")
    return not brought and not task.wan_bytes
