"""Which bytes of one payload are here, and which chunks are proven? Bookkeeping, no I/O, no lock.

A byte goes through three states, and only ever one writer has it:

    unknown ──claim──▶ claimed ──wrote──▶ written ──settle(good)──▶ in a verified chunk
       ▲                  │                  │
       └────give_back─────┘                  └──settle(bad), forget──▶ unknown

Bytes that are claimed or written are not taken a second time: what a chunk was hashed with cannot
be overwritten by a late duplicate while it is hashed, or after.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from mcastdist.ranges import RangeSet

from .table import PackageTable


@dataclass(frozen=True, slots=True)
class Claim:
    """The bytes one writer may write now. `epoch` tells claims from before a `reset`."""

    ranges: list[tuple[int, int]]
    epoch: int


@dataclass(frozen=True, slots=True)
class Absorbed:
    """What a write led to: chunks now verified, and chunks that hashed wrong and are gone again."""

    verified: list[int] = field(default_factory=list)
    bad: list[int] = field(default_factory=list)


class Ledger:
    """What one payload holds."""

    def __init__(self, table: PackageTable, verified: RangeSet) -> None:
        """`verified` are the chunks already proven."""
        self._table = table
        self._epoch = 0
        self._load(verified)

    def _load(self, verified: RangeSet) -> None:
        self.verified = verified.copy()
        self.held_bytes = 0
        self._written = RangeSet()
        self._proving: set[int] = set()
        for first, stop in verified:
            span = self._table.chunk_span(first)[0], self._table.chunk_span(stop - 1)[1]
            self._written.add(*span)
            self.held_bytes += span[1] - span[0]
        self._claimed = self._written.copy()

    # In

    def claim(self, start: int, stop: int) -> Claim:
        """Take what nobody has of `[start, stop)`."""
        ranges = list(self._claimed.gaps(start, stop))
        self._claimed.add(start, stop)
        return Claim(ranges, self._epoch)

    def give_back(self, claim: Claim) -> None:
        """The writer failed: others may write these bytes."""
        if claim.epoch == self._epoch:
            for start, stop in claim.ranges:
                self._claimed.remove(start, stop)

    def wrote(self, claim: Claim) -> list[int]:
        """The writer is done: these chunks are whole now, and its to prove, then `settle`."""
        if claim.epoch != self._epoch:
            return []
        for start, stop in claim.ranges:
            self._written.add(start, stop)
        touched = {
            chunk for start, stop in claim.ranges for chunk in self._table.chunks_over(start, stop)
        }
        whole = sorted(chunk for chunk in touched if self._is_to_prove(chunk))
        self._proving.update(whole)
        return whole

    def settle(self, chunk: int, claim: Claim, *, good: bool) -> bool:
        """The chunk that `claim` made whole has been hashed. False if a reset made it moot."""
        if claim.epoch != self._epoch:
            return False
        self._proving.discard(chunk)
        if good:
            start, stop = self._table.chunk_span(chunk)
            self.verified.add(chunk, chunk + 1)
            self.held_bytes += stop - start
        else:
            self._drop_bytes(chunk)
        return True

    def forget(self, chunk: int) -> None:
        """A verified chunk turned out to be damaged."""
        if chunk in self.verified:
            start, stop = self._table.chunk_span(chunk)
            self.verified.remove(chunk, chunk + 1)
            self.held_bytes -= stop - start
            self._drop_bytes(chunk)

    def reset(self, verified: RangeSet) -> None:
        """Go back to these chunks: nobody knows what became of the other bytes."""
        self._epoch += 1
        self._load(verified)

    # Out

    @property
    def is_complete(self) -> bool:
        """True if every chunk is verified."""
        return self.held_bytes == self._table.payload_bytes

    def covers(self, start: int, stop: int) -> bool:
        """True if all of `[start, stop)` lies in verified chunks."""
        chunks = self._table.chunks_over(start, stop)
        return self.verified.covers(chunks.start, chunks.stop)

    def has_bytes(self, start: int, stop: int) -> bool:
        """True if all of `[start, stop)` has been written, proven or not."""
        return self._written.covers(start, stop)

    def gaps(self, start: int, stop: int) -> list[tuple[int, int]]:
        """What of `[start, stop)` has not been written."""
        return list(self._written.gaps(start, stop))

    def _is_to_prove(self, chunk: int) -> bool:
        return (
            chunk not in self.verified
            and chunk not in self._proving
            and self._written.covers(*self._table.chunk_span(chunk))
        )

    def _drop_bytes(self, chunk: int) -> None:
        span = self._table.chunk_span(chunk)
        self._written.remove(*span)
        self._claimed.remove(*span)
