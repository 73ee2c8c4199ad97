"""What do those whom we represent hold, that we lack?

What lies on the segment is not downloaded again (PROTOCOL.md, section 5). Mostly the one who holds
the most is elected, and the others hold no more; but one that was restarted comes back with its
disk, and where links lose, each lacks something else. A receiver's report says what it lacks, and
so what it holds. A representative takes that from it like from any other peer; one that succeeds
another hears the first reports before it asks the origin.
"""

from __future__ import annotations

from dataclasses import dataclass

from mcastdist.http_fetch import Source
from mcastdist.ids import NodeId
from mcastdist.ranges import RangeSet
from mcastdist.timers import NEVER
from mcastdist.wire import ReceiverState, Report

from .commands import Address, Package
from .sources import NEIGHBOURS_MAX, OFFER_ORDER, peer_address

HEAR_S = 0.3  # in a small group all have reported by then; in a large one enough
TRUST_S = 5.0  # who says that it holds something, and gives nothing, is believed for so long


@dataclass(slots=True)
class _Claim:
    """What one receiver has and we lacked when it said so."""

    address: str
    blocks: RangeSet
    until: float


class Inheritance:
    """The book of what our receivers hold. Does no I/O."""

    def __init__(self) -> None:
        self._reports: dict[NodeId, tuple[Address, Report]] = {}  # not looked at yet
        self._claims: dict[NodeId, _Claim] = {}
        self._doubted: set[NodeId] = set()  # gave nothing in TRUST_S
        self._hears_until = -NEVER

    # In

    def begin(self, *, succeeds: bool, now: float) -> None:
        """We represent from now on; `succeeds`: another did before us."""
        self._reports.clear()
        self._claims.clear()
        self._doubted.clear()
        self._hears_until = now + HEAR_S if succeeds else -NEVER

    def reported(self, sender: NodeId, address: Address, report: Report) -> None:
        """A receiver told where it stands."""
        if len(self._reports) < NEIGHBOURS_MAX:
            self._reports[sender] = address, report

    def supplied(self, blocks: RangeSet, now: float) -> None:
        """These blocks have come; who claims to hold them seems to be right."""
        for claim in self._claims.values():
            before = claim.blocks.count
            for start, stop in blocks:
                claim.blocks.remove(start, stop)
            if claim.blocks.count < before:
                claim.until = now + TRUST_S

    def look(self, package: Package, now: float) -> None:
        """Take in what was reported."""
        for node, (address, report) in self._reports.items():
            self._claim(node, address, report, package, now)
        self._reports.clear()
        self._claims = {node: claim for node, claim in self._claims.items() if claim.blocks}

    def wake(self, now: float) -> None:
        """The moment of `wake_at` has come: strike out who gives nothing."""
        if now >= self._hears_until:
            self._hears_until = -NEVER
        self._doubted |= {node for node, claim in self._claims.items() if now >= claim.until}
        for node in self._doubted:
            self._claims.pop(node, None)

    def stop(self) -> None:
        """Nothing is lacked any more, or nothing is to be asked for."""
        self.begin(succeeds=False, now=0.0)

    # Out

    def hears_first(self, now: float) -> bool:
        """True while the first reports are waited for."""
        return now < self._hears_until

    def sources(self) -> list[Source]:
        """Whom to ask, and for what alone."""
        return [
            Source("peer", claim.address, OFFER_ORDER, holds=tuple(claim.blocks))
            for claim in self._claims.values()
        ]

    def wake_at(self) -> float:
        """When an answer given here changes by itself; NEVER if none does."""
        waits = self._hears_until if self._hears_until > 0 else NEVER
        return min([waits, *(claim.until for claim in self._claims.values())])

    # Within

    def _claim(
        self, node: NodeId, address: Address, report: Report, package: Package, now: float
    ) -> None:
        blocks = _held(report, package.block_count)
        for start, stop in package.held:
            blocks.remove(start, stop)
        if not blocks or node in self._doubted:
            self._claims.pop(node, None)
        elif node in self._claims:
            self._claims[node].blocks = blocks
        elif len(self._claims) < NEIGHBOURS_MAX:
            where = peer_address(address[0], report.http_port)
            self._claims[node] = _Claim(where, blocks, now + TRUST_S)


def _held(report: Report, block_count: int) -> RangeSet:
    """What a receiver holds, if its report says that exactly: blocks of which it has a part are
    left out of `missing` too."""
    held = RangeSet([(0, block_count)])
    for first, count in report.missing:
        held.remove(first, first + count)
    is_exact = held.count == report.held_blocks
    gone = report.state is ReceiverState.LEFT or not report.http_port
    return held if is_exact and not gone else RangeSet()
