"""A node that notes what it is told, does as it is told, and breaks when asked to."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from mcastdist.timers import NEVER


@dataclass
class FakeNode:
    calls: list[tuple[Any, ...]] = field(default_factory=list)
    commands: list[Any] = field(default_factory=list)
    wakes_at: float = NEVER
    breaks_at: str = ""
    tasks: dict[str, Any] = field(default_factory=dict)
    uploads_busy: bool = False

    def note(self, name: str, *arguments: Any) -> None:
        self.calls.append((name, *arguments))
        if name == self.breaks_at:
            raise ZeroDivisionError(name)

    def named(self, name: str) -> list[tuple[Any, ...]]:
        return [call[1:] for call in self.calls if call[0] == name]

    # As `Node`

    def start(self, spec: Any, *, package: Any, config: Any, now: float) -> None:
        self.note("start", spec.id, package)

    def stop(self, task: str, reason: str, *, now: float) -> None:
        self.note("stop", task, reason)

    def hold(self, locator: Any, package: Any) -> None:
        self.note("hold", locator, package)

    def drop(self, content: Any) -> None:
        self.note("drop", content)

    def receive(self, message: Any, sender: int, address: Any, *, now: float) -> None:
        self.note("receive", message, sender, address)

    def package_known(self, task: str, package: Any, *, now: float) -> None:
        self.note("package_known", task, package)

    def blocks_held(self, task: str, held: Any, sound: Any, *, now: float) -> None:
        self.note("blocks_held", task, held, sound)

    def blocks_lost(self, task: str, blocks: Any, *, now: float) -> None:
        self.note("blocks_lost", task, blocks)

    def request_finished(self, task: str, request: int, *, now: float) -> None:
        self.note("request_finished", task, request)

    def request_failed(
        self, task: str, request: int, code: str, sentence: str, *, now: float, **how: Any
    ) -> None:
        self.note("request_failed", task, request, code, how)

    def refuse(self, task: str, node: int, *, now: float) -> None:
        self.note("refuse", task, node)

    def wake(self, *, now: float) -> None:
        self.note("wake")

    def wake_at(self) -> float:
        return self.wakes_at

    def due(self, now: float) -> list[str]:
        return [name for name, task in self.tasks.items() if task.wake_at() <= now]

    def drain(self) -> list[Any]:
        commands, self.commands = self.commands, []
        return commands

    def task(self, task: str) -> Any:
        return self.tasks.get(task)


def fake_task(*, wakes_at: float = NEVER, leader: int | None = None) -> Any:
    """A task, which follows `leader` if there is one."""
    drops: list[int] = []
    reception = SimpleNamespace(
        leader=leader, address=("10.0.0.9", 7447), kernel_drops=drops.append, drops=drops
    )
    return SimpleNamespace(
        wake_at=lambda: wakes_at,
        reception=None if leader is None else reception,
        representation=None,
        is_complete=False,
        retry_at=NEVER,
    )
