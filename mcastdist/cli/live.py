"""What does a running task look like on a terminal? Three lines that stay in place.

     stdlib 3.11  receiving from 00000000000000ff
     ━━━━━━━━━━━━━━━━━━━━━━━━──────────────   50 %   64.0 of 128.0 MiB   95.4 MiB/s   1 s left
     ■ multicast 60.0  ■ parity 2.0  ■ peer 2.0  ■ origin 0 MiB

and a fourth with the reason, where the task waits or fell back.
"""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from .bar import COLOURS, SourceBar
from .summary import ALWAYS_SHOWN, WHEN_THERE, phrase, title
from .words import percent, printable, rate, size, size_of, time_left

if TYPE_CHECKING:
    from mcastdist.agent.api import TaskRecord

REFRESH_PER_S = 8  # smooth to the eye; the agent sends a few records a second
STATE_STYLES = {
    "delivered": "bold green",
    "cached": "bold green",
    "failed": "bold red",
    "cancelled": "bold red",
    "suspended": "bold yellow",
    "queued": "yellow",
    "waiting": "yellow",
    "seeking": "yellow",
}


class LiveProgress:
    """A view that is redrawn in place, and taken away at the end: the summary follows it."""

    def __init__(self, console: Console) -> None:
        self._live = Live(console=console, refresh_per_second=REFRESH_PER_S, transient=True)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._live.stop()

    def show(self, task: TaskRecord) -> None:
        """Take the next record."""
        self._live.update(task_view(task))


def task_view(task: TaskRecord) -> RenderableType:
    """One task as it stands."""
    lines: list[RenderableType] = [_head(task)]
    if task.payload_bytes:
        lines += [_bar(task), _sources(task)]
    if task.sentence:
        lines.append(Text(f" {printable(task.sentence)}", style="italic yellow"))
    return Group(*lines)


def _head(task: TaskRecord) -> Text:
    style = STATE_STYLES.get(task.state, "cyan")
    return Text.assemble(" ", (title(task), "bold"), "  ", (phrase(task), style))


def _bar(task: TaskRecord) -> Table:
    grid = Table.grid(padding=(0, 1), expand=True)
    grid.add_column()
    grid.add_column(ratio=1)
    figures = [
        percent(task.held_bytes, task.payload_bytes).rjust(5),
        f"{size_of(task.held_bytes, task.payload_bytes)} of {size(task.payload_bytes)}",
    ]
    if not task.is_final:
        figures.append(rate(task.rate_bps))
        if task.seconds_left is not None:
            figures.append(f"{time_left(task.seconds_left)} left")
    for _ in figures:
        grid.add_column(justify="right", no_wrap=True)
    grid.add_row("", SourceBar(task.bytes_by_source, task.payload_bytes), *figures)
    return grid


def _sources(task: TaskRecord) -> Text:
    line = Text()
    for source in (*WHEN_THERE, *ALWAYS_SHOWN):
        count = task.bytes_by_source.get(source, 0)
        if count or source in ALWAYS_SHOWN:
            line.append(" ■ ", COLOURS[source] if count else "bright_black")
            line.append(f"{source} {size_of(count, task.payload_bytes)} ")
    line.append(size(task.payload_bytes).rpartition(" ")[2], "bright_black")
    return line
