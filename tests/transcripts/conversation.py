"""What do machines say to one another, and why? A simulated segment that writes all of it down."""

from __future__ import annotations

from segment import Segment
from segment_machine import Machine

from mcastdist.node import Send
from mcastdist.tracing import plain
from mcastdist.wire import Announce, Claim, Handover, Message, Need, Phase, ReceiverState, Report

LEFT_OUT = {"node.task", "session.rate"}  # once each, and of no interest here
UNTOLD = {"session", "node", "locator", "source"}  # one session at a time, one locator


class Conversation(Segment):
    """A segment whose datagrams of control and decisions are lines of text."""

    def __init__(self, *, nodes: int, seed: int, **config: object) -> None:
        super().__init__(nodes=nodes, seed=seed, **config)  # type: ignore[arg-type]
        self._lines: list[str] = []
        self._told = 0

    def note(self, what: str) -> None:
        """Something that a test does."""
        self._tell()
        self._lines.append(f"{what}\n{'-' * len(what)}")

    def text(self) -> str:
        """All of it."""
        self._tell()
        return "\n".join(self._lines) + "\n"

    def _send(self, machine: Machine, command: Send) -> None:
        self._tell()
        to = "all, aside," if command.aside else "all"
        if command.to is not None:
            to = self._number_of(command.to)
        self._line(machine.id, f"says to {to}", f"{_shown(command.message)}")
        super()._send(machine, command)

    def _tell(self) -> None:
        for event in self.events[self._told :]:
            if event.name not in LEFT_OUT:
                fields = {k: plain(v) for k, v in event.fields.items() if k not in UNTOLD}
                shown = " ".join(f"{key}={value}" for key, value in fields.items())
                self._line(event.fields["node"], event.name, shown, at=event.at)
        self._told = len(self.events)

    def _line(self, node: object, what: str, more: str, *, at: float | None = None) -> None:
        at = self.now if at is None else at
        self._lines.append(f"{at:8.3f}  node {node}  {what}  {more}".rstrip())

    def _number_of(self, address: tuple[str, int]) -> str:
        return next(str(one.id) for one in self.machines.values() if one.address == address)


def _shown(message: Message) -> str:
    """A message's kind, and those of its fields that tell the story."""
    told: dict[str, object] = {}
    if isinstance(message, Announce):
        told = {
            "phase": Phase(message.phase).name, "generation": message.standing.generation,
            "position": message.position, "round": message.round, "receivers": message.receivers,
        }  # fmt: skip
    elif isinstance(message, Report):
        missing = ",".join(f"{first}+{count}" for first, count in message.missing) or "none"
        told = {
            "state": ReceiverState(message.state).name, "held": message.held_blocks,
            "missing": missing, "reason": message.reason or "none",
        }  # fmt: skip
    elif isinstance(message, Claim):
        told = {"generation": message.standing.generation, "held": message.standing.held}
    elif isinstance(message, Need):
        told = {"entries": ",".join(f"{block}:{count}" for block, count in message.entries)}
    elif isinstance(message, Handover):
        told = {"heir": message.heir}
    fields = " ".join(f"{key}={value}" for key, value in told.items())
    return f"{type(message).__name__} {fields}".rstrip()
