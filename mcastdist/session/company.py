"""Are we alone on the link? In the background, others who were there first keep most of it.

A TCP that we drove away comes back by and by, and with a shallow queue its delay is small: what a
single report shows is not enough. Two things together are:

    after a deep fall the delay is small, but not gone: alone, a datagram would hardly wait
    and the queue is back as soon as we take up what we had

Then we stand aside for a while, each time for longer, as long as the queue comes back.
"""

from __future__ import annotations

from mcastdist.timers import NEVER

LISTEN_S = 0.4  # a TCP that lost everything tries again after 0.2 s, and then needs a moment
QUIET_US = 1_500  # more than a busy processor makes of a link that is half empty
DEEP = 0.6  # of the capacity: what is left is enough for others to show themselves
BACK_S = 1.0  # a queue that is back this soon after we are back is theirs
ASIDE_S_MIN = 2.0
ASIDE_S_MAX = 16.0
RETURN_S = 4.0  # what the way up from the share takes


class Company:
    """What we know of others on the link."""

    def __init__(self, *, foreground: bool) -> None:
        """`foreground`: we need not care."""
        self._foreground = foreground
        self._listens_until = NEVER
        self._suspects_until = -NEVER  # a complaint before this is theirs
        self._aside_until = -NEVER
        self._aside_s = ASIDE_S_MIN
        self._aside_bps = 0.0

    def listens(self, now: float, *, is_eased: bool) -> bool:
        """After a fall: is it too early to go on, since a queue may come back of others?"""
        if is_eased or self._foreground:
            return False  # nobody was driven away, or we need not care
        if self._listens_until == NEVER:
            self._listens_until = now + LISTEN_S
        return now < self._listens_until

    def fell(self) -> None:
        """The rate falls: from here we listen anew."""
        self._listens_until = NEVER

    def resumed(self, delay_us: float, *, share: float, now: float) -> None:
        """From `share` of a capacity we go up to it; down here the delay was so much."""
        if delay_us > QUIET_US and share <= DEEP and not self._foreground:
            self._suspects_until = now + BACK_S

    def is_back(self, now: float) -> bool:
        """True if somebody complains now because others were there."""
        return now < self._suspects_until

    def stand_aside(self, share_bps: float, now: float) -> float:
        """The queue is that of others: leave them the most of it for a while. Returns our rate.

        On the way back little had room: once more it is the share that it was before.
        """
        is_again = self._aside_bps > 0.0 and now < self._suspects_until
        self._aside_s = min(2 * self._aside_s, ASIDE_S_MAX) if is_again else ASIDE_S_MIN
        self._aside_bps = max(share_bps, self._aside_bps) if is_again else share_bps
        self._aside_until = now + self._aside_s
        self._suspects_until = self._aside_until + RETURN_S
        return self._aside_bps

    def may_return(self, now: float) -> bool:
        """True if it is time to see whether they are gone."""
        return self._foreground or now >= self._aside_until
