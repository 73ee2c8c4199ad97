"""A machine with the cluster key that does as it likes, on a segment made of memory.

It has no `Node`: it says what the test says, in any name, as often as the test wants, and serves
nothing by HTTP.
"""

from __future__ import annotations

from collections.abc import Callable

from segment import Segment
from segment_machine import Content, Machine

from mcastdist.ids import NodeId
from mcastdist.wire import Announce, Message, Phase, Standing

INSIDER = NodeId(0xBAD)
ADDRESS = ("10.0.66.6", 7447)
STRONGEST = Standing(generation=0xFFFF, weight=255, held=255, wired=1, mains=1, tie=0xFFFF_FFFF)


class Insider:
    """Speaks to all machines of a segment, unheard by none."""

    def __init__(self, segment: Segment) -> None:
        self._segment = segment
        self.said = 0

    def say(self, message: Message, *, name: NodeId = INSIDER) -> None:
        """To everybody, at once."""
        self.said += 1
        for machine in list(self._segment.machines.values()):
            self._segment._for(machine, lambda m=machine: self._tell(m, message, name))

    def keep_saying(
        self, make: Callable[[int], tuple[Message, NodeId]], *, every_s: float, since_s: float = 0.0
    ) -> None:
        """For ever; `make` is given how often it was said before."""

        def again() -> None:
            message, name = make(self.said)
            self.say(message, name=name)
            self._segment.at(self._segment.now + every_s, again)

        self._segment.at(since_s, again)

    def _tell(self, machine: Machine, message: Message, name: NodeId) -> None:
        machine.node.receive(message, name, ADDRESS, now=self._segment.now)


def announcement(of: Content, phase: Phase, /, **changes: object) -> Announce:
    """A session of this content that no machine could refuse for its form."""
    fields: dict[str, object] = {
        "locator": of.locator,
        "session": 0xBAD,
        "standing": STRONGEST,
        "http_port": 9,
        "phase": phase,
        "delay_ms": 0,
        "content": bytes(of.id),
        "payload_bytes": len(of.payload),
        "block_bytes": 4_096,
        "symbol_bytes": 256,
        "position": 0,
        "round": 0,
        "receivers": 3,
        "rate_bps": 4_000_000,
        "queue": 0,
    }
    return Announce(**(fields | changes))  # type: ignore[arg-type]  # as the test says
