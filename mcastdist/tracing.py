"""What did we decide, and when? One structured event per decision, also the decision not to act.

Machines trace, the agent logs. The same lines come from a simulation and from a real segment.
Names are `room.event`, fields are plain values (bytes are shown as short hex).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol


class Tracer(Protocol):
    """Where a machine sends its decisions."""

    def __call__(self, name: str, /, *, at: float, **fields: object) -> None: ...


def silent(name: str, /, *, at: float, **fields: object) -> None:
    """The tracer of those whom nobody listens to."""


@dataclass(frozen=True, slots=True)
class Event:
    """One decision: what, when (seconds on the tracing machine's clock), which."""

    name: str
    at: float
    fields: dict[str, object] = field(default_factory=dict)

    def line(self) -> str:
        """The event as one line of a transcript."""
        shown = " ".join(f"{key}={plain(value)}" for key, value in self.fields.items())
        return f"{self.at:9.3f}  {self.name}  {shown}".rstrip()


class EventLog:
    """A tracer that keeps what it is told."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def __call__(self, name: str, /, *, at: float, **fields: object) -> None:
        self.events.append(Event(name, at, fields))

    def named(self, *names: str) -> Iterable[Event]:
        """The events of these names, in order."""
        return (event for event in self.events if event.name in names)


def plain(value: object) -> object:
    """`value` as JSON and people can take it."""
    if isinstance(value, bytes):
        return value.hex()[:12]
    if isinstance(value, float):
        return round(value, 6)
    if value is None or isinstance(value, str | int):
        return value
    return str(value)
