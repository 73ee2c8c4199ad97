"""Which blocks should have come by now? As far as the stream itself and the announcements tell.

A block has passed when a later one is heard; the last one, when nothing has come of it for
`BLOCK_SILENCE_S`; and any, when the representative announced a later position that long ago. At
once would be too soon: what was sent may stand in our own socket's buffer, and an announcement,
which comes by another socket, does not wait for it. Unless nothing stands there: then what came
before the announcement has been read, but for what the network changed places of.
"""

from __future__ import annotations

from collections import deque

from mcastdist.timers import NEVER
from mcastdist.wire import BLOCK_SILENCE_S

SETTLE_S = 0.03  # datagrams sent one after the other, on one link, come within less


class Progress:
    """How far the stream is."""

    def __init__(self, block_count: int, now: float) -> None:
        self._block_count = block_count
        self._announced: deque[tuple[float, int]] = deque()  # positions that do not count yet
        self._streamed = 0  # the blocks below this were announced as passed, a while ago
        self._heard = -1  # the highest block of which a source symbol came
        self._heard_at = now  # when something of it came
        self._idle_since = NEVER  # nothing stands in our socket

    def idle(self, now: float) -> None:
        """All that came has been read, and nothing comes until something is `heard`."""
        self._idle_since = now

    def heard(self, block: int, *, is_parity: bool, now: float) -> None:
        """A genuine symbol of a block came. Parity may be of any block, so it moves nothing."""
        self._idle_since = NEVER
        if block == self._heard:
            self._heard_at = now
        elif block > self._heard and not is_parity:
            self._heard, self._heard_at = block, now

    def announced(self, position: int, now: float) -> None:
        """The representative says: the blocks below `position` have been streamed."""
        if position > self.position:
            self._announced.append((now, min(position, self._block_count)))

    def is_news(self, block: int) -> bool:
        """True if a source symbol of this block would move the position."""
        return block > self._heard

    @property
    def position(self) -> int:
        """The blocks below this have been sent, as far as we know."""
        announced = self._announced[-1][1] if self._announced else self._streamed
        return max(announced, self._heard, 0)

    def passed(self, now: float) -> int:
        """The blocks below this should be here by now."""
        while self._announced and self._counts(self._announced[0][0], now):
            self._streamed = max(self._streamed, self._announced.popleft()[1])
        is_silent = now - self._heard_at >= BLOCK_SILENCE_S
        return max(self._streamed, self._heard + is_silent)

    def _counts(self, announced_at: float, now: float) -> bool:
        is_read = now - max(announced_at, self._idle_since) >= SETTLE_S
        return is_read or now - announced_at >= BLOCK_SILENCE_S
