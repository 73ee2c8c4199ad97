"""Which block is streamed next? Rounds over some blocks, in order, each as soon as it is ready.

In order even if a later block is ready sooner: "below this position all has been streamed" is all
that a receiver needs to know, and a download brings blocks in order nearly always.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from mcastdist.ranges import RangeSet


class Rounds:
    """The present round: what has gone of it, and what comes."""

    def __init__(self, block_count: int) -> None:
        self._block_count = block_count
        self._ready = RangeSet()
        self._plan = np.empty(0, np.int64)
        self._at = 0  # how much of the plan has gone
        self.number = 0  # how many rounds have been started

    def ready(self, block: int) -> None:
        """This block may be streamed from now on. Raises IndexError if there is none."""
        if not 0 <= block < self._block_count:
            raise IndexError(f"block {block} of {self._block_count}")
        self._ready.add(block, block + 1)

    def is_ready(self, block: int) -> bool:
        """True if this block may be streamed."""
        return block in self._ready

    def start(self, blocks: Iterable[int]) -> None:
        """A new round, over those of `blocks` that exist."""
        plan = np.unique(np.fromiter(blocks, np.int64))
        self._plan = plan[(plan >= 0) & (plan < self._block_count)]
        self._at = 0
        self.number += 1

    def advance(self) -> None:
        """The block at hand has gone."""
        self._at += 1

    @property
    def is_over(self) -> bool:
        """True if nothing is left of the round."""
        return self._at >= len(self._plan)

    @property
    def block(self) -> int | None:
        """The block at hand, ready or not; None when the round is over."""
        return None if self.is_over else int(self._plan[self._at])

    @property
    def position(self) -> int:
        """The blocks below this have been streamed in this round."""
        block = self.block
        if block is not None:
            return block
        return self._block_count if self.number else 0

    def ahead(self, count: int) -> list[int]:
        """The block at hand and those after it, as far as they are ready; at most `count`."""
        ready = []
        for block in self._plan[self._at : self._at + count].tolist():
            if block not in self._ready:
                break
            ready.append(block)
        return ready
