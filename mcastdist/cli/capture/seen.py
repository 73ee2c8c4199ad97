"""Which numbers have been seen? A bit each, in pages: a stream's numbers lie close together."""

from __future__ import annotations

PAGE_BITS = 13  # a page of 1 KiB: the symbols of one block, or 8,192 datagrams in a row
_PAGE_MASK = (1 << PAGE_BITS) - 1


class Seen:
    """A set of whole numbers from 0."""

    __slots__ = ("_pages", "count", "first", "last")

    def __init__(self) -> None:
        self._pages: dict[int, bytearray] = {}
        self.count = 0
        self.first = self.last = 0

    def add(self, number: int) -> bool:
        """True the first time."""
        page = self._pages.get(number >> PAGE_BITS)
        if page is None:
            page = self._pages.setdefault(number >> PAGE_BITS, bytearray(1 << PAGE_BITS - 3))
        at, bit = (number & _PAGE_MASK) >> 3, 1 << (number & 7)
        if page[at] & bit:
            return False
        page[at] |= bit
        self.first = number if not self.count else min(self.first, number)
        self.last = max(self.last, number)
        self.count += 1
        return True

    @property
    def gaps(self) -> int:
        """How many numbers between the first and the last have not been seen."""
        return self.last - self.first + 1 - self.count if self.count else 0
