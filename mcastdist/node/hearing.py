"""Does the stream that is announced reach us, and is its round over? (PROTOCOL.md, 6 and 7)

Silence alone proves nothing: a stream that waits for a slow WAN is silent too. What proves deafness
is an announced position that moved while we listened and heard nothing; and announcements that come
aside only, for what the switch does with one group it does with the other.
"""

from __future__ import annotations

from mcastdist.timers import NEVER
from mcastdist.wire import DEAF_S, REPORTS_PER_S_MAX, Announce, Phase

# After a round: time for another to be announced, when everybody has reported.
WRAP_GRACE_S = 0.5
OUT_OF_REACH_S = 2.5  # two announcements to the group missed: chance alone loses both seldom
SLACK_S = 0.1  # an announcement may overtake the datagrams before it, and we look now and then


class Hearing:
    """What one receiver hears of one session's stream, against what is announced of it."""

    def __init__(self, announce: Announce, *, now: float) -> None:
        self.heard_at = -NEVER  # the last datagram of the stream
        self._listens_since = NEVER
        self._told, self._told_at = announce, now  # the last announcement
        self._group_at = now  # the last one that came to the group
        self._round_since = now  # when the present round was first announced
        self._missed_since: float | None = None  # since then it moved, and nothing was heard
        self._ended_at: float | None = None
        self._final_at = NEVER

    # In

    def listens(self, now: float) -> None:
        """From now on we should hear it."""
        self._listens_since = now
        self._missed_since = None

    def announced(self, announce: Announce, *, now: float) -> None:
        """The representative tells where the session stands."""
        before, since = self._told, self._told_at
        self._told, self._told_at = announce, now
        if not announce.aside:
            self._group_at = now
        if announce.round != before.round:
            self._round_since = now if announce.phase is Phase.STREAMING else since
        if announce.phase is Phase.STREAMING:
            self._ended_at = None
            moved = announce.round == before.round and announce.position > before.position
        else:
            moved = self._end_round(before, announce, now)
        if moved and self._missed_since is None and self._quiet_since < since - SLACK_S:
            self._missed_since = since

    def heard(self, at: float | None) -> bool:
        """The last datagram came at `at`; True if that is news."""
        if at is None or at <= self.heard_at:
            return False
        self.heard_at = at
        self._missed_since = None
        return True

    # Out

    def is_deaf(self, now: float) -> bool:
        """True if the group, DEAF_S of a moving stream, or a whole round went by unheard."""
        if self.is_out_of_reach:
            return True
        if self._missed_since is None:
            return False
        if self._ended_at is not None:
            return self._quiet_since < self._round_since - SLACK_S
        return now - self._missed_since >= DEAF_S

    @property
    def is_out_of_reach(self) -> bool:
        """True if the representative is heard, but nothing that is said to a group."""
        return self._told_at - max(self._group_at, self.heard_at) >= OUT_OF_REACH_S

    @property
    def round_is_over(self) -> bool:
        """True if a round has ended, and no other has been announced."""
        return self._ended_at is not None

    def round_is_final(self, now: float) -> bool:
        """True if the round that has ended was, by all appearances, the last."""
        return self._ended_at is not None and now > self._final_at

    # Within

    @property
    def _quiet_since(self) -> float:
        return max(self.heard_at, self._listens_since)

    def _end_round(self, before: Announce, announce: Announce, now: float) -> bool:
        """No stream is announced (any more); True if one was, when we were last told."""
        was_streaming = before.phase is Phase.STREAMING or announce.round != before.round
        if was_streaming or (announce.phase is Phase.REPAIRING and self._ended_at is None):
            self._ended_at = now
            self._final_at = now + WRAP_GRACE_S + announce.receivers / REPORTS_PER_S_MAX
        return was_streaming
