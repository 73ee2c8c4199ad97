"""What have the streams brought since the loop was told last? Blocks gather until it looks.

A turn of the node costs much the same for one block as for several, and takes the interpreter from
the thread that receives: at 1 Gbit/s a turn for each block was a fifth of a receiver's time.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass

from mcastdist.ranges import RangeSet

from .package import SEVERAL, Landed

GATHER_S = 0.02  # a block's news may be so late: less than anybody's next report
Tell = Callable[[str, RangeSet, Landed, dict[str, int]], None]


@dataclass(frozen=True, slots=True)
class Landing:
    """One block that was opened and written; `shares`: bytes of it by the way they came."""

    task: str
    block: int
    landed: Landed
    shares: dict[str, int]


class Landings:
    """`add` is for any thread; the rest is the loop's, which is the one that runs now."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._loop = asyncio.get_running_loop()
        self._lock = threading.Lock()
        self._gathered: list[Landing] = []

    def add(self, landing: Landing) -> None:
        """The loop is told soon; never once it has ended."""
        with self._lock:
            self._gathered.append(landing)
            is_first = len(self._gathered) == 1
        if is_first and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._loop.call_later, GATHER_S, self.tell_all)

    def tell_all(self) -> None:
        """Tell what has gathered, if anything has: blocks of one task that are well, together."""
        with self._lock:
            gathered, self._gathered = self._gathered, []
        together: dict[str, list[Landing]] = {}
        for one in gathered:
            if one.landed.lost or one.landed.culprit != SEVERAL:
                self._tell_together([one])
            else:
                together.setdefault(one.task, []).append(one)
        for several in together.values():
            self._tell_together(several)

    def _tell_together(self, several: list[Landing]) -> None:
        first = several[0]
        blocks, sound = RangeSet(), RangeSet()
        shares: dict[str, int] = {}
        for one in several:
            blocks.add(one.block, one.block + 1)
            for start, stop in one.landed.sound:
                sound.add(start, stop)
            for source, share in one.shares.items():
                shares[source] = shares.get(source, 0) + share
        new_bytes = sum(one.landed.new_bytes for one in several)
        landed = Landed(sound, first.landed.lost, new_bytes, first.landed.culprit)
        self._tell(first.task, blocks, landed, shares)
