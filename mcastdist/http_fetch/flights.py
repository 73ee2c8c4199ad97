"""Which blocks are missing, which of them are asked for, and of whom?

    missing = free + asked for; a block is asked for by one request at a time

Arithmetic only: whom to ask is `plan.py`'s question, who may be asked `sources.py`'s.
"""

from __future__ import annotations

from dataclasses import dataclass

from mcastdist.ranges import RangeSet
from mcastdist.timers import NEVER

from .sources import Health, Source


@dataclass(frozen=True, slots=True)
class Request:
    """Fetch blocks [first_block, first_block + block_count) from `source`.

    Tell each block to `Plan.block_arrived`, then the end to `Plan.finished` or `Plan.failed`.
    """

    id: int
    source: Source
    first_block: int
    block_count: int

    @property
    def stop_block(self) -> int:
        """The first block that is not asked for any more."""
        return self.first_block + self.block_count


@dataclass(frozen=True, slots=True)
class Cancel:
    """Stop request `id`: nothing it could bring is wanted. Nothing need be reported of it."""

    id: int


@dataclass(slots=True)
class Flight:
    """A request under way, and whose it is."""

    request: Request
    health: Health
    cancel_at: float = NEVER

    def covers(self, block: int) -> bool:
        """True if it was asked for this block."""
        return self.request.first_block <= block < self.request.stop_block

    def ends_with(self, block: int) -> bool:
        """True if this is the last block it was asked for."""
        return block == self.request.stop_block - 1


class Flights:
    """The book of what is missing and what is under way."""

    def __init__(self) -> None:
        self.missing = RangeSet()
        self.free = RangeSet()  # missing, and not asked of anybody
        self._by_id: dict[int, Flight] = {}
        self._next_id = 1

    # In

    def want(self, blocks: RangeSet) -> None:
        """These blocks are missing too."""
        for start, stop in blocks:
            self.missing.add(start, stop)
            self.free.add(start, stop)
        for flight in self._by_id.values():
            self.free.remove(flight.request.first_block, flight.request.stop_block)

    def unwant(self, start: int, stop: int) -> None:
        """These blocks are not missing any more."""
        self.missing.remove(start, stop)
        self.free.remove(start, stop)

    def launch(self, health: Health, first: int, stop: int) -> Request:
        """Ask this source for blocks [first, stop), which are free."""
        assert self.free.covers(first, stop)
        request = Request(self._next_id, health.source, first, stop - first)
        self._next_id += 1
        self._by_id[request.id] = Flight(request, health)
        self.free.remove(first, stop)
        health.in_flight += 1
        return request

    def land(self, id: int) -> Flight | None:
        """The request is over: what it did not bring is free again. None if it is not known."""
        flight = self._by_id.pop(id, None)
        if flight is None:
            return None
        flight.health.in_flight -= 1
        first, stop = flight.request.first_block, flight.request.stop_block
        self.free.add(first, stop)
        for start, end in self.missing.gaps(first, stop):
            self.free.remove(start, end)
        return flight

    # Out

    def all(self) -> list[Flight]:
        """The requests under way, oldest first."""
        return list(self._by_id.values())

    def of_peers(self) -> int:
        """How many requests are under way to peers."""
        return sum(one.health.source.kind == "peer" for one in self._by_id.values())

    def of_servers(self) -> int:
        """How many requests are under way to relays and origins."""
        return len(self._by_id) - self.of_peers()

    def with_block(self, block: int) -> Flight | None:
        """The request that was asked for this block."""
        return next((one for one in self._by_id.values() if one.covers(block)), None)

    def is_needed(self, flight: Flight) -> bool:
        """True if it may still bring a block that is missing."""
        first, stop = flight.request.first_block, flight.request.stop_block
        return next(self.missing.gaps(first, stop), None) != (first, stop)

    def __bool__(self) -> bool:
        return bool(self._by_id)
