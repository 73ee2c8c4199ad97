"""Which numbers? A set of integers kept as sorted, disjoint, half-open ranges.

Used for bytes, chunks and blocks alike. All costs are in the number of ranges, not of integers.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from typing import Self


class RangeSet:
    """A mutable set of integers, `[start, stop)` by `[start, stop)`."""

    __slots__ = ("_starts", "_stops")

    def __init__(self, ranges: Iterable[tuple[int, int]] = ()) -> None:
        self._starts: list[int] = []
        self._stops: list[int] = []
        for start, stop in ranges:
            self.add(start, stop)

    @classmethod
    def of(cls, numbers: Iterable[int]) -> Self:
        """The set of these single numbers."""
        return cls((number, number + 1) for number in sorted(numbers))

    def add(self, start: int, stop: int) -> None:
        """Put `[start, stop)` in; what was there stays."""
        if start >= stop:
            return
        low = bisect_left(self._stops, start)
        high = bisect_right(self._starts, stop)
        if low < high:
            start = min(start, self._starts[low])
            stop = max(stop, self._stops[high - 1])
        self._starts[low:high] = [start]
        self._stops[low:high] = [stop]

    def remove(self, start: int, stop: int) -> None:
        """Take `[start, stop)` out; what was not there does not matter."""
        if start >= stop:
            return
        low = bisect_right(self._stops, start)
        high = bisect_left(self._starts, stop)
        kept = []
        if low < high:
            if self._starts[low] < start:
                kept.append((self._starts[low], start))
            if self._stops[high - 1] > stop:
                kept.append((stop, self._stops[high - 1]))
        self._starts[low:high] = [first for first, _ in kept]
        self._stops[low:high] = [last for _, last in kept]

    def __contains__(self, number: int) -> bool:
        index = bisect_right(self._starts, number) - 1
        return index >= 0 and number < self._stops[index]

    def covers(self, start: int, stop: int) -> bool:
        """True if every number of `[start, stop)` is in the set."""
        if start >= stop:
            return True
        index = bisect_right(self._starts, start) - 1
        return index >= 0 and stop <= self._stops[index]

    def gaps(self, start: int, stop: int) -> Iterator[tuple[int, int]]:
        """The ranges of `[start, stop)` that are not in the set."""
        index = bisect_right(self._stops, start)
        while start < stop and index < len(self._starts):
            if self._starts[index] > start:
                yield start, min(self._starts[index], stop)
            start = self._stops[index]
            index += 1
        if start < stop:
            yield start, stop

    @property
    def count(self) -> int:
        """How many numbers are in the set (`len` counts ranges)."""
        return sum(self._stops) - sum(self._starts)

    def copy(self) -> RangeSet:
        """An independent set of the same numbers."""
        twin = RangeSet()
        twin._starts = list(self._starts)
        twin._stops = list(self._stops)
        return twin

    def numbers(self) -> Iterator[int]:
        """Every number, rising."""
        for start, stop in self:
            yield from range(start, stop)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return iter(list(zip(self._starts, self._stops, strict=True)))

    def __len__(self) -> int:
        return len(self._starts)

    def __bool__(self) -> bool:
        return bool(self._starts)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, RangeSet):
            return NotImplemented
        return self._starts == other._starts and self._stops == other._stops

    __hash__ = None  # type: ignore[assignment]  # mutable, so no key of anything

    def __repr__(self) -> str:
        return f"RangeSet({list(self)})"
