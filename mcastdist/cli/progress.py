"""What is shown while a task runs? A live view on a terminal, plain lines elsewhere, or nothing.

All three take records by `show` and are context managers; all write to stderr, so that stdout holds
the result alone.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self, TextIO

import click

from .summary import progress_line

if TYPE_CHECKING:
    from mcastdist.agent.api import TaskRecord

PLAIN_S = 5.0  # a line this often: a log that can be read, and a job that is seen to live


class Progress(Protocol):
    """Somewhere to show how a task goes."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...
    def show(self, task: TaskRecord) -> None:
        """Take the next record."""
        ...


def choose_progress(*, as_json: bool, stream: TextIO | None = None) -> Progress:
    """The right one for `stream` (stderr): live on a terminal; with `--json` otherwise nothing."""
    stream = stream or sys.stderr
    if stream.isatty():
        from rich.console import Console

        console = Console(file=stream, highlight=False, markup=False, emoji=False)
        if not console.is_dumb_terminal:
            from .live import LiveProgress

            return LiveProgress(console)
    return SilentProgress() if as_json else PlainProgress(stream)


class SilentProgress:
    """Shows nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        pass

    def show(self, task: TaskRecord) -> None:
        """Take the next record."""


class PlainProgress(SilentProgress):
    """A line for every change of state, and every `PLAIN_S` seconds."""

    def __init__(self, stream: TextIO, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._state: tuple[str, str] | None = None
        self._said = 0.0

    def show(self, task: TaskRecord) -> None:
        """Take the next record. The final state is the summary's to tell."""
        now = self._clock()
        state = (task.state, task.reason)
        if task.is_final or (state == self._state and now < self._said + PLAIN_S):
            return
        self._state, self._said = state, now
        click.echo(progress_line(task), file=self._stream)
