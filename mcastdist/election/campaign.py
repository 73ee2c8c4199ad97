"""What does one candidate say to the segment, and how often?

Queries and claims are said twice, since one lost datagram must not make a second representative;
what somebody else has said for us need not be said again.
"""

from __future__ import annotations

from random import Random

from mcastdist.timers import NEVER
from mcastdist.wire import CLAIM_COUNT, CLAIM_S, SEEK_COUNT, SEEK_S, Claim, Seek

from .strength import Credentials

SEEK_JITTER_S = 0.02  # a task that reaches a whole subnet at once must not make it shout at once
SILENCED_S = 3 * CLAIM_S  # a claim that stood would have been announced, twice, by then
OBJECT_GAP_S = 0.05  # at most twenty objections a second, however many weak claims come


class Campaign:
    """The queries and claims of one candidate."""

    def __init__(self, credentials: Credentials, rng: Random) -> None:
        self._credentials = credentials
        self._rng = rng
        self._claimed_at = -NEVER
        self.seeks_left = 0
        self.claims_left = 0

    def begin_seeking(self, now: float) -> float:
        """Start anew to ask; when to ask first."""
        self.seeks_left = SEEK_COUNT
        return now + self._rng.random() * SEEK_JITTER_S

    def seek(self) -> Seek:
        """The next query; all but the first have heard nothing from the group."""
        self.seeks_left -= 1
        return self.question(again=self.seeks_left < SEEK_COUNT - 1)

    def question(self, *, again: bool) -> Seek:
        """A query, to the group or to one node."""
        return Seek(self._credentials.locator, self._credentials.content, again)

    def seek_heard(self, now: float) -> float:
        """Somebody else asked, which asks for us too; when to ask, or to stop asking, instead."""
        self.seeks_left = max(0, self.seeks_left - 1)
        return self.answered_at(now) + self._rng.random() * SEEK_JITTER_S

    @staticmethod
    def answered_at(now: float) -> float:
        """By when a query that is said now should have been answered."""
        return now + SEEK_S / SEEK_COUNT

    def begin_claiming(self) -> None:
        """Start to claim."""
        self.claims_left = CLAIM_COUNT

    def claim(self, now: float) -> Claim:
        """A claim, or an objection to a weaker one."""
        self._claimed_at = now
        return Claim(locator=self._credentials.locator, standing=self._credentials.standing())

    @staticmethod
    def claim_stands_at(now: float) -> float:
        """When to claim again after a claim that is said now, or to lead if that was the last."""
        return now + CLAIM_S / CLAIM_COUNT

    def may_object(self, now: float) -> bool:
        """True if we have not just said it."""
        return now - self._claimed_at >= OBJECT_GAP_S
