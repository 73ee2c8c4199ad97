"""Which blocks are being put together, and in whose memory? A bounded number of slots.

When all are taken, a new block takes the place of the one that is furthest from complete; what had
come of that one is lost, and is asked for again.
"""

from __future__ import annotations

from mcastdist.tracing import Tracer
from mcastdist.wire import Geometry

from .slot import Slot


class Pool:
    """At most `slots_max` blocks under assembly, those that are being opened included."""

    def __init__(self, geometry: Geometry, slots_max: int, trace: Tracer) -> None:
        self._geometry = geometry
        self._slots_max = slots_max
        self._trace = trace
        self._slots: list[Slot] = []
        self._by_block: dict[int, Slot] = {}
        self.evicted = 0  # blocks that had to make room

    def get(self, block: int) -> Slot | None:
        """The slot in which this block comes together."""
        return self._by_block.get(block)

    def begin(self, block: int, now: float) -> Slot | None:
        """A slot for a block that has none; None if all of them are being opened."""
        slot = self._free() or self._evict(block, now)
        if slot is not None:
            slot.begin(block, self._geometry.symbols(block), now)
            self._by_block[block] = slot
        return slot

    def wanted(self, below: int) -> list[Slot]:
        """The slots of the blocks below this one that are not held yet, rising."""
        return [slot for block, slot in sorted(self._by_block.items()) if block < below]

    def drop(self, block: int) -> None:
        """This block is wanted no more. Its memory is free once nobody opens it any more."""
        slot = self._by_block.pop(block, None)
        if slot is not None:
            slot.is_wanted = False

    def opening(self, block: int) -> Slot | None:
        """The slot of a block that is being opened, wanted or not."""
        slots = (slot for slot in self._slots if slot.lent and slot.block == block)
        return next(slots, None)

    def __len__(self) -> int:
        return len(self._by_block)

    def _free(self) -> Slot | None:
        for slot in self._slots:
            if not slot.is_wanted and not slot.lent:
                return slot
        if len(self._slots) >= self._slots_max:
            return None
        slot = Slot(self._geometry.symbols(0), self._geometry.symbol_bytes)
        self._slots.append(slot)
        return slot

    def _evict(self, by: int, now: float) -> Slot | None:
        candidates = [slot for slot in self._slots if not slot.lent and not slot.queued]
        if not candidates:
            return None
        victim = min(candidates, key=lambda slot: (-slot.missing, slot.touched_at))
        self._trace(
            "session.block_evicted", at=now, block=victim.block, missing=victim.missing, by=by
        )
        self.drop(victim.block)
        self.evicted += 1
        return victim
