"""How does a block open that came in symbols, and what if it does not?

A receive thread writes symbols into a `Slot`; once there are enough, an `Assembly` of it goes to a
worker thread, which decodes what is missing and opens the seal. Until the assembly is done with,
the receive thread leaves the slot's source symbols alone; parity that comes meanwhile is put aside.

Tags are looked at only where it matters: of parity before it enters the decoder, since one flipped
bit there spoils many symbols, and of the others when the block does not open.

    enough symbols --open--> plain bytes
                        |--> NotEnough   parity that does not solve it: wait for more
                        '--> Spoilt      forged symbols: the receiver throws them out
"""

from __future__ import annotations

import numpy as np

from mcastdist.errors import PeerError, UnavailableError
from mcastdist.wire import BadSeal, BlockSeal, Geometry

from .coding import Parity
from .slot import LOCAL, Slot

Forged = list[tuple[int, int]]  # (symbol, sender: the low 32 bits of its node id, or LOCAL)


class Spoilt(PeerError):
    """The block does not open; without the symbols of `forged` it will, once they are replaced.

    `liar`: a sender whose symbols all have the right tags, so it has the cluster key and lies.
    """

    def __init__(self, block: int, forged: Forged, liar: int | None = None) -> None:
        names = ", ".join(sorted({f"{sender:08x}" for _, sender in forged if sender != LOCAL}))
        super().__init__(
            f"block {block} has {len(forged)} wrong symbols, in the name of {names or 'nobody'}:"
            " they are thrown out and asked for again"
        )
        self.forged = forged
        self.liar = liar


class NotEnough(UnavailableError):
    """The parity that is here does not give the block back; `more` symbols at least would."""

    def __init__(self, block: int, more: int) -> None:
        super().__init__(f"block {block} needs {more} more symbols: wait for them, or ask again")
        self.more = more


class Assembly:
    """A block with symbols enough, in the hands of one worker thread.

    `senders`: who sent it, as the low 32 bits of node ids.
    """

    def __init__(self, slot: Slot, geometry: Geometry) -> None:
        self.block = slot.block
        self._slot = slot
        self._sealed_bytes = geometry.sealed_bytes(slot.block)
        self._plain_bytes = geometry.plain_bytes(slot.block)
        self._symbol_bytes = geometry.symbol_bytes
        self._parity = list(slot.parity.values()) if slot.received < slot.symbols else []
        self._source, self.senders = _sources(slot)
        self.senders |= {one.sender for one in self._parity}
        self._decoded = slot.symbols - slot.received
        self._count = slot.received + len(self._parity)

    @property
    def source_bytes(self) -> int:
        """Of the block, what came as source symbols from the group."""
        return min(self._source * self._symbol_bytes, self._plain_bytes)

    @property
    def parity_bytes(self) -> int:
        """Of the block, what parity gives back."""
        return min(self._decoded * self._symbol_bytes, self._plain_bytes - self.source_bytes)

    def open(self, seal: BlockSeal, parity: Parity) -> bytes:
        """The block's payload bytes. Raises Spoilt or NotEnough."""
        slot = self._slot
        if self._decoded:
            self._check_parity(seal)
            self._decode(parity)
        try:
            return seal.open(self.block, slot.rows.reshape(-1)[: self._sealed_bytes])
        except BadSeal:
            raise self._spoilt(seal) from None

    def release(self) -> None:
        """The memory is free for another block, unless it serves one already."""
        if self._slot.lent_to is self:
            self._slot.lent_to = None

    def _check_parity(self, seal: BlockSeal) -> None:
        unknown = [one for one in self._parity if not one.is_genuine]
        if not unknown:
            return
        payloads = np.stack([one.payload for one in unknown])
        tags = seal.symbol_tags(self.block, payloads, [one.symbol for one in unknown])
        forged: Forged = []
        for one, tag in zip(unknown, tags, strict=True):
            one.is_genuine = one.tag == tag.tobytes()
            if not one.is_genuine:
                forged.append((one.symbol, one.sender))
        if forged:
            raise Spoilt(self.block, forged)

    def _decode(self, parity: Parity) -> None:
        slot = self._slot
        ids = [one.symbol for one in self._parity]
        payloads = np.stack([one.payload for one in self._parity])
        more = parity.decode(slot.rows, slot.have.copy(), self.block, ids, payloads)
        if more:
            # In this order: the receive thread reads `required` once the slot is lent no more.
            slot.required = self._count + more
            self.release()
            raise NotEnough(self.block, more)

    def _spoilt(self, seal: BlockSeal) -> Spoilt:
        """Whose symbols are wrong: those with a wrong tag, else our own, else all of them."""
        slot = self._slot
        here = np.flatnonzero(slot.have)
        genuine = seal.symbol_tags(self.block, slot.rows[here], here.tolist())
        local = slot.senders[here] == LOCAL
        wrong = (genuine != slot.tags[here]).any(axis=1) & ~local
        if not wrong.any():
            wrong = local
        if wrong.any():
            return Spoilt(self.block, self._named(here[wrong]))
        slot.liar = next(iter(self.senders)) if len(self.senders) == 1 else None
        forged = self._named(here) + [(one.symbol, one.sender) for one in self._parity]
        return Spoilt(self.block, forged, slot.liar)

    def _named(self, symbols: np.ndarray[tuple[int], np.dtype[np.intp]]) -> Forged:
        senders = self._slot.senders[symbols]
        return [(int(symbol), int(sender)) for symbol, sender in zip(symbols, senders, strict=True)]


def _sources(slot: Slot) -> tuple[int, set[int]]:
    """How many source symbols came from the group, and who sent them: nearly always one alone."""
    senders = slot.senders[slot.have]
    if not len(senders):
        return 0, set()
    least = int(senders.min())
    if least != LOCAL and least == int(senders.max()):
        return len(senders), {least}
    return int(np.count_nonzero(senders != LOCAL)), set(senders.tolist()) - {LOCAL}
