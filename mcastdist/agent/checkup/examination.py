"""What was asked of the subnet, and what came back? One examination's book (PROTOCOL.md, 11).

Probes go out by number, so that an echo tells which of them was heard there: to the group, aside
and alone, small and full. The way an echo itself came by tells what is heard here. Whoever reads
the clock and sends is `asking`; what the book means is judged by `reach` and `clocks`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from mcastdist.ids import NodeId
from mcastdist.node import Address
from mcastdist.wire import Echo, Probe, Way

NUMBER_MAX = 0xFFFF
KNOWN_MAX = 4_096  # bounds what a member can make us keep who answers in invented names
NEIGHBOURS_MAX = 64  # examined one by one; a subnet's faults show on far fewer


class Trial(NamedTuple):
    """One way and size in which a datagram may arrive."""

    way: Way
    full: bool


ALL_TRIALS = frozenset(Trial(way, full) for way in Way for full in (False, True))


class Sent(NamedTuple):
    """One probe: how it was sent and when, in seconds by our clock since 1970."""

    trial: Trial
    at: float
    to: Address | None  # None: to all
    is_single: bool  # answered by one echo, so that what is lost can be counted


@dataclass(slots=True)
class Neighbour:
    """One machine that answers, and by which ways we reach one another."""

    node: NodeId
    address: Address
    host: str
    version: str
    http_port: int
    datagram_bytes_max: int
    heard_there: set[Trial] = field(default_factory=set)
    heard_here: set[Trial] = field(default_factory=set)
    answered: set[int] = field(default_factory=set)  # the numbers of our probes
    offset_s: float = 0.0  # its clock less ours, by the quickest exchange
    delay_s: float = float("inf")  # of that exchange, there and back


class Examination:
    """The book of one examination."""

    def __init__(self, token: int) -> None:
        self.token = token
        self.neighbours: dict[NodeId, Neighbour] = {}
        self._sent: dict[int, Sent] = {}

    # In

    def probe(
        self, trial: Trial, *, at: float, back: bool = False, to: Address | None = None
    ) -> Probe:
        """The next probe, which is sent as `trial` says; `to` None: to all."""
        number = (len(self._sent) + 1) & NUMBER_MAX
        self._sent[number] = Sent(trial, at, to, not back)
        return Probe(self.token, number, back)

    def receive(self, echo: Echo, node: NodeId, address: Address, *, at: float) -> None:
        """An echo; one that is not for this examination is passed over."""
        sent = self._sent.get(echo.number)
        if echo.token != self.token or sent is None:
            return
        neighbour = self.neighbours.get(node)
        if neighbour is None:
            if len(self.neighbours) >= KNOWN_MAX:
                return
            neighbour = self.neighbours[node] = Neighbour(
                node, address, echo.host, echo.version, echo.http_port, echo.datagram_bytes_max
            )
        neighbour.answered.add(echo.number)
        neighbour.heard_there.add(sent.trial)
        neighbour.heard_here.add(Trial(echo.way, echo.full))
        _compare_clocks(neighbour, echo, sent_at=sent.at, at=at)

    # Out

    @property
    def examined(self) -> list[Neighbour]:
        """Those that are examined one by one."""
        return list(self.neighbours.values())[:NEIGHBOURS_MAX]

    def unclear(self, possible: frozenset[Trial]) -> list[Neighbour]:
        """Those with whom something of what is possible has not been seen to work yet."""
        return [
            one
            for one in self.examined
            if not (possible <= one.heard_there and possible <= one.heard_here)
        ]

    def loss(self, one: Neighbour) -> float:
        """Which share of our probes to it came to nothing, of ways by which others arrived."""
        asked = [
            number
            for number, sent in self._sent.items()
            if sent.is_single and sent.trial in one.heard_there and sent.to in (None, one.address)
        ]
        return sum(number not in one.answered for number in asked) / len(asked) if asked else 0.0


def _compare_clocks(neighbour: Neighbour, echo: Echo, *, sent_at: float, at: float) -> None:
    """As NTP does it: the quicker the exchange, the less the guess can be wrong."""
    received_at, answered_at = echo.received_us / 1e6, echo.sent_us / 1e6
    delay_s = (at - sent_at) - (answered_at - received_at)
    if delay_s < neighbour.delay_s:
        neighbour.delay_s = delay_s
        neighbour.offset_s = ((received_at - sent_at) + (answered_at - at)) / 2
