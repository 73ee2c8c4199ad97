"""What have receivers asked for, and not yet been given? Needs of one block become one answer.

The same parity serves all who miss symbols of a block, so two needs are answered by the larger of
them, not by their sum. A need that crossed an answer on the way was said without knowledge of it:
what was sent for the block a moment ago counts as part of its answer.

A need costs its sender one datagram and us a thousand, so what one block may cost in a session has
an end: who still lacks something then takes it from peers.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from itertools import islice

from mcastdist.wire import PARITY_SPARE

CROSSING_S = 0.03  # a LAN's round trip and the scheduling at both ends
# Of a block, in one session: at 30 % loss all rounds together take 4 of it. Whoever has the cluster
# key can ask in any number of names, so this counts for all who ask.
ANSWERED_TIMES_MAX = 8
ANSWERED_SPARE = 64  # symbols more: of a short block each answer is several times the block
BLOCKS_MAX = 4_096  # bounds what members can make us remember; the others ask again


class Answers:
    """The blocks to answer for, in the order they were first asked for."""

    def __init__(self) -> None:
        self._due: dict[int, int] = {}
        self._whole: set[int] = set()  # so much is missing that the source symbols go once more
        self._sent: deque[tuple[float, int, int]] = deque()
        self._crossing: Counter[int] = Counter()  # the sum of `_sent`, by block
        self._answered: Counter[int] = Counter()  # symbols, by block, since the session began

    def ask(self, block: int, missing: int, symbols: int, *, in_hand: int, now: float) -> int:
        """Someone misses so many of a block's `symbols`, and `in_hand` are about to go.

        Returns how many more are to be sent; 0 if what went, or is about to go, will do.
        """
        self._expire(now)
        if len(self._due) >= BLOCKS_MAX and block not in self._due:
            return 0
        coming = in_hand + self._crossing[block]
        missing = min(missing, symbols)
        whole = missing * 2 > symbols
        wanted = missing + PARITY_SPARE - coming
        if whole:  # said before they heard the block that is on its way, if there is one
            wanted = 0 if coming else symbols
        wanted = min(wanted, self._left(block, symbols))
        if wanted <= 0:
            return 0
        self._due[block] = max(self._due.get(block, 0), wanted)
        if whole:
            self._whole.add(block)
        return self._due[block]

    def first(self, count: int) -> Iterator[int]:
        """The blocks to answer for next."""
        return islice(self._due, count)

    def is_whole(self, block: int) -> bool:
        """True if the source symbols are to be sent rather than parity."""
        return block in self._whole

    def due(self, block: int) -> int:
        """How many symbols are to be sent for a block."""
        return self._due.get(block, 0)

    def take(self, block: int, count: int) -> None:
        """So many symbols of a block are in hand now: they are about to go."""
        left = self._due.get(block, 0) - count
        if left > 0:
            self._due[block] = left
        else:
            self._due.pop(block, None)
            self._whole.discard(block)

    def sent(self, block: int, count: int, now: float) -> None:
        """So many symbols of a block have gone."""
        self._expire(now)
        self._sent.append((now, block, count))
        self._crossing[block] += count
        self._answered[block] += count

    def __len__(self) -> int:
        return len(self._due)

    def _left(self, block: int, symbols: int) -> int:
        return ANSWERED_TIMES_MAX * symbols + ANSWERED_SPARE - self._answered[block]

    def _expire(self, now: float) -> None:
        while self._sent and self._sent[0][0] < now - CROSSING_S:
            _, block, count = self._sent.popleft()
            self._crossing[block] -= count
            if not self._crossing[block]:
                del self._crossing[block]
