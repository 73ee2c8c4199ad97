"""Has everybody failed, why, and when are they all tried again?

    attempt --nobody left to ask--> exhausted --the back-off has passed--> the next attempt
       ^                                |
       +---- somebody to ask at last ---+

An attempt is one round of all sources, each with its short retries (`sources.py`). The waits in
between grow, so that a dead origin hears from a subnet every few minutes and ever less often; a
block starts them over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from mcastdist.timers import NEVER
from mcastdist.tracing import Tracer, silent

RETRY_BACKOFF_S = tuple(minutes * 60.0 for minutes in (3, 6, 12, 24, 48, 96, 120))
BACKOFF_JITTER = 0.25  # later only, so that many receivers of one failure do not return together


@dataclass(frozen=True, slots=True)
class Exhausted:
    """Nobody is left to ask in this attempt; the next begins at `retry_at` (NEVER: none will).

    `reason` is the last failure's code with the kind of its source before it (`origin_refused`),
    or `no_source`, or `origin_not_allowed` if there are only origins and they may not be asked.
    """

    reason: str
    retry_at: float = NEVER


class Attempts:
    """How often everybody has failed since the last block, and when to try them all again."""

    def __init__(self, backoff: Sequence[float], rng: Random, *, trace: Tracer = silent) -> None:
        self._backoff = tuple(backoff)
        self._rng = rng
        self._trace = trace
        self._failed_ones = 0
        self.is_exhausted = False  # said once, until something changes
        self.next_at = NEVER

    def failed(self, reason: str, now: float, *, not_before: float) -> Exhausted:
        """Nobody is left to ask; `not_before` is when the first that is of use may be asked."""
        self.is_exhausted = True
        if self.next_at == NEVER and self._backoff:
            wait_s = self._backoff[min(self._failed_ones, len(self._backoff) - 1)]
            wait_s *= 1.0 + BACKOFF_JITTER * self._rng.random()  # never sooner than the setting
            self._failed_ones += 1
            self.next_at = max(now + wait_s, not_before)
        self._trace("http_fetch.exhausted", at=now, why=reason, retry_at=self.next_at)
        return Exhausted(reason, self.next_at)

    def begin(self, now: float) -> None:
        """The next attempt begins."""
        self._trace("http_fetch.attempt", at=now, failed_before=self._failed_ones)
        self.next_at = NEVER
        self.is_exhausted = False

    def resume(self) -> None:
        """There may be somebody to ask after all."""
        self.is_exhausted = False

    def progress(self) -> None:
        """A block came."""
        self._failed_ones = 0
