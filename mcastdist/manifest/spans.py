"""Where does each of these lie? Sizes laid one after another, found by number or by offset."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from itertools import accumulate


class Spans:
    """Half-open spans `[start, stop)` without gaps, from 0. Look-ups cost a bisection at most."""

    __slots__ = ("_edges",)

    def __init__(self, sizes: Iterable[int]) -> None:
        self._edges = array("q", accumulate(sizes, initial=0))

    @property
    def count(self) -> int:
        """How many spans there are."""
        return len(self._edges) - 1

    @property
    def total(self) -> int:
        """Where the last one stops."""
        return self._edges[-1]

    def span(self, index: int) -> tuple[int, int]:
        """Start and stop of one span. Raises IndexError."""
        if not 0 <= index < self.count:
            raise IndexError(f"there are {self.count} spans, no number {index}")
        return self._edges[index], self._edges[index + 1]

    def index_at(self, offset: int) -> int:
        """The span that holds the byte at `offset`; never an empty one. Raises IndexError."""
        if not 0 <= offset < self.total:
            raise IndexError(f"offset {offset} is not below {self.total}")
        return bisect_right(self._edges, offset) - 1

    def over(self, start: int, stop: int) -> range:
        """The spans that share a byte with `[start, stop)`, and empty ones between them."""
        start, stop = max(start, 0), min(stop, self.total)
        if start >= stop:
            return range(0)
        return range(self.index_at(start), bisect_left(self._edges, stop))

    def has_edge(self, offset: int) -> bool:
        """True if a span starts or stops at `offset`."""
        index = bisect_left(self._edges, offset)
        return index < len(self._edges) and self._edges[index] == offset
