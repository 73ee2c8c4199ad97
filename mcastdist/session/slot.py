"""Where do the symbols of one block lie until it is opened? In memory that is used again.

Fresh pages cost more time than the copy into them, so a slot is made once and serves one block
after the other.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from mcastdist.wire import SYMBOL_TAG_BYTES, Mask, Octets

from .datagrams import Stretch

LOCAL = -1  # the "sender" of symbols made from bytes that were here already
PARITY_SURPLUS = 32  # parity kept beyond what a block misses, in case it does not solve it


@dataclass(slots=True, eq=False)
class ParitySymbol:
    """A parity symbol as it came."""

    symbol: int
    sender: int
    tag: bytes
    payload: Octets
    is_genuine: bool = False  # its tag has been looked at


class Slot:
    """One block's symbols. `lent`: an assembly works on it, and source symbols are left alone."""

    def __init__(self, symbols_max: int, symbol_bytes: int) -> None:
        self._rows = np.empty((symbols_max, symbol_bytes), np.uint8)
        self._have = np.zeros(symbols_max, np.bool_)
        self._tags = np.empty((symbols_max, SYMBOL_TAG_BYTES), np.uint8)
        self._senders = np.empty(symbols_max, np.int64)
        self.lent_to: object | None = None  # the assembly that opens it
        self.begin(0, 0, 0.0)
        self.is_wanted = False

    def begin(self, block: int, symbols: int, now: float) -> None:
        """From now on this is for another block, of so many source symbols."""
        self.block = block
        self.symbols = symbols
        self.rows, self.have = self._rows[:symbols], self._have[:symbols]
        self.tags, self.senders = self._tags[:symbols], self._senders[:symbols]
        self.have[:] = False
        self.parity: dict[int, ParitySymbol] = {}
        self.received = 0  # source symbols
        self.required = symbols  # of source and parity together, to try (again) to open
        self.touched_at = now
        self.is_wanted = True  # False: the block is held, or had to make room
        self.queued = False  # complete, and about to be handed out
        self.liar: int | None = None
        self._top = 0  # one above the highest source symbol that is here

    @property
    def lent(self) -> bool:
        """True until the assembly is released, or has failed."""
        return self.lent_to is not None

    @property
    def missing(self) -> int:
        """How many more symbols it takes, as far as we know; below 1 if none."""
        return self.required - self.received - len(self.parity)

    def put_source(self, stretch: Stretch) -> int:
        """Source symbols into place; returns how many of them were missing."""
        start, count = stretch.symbol, len(stretch.payloads)
        stop = start + count
        if start < self._top:
            fresh = np.flatnonzero(~self.have[start:stop])
            if len(fresh) < count:
                self._put_some(stretch, fresh)
                return len(fresh)
        self.rows[start:stop] = stretch.payloads
        self.tags[start:stop] = stretch.tags
        self.senders[start:stop] = stretch.sender
        self.have[start:stop] = True
        self._top = max(self._top, stop)
        self.received += count
        return count

    def put_local(self, have: Mask, rows: Octets) -> None:
        """Source symbols made from bytes held here: those of `rows` (K, S) that `have` marks."""
        fresh = np.flatnonzero(have & ~self.have)
        self.rows[fresh] = rows[fresh]
        self.senders[fresh] = LOCAL
        self._mark(fresh)

    def put_parity(self, stretch: Stretch) -> int:
        """A copy of each parity symbol is kept aside; returns how many of them are of use."""
        before = len(self.parity)
        room = self.required - self.received + PARITY_SURPLUS
        for offset, payload in enumerate(stretch.payloads):
            symbol = stretch.symbol + offset
            if symbol not in self.parity and len(self.parity) < room:
                tag = stretch.tags[offset].tobytes()
                self.parity[symbol] = ParitySymbol(symbol, stretch.sender, tag, payload.copy())
        return len(self.parity) - before

    def discard(self, symbols: Iterable[int]) -> None:
        """These symbols are not here any more."""
        for symbol in symbols:
            if symbol < self.symbols:
                self.have[symbol] = False
            else:
                self.parity.pop(symbol, None)
        self.received = int(np.count_nonzero(self.have))
        self.required = self.symbols

    def _put_some(self, stretch: Stretch, fresh: np.ndarray[tuple[int], np.dtype[np.intp]]) -> None:
        at = stretch.symbol + fresh
        self.rows[at] = stretch.payloads[fresh]
        self.tags[at] = stretch.tags[fresh]
        self.senders[at] = stretch.sender
        self._mark(at)

    def _mark(self, symbols: np.ndarray[tuple[int], np.dtype[np.intp]]) -> None:
        self.have[symbols] = True
        self.received += len(symbols)
        if len(symbols):
            self._top = max(self._top, int(symbols[-1]) + 1)
