"""How does the node get its turns? Let it do something, carry out what it wants, arm the timer.

What we believed impossible goes into the log with its traceback and ends the tasks it happened to,
as failed for an internal reason; it never ends the loop, and the timer is armed in any case.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable

from mcastdist.node import Command, Node
from mcastdist.timers import NEVER

from . import logs
from .hands import task_of

BROKEN_WAIT_S = 1.0  # after a bug in waking: a node that is always due must not spin

log = logs.get("agent")


class Turns:
    """The turns of one node, on the running loop."""

    def __init__(
        self,
        node: Node,
        *,
        carry_out: Callable[[Command], None],
        before_wake: Callable[[], None],
        on_broken: Callable[[str, Exception], None],
    ) -> None:
        """`on_broken` is told which tasks broke."""
        self._node = node
        self._carry_out = carry_out
        self._before_wake = before_wake
        self._on_broken = on_broken
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._calm_until = 0.0
        self._is_closed = False

    def take(self, tasks: Iterable[str], do: Callable[[], None]) -> None:
        """`do` something with the node, which concerns these tasks; then what it wants."""
        try:
            do()
        except Exception as error:
            self.blame(tasks, error)
        self.settle()

    def settle(self) -> None:
        """Carry out what the node wants, and come back when it wants to."""
        try:
            while commands := self._node.drain():
                for command in commands:
                    self._carry_out_one(command)
        finally:
            self._arm()

    def blame(self, tasks: Iterable[str | None], error: Exception) -> None:
        """A bug: into the log with it, and an end to the tasks it happened to."""
        blamed = [task for task in tasks if task is not None]
        log.error("something unexpected happened", error, tasks=", ".join(blamed) or "none")
        for task in blamed:
            try:
                self._node.stop(task, "internal", now=time.monotonic())
            except Exception as worse:
                log.error("the task could not be stopped either", worse, task=task)
            self._on_broken(task, error)

    def call_from_thread(self, do: Callable[..., None], *arguments: object) -> None:
        """Do this on the loop, soon; nothing once the loop has ended."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(do, *arguments)

    def close(self) -> None:
        """Do not wake the node any more."""
        self._is_closed = True
        self._arm()

    # Within

    def _carry_out_one(self, command: Command) -> None:
        try:
            self._carry_out(command)
        except Exception as error:
            self.blame([task_of(command)], error)

    def _arm(self) -> None:
        """A timer that is due stays: armed anew it would stand behind what comes in, and where
        something always comes in, the node would never be woken."""
        if self._timer is not None:
            if self._timer.when() <= self._loop.time() and not self._is_closed:
                return
            self._timer.cancel()
            self._timer = None
        wake_at = max(self._node.wake_at(), self._calm_until)
        if wake_at != NEVER and not self._is_closed:
            self._timer = self._loop.call_later(max(0.0, wake_at - time.monotonic()), self._wake)

    def _wake(self) -> None:
        self._timer = None
        now = time.monotonic()
        due = self._node.due(now)
        try:
            self._before_wake()
            self._node.wake(now=now)
        except Exception as error:
            self._calm_until = now + BROKEN_WAIT_S
            self.blame(due, error)
        self.settle()
