"""May this source be asked now, is it worth waiting for, or is it out?

    fit --failed--> waiting (0.5, 1, 2, 4 s) --failed again--> out --the next attempt--> fit
     ^                 |                                        |
     +---- a block ----+            permanent failure: out until somebody names the source anew

Two clocks of patience. Inside an attempt a source gets a few short retries, so that one lost
connection costs seconds; a block from it forgives everything. When all sources are out the
attempt has failed, and when the next one comes is `attempts.py`'s question.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from random import Random
from typing import Literal

from mcastdist.ranges import RangeSet

Kind = Literal["peer", "relay", "origin"]
COST: dict[Kind, int] = {"peer": 0, "relay": 1, "origin": 2}  # the LAN, the site, the WAN

RETRY_S = (0.5, 1.0, 2.0, 4.0)  # inside an attempt: 7.5 s of waiting, then the source is out
RETRY_JITTER = 0.25  # either way, so that many receivers of one failure do not return together
TRIES_BEFORE_FALLBACK = 2  # one failure is an accident, two are a reason to pay more
PATIENCE_S = 10.0  # a cheaper source that asks us to wait longer than this is passed over meanwhile
PUT_OFF_S_MAX = 60.0  # put off for this long without a block: out for this attempt
PUT_OFF_S_MIN = 0.1  # "Retry-After: 0" must not become a loop
BLOCKS_END = 1 << 32  # beyond the number of any block
RETRY_AFTER_S_MAX = 3600.0  # a server cannot silence us for longer than this

NOT_HELD = frozenset({"status_404", "not_held"})  # a peer lacks the block, and is otherwise well
NOT_YET = frozenset({"status_425"})  # it will have the block later (PROTOCOL.md, 8)
NOT_YET_S = 1.0  # when a peer does not say how much later


@dataclass(frozen=True, slots=True)
class Source:
    """Somebody who may have blocks. `address` is a URL, or host:port of a peer.

    Among sources of one kind the lower `order` is asked first. `holds`: the ranges of blocks that a
    peer is known to hold, if anything is known; it is asked for no others.
    """

    kind: Kind
    address: str
    order: int = 0
    holds: tuple[tuple[int, int], ...] | None = None

    @property
    def key(self) -> tuple[Kind, str]:
        """What makes two of them the same one."""
        return self.kind, self.address

    @property
    def rank(self) -> tuple[int, int]:
        """Cheaper first; peers are all alike."""
        return COST[self.kind], 0 if self.kind == "peer" else self.order


@dataclass(slots=True)
class Health:
    """What one source has done to us in this attempt."""

    source: Source
    strikes: int = 0  # failures since the last block
    stuck_since: float | None = None  # when it first failed or put us off since the last block
    not_before: float = -math.inf
    is_out: bool = False
    is_barred: bool = False  # asking again is of no use
    reason: str = ""  # the code of the last failure
    in_flight: int = 0
    refused: RangeSet = field(default_factory=RangeSet)  # blocks it does not hold
    later: dict[int, float] = field(default_factory=dict)  # block -> not before

    def __post_init__(self) -> None:
        self.refused = _not_held(self.source)

    # In

    def progress(self) -> None:
        """It gave us a block."""
        self.strikes = 0
        self.stuck_since = None

    def failed(
        self, code: str, *, now: float, rng: Random, permanent: bool, retry_after_s: float | None
    ) -> None:
        """It failed us, or put us off for `retry_after_s`."""
        self.reason = code
        self.stuck_since = now if self.stuck_since is None else self.stuck_since
        if permanent:
            self.is_out = self.is_barred = True
        elif retry_after_s is not None:
            self._put_off(retry_after_s, now, rng)
        elif self.strikes < len(RETRY_S):
            self.not_before = now + _jittered(RETRY_S[self.strikes], rng)
            self.strikes += 1
        else:
            self.is_out = True

    def only_lacks(
        self, first: int, stop: int, code: str, *, now: float, retry_after_s: float | None
    ) -> bool:
        """True if `code` says no more than that a peer does not hold these blocks (yet).

        For a server the same answer is final: it has the whole payload or nothing.
        """
        if self.source.kind != "peer" or code not in NOT_HELD | NOT_YET:
            return False
        if code in NOT_HELD:
            self.reason = "not_held"
            self.refused.add(first, stop)
        else:
            until = now + _wait_s(NOT_YET_S if retry_after_s is None else retry_after_s)
            self.later = {block: at for block, at in self.later.items() if at > now}
            self.later.update(dict.fromkeys(range(first, stop), until))
        return True

    def new_attempt(self) -> None:
        """All is forgiven, except what is of no use and a Retry-After that still runs."""
        self.strikes, self.stuck_since = 0, None
        self.is_out = self.is_barred
        self.refused = _not_held(self.source)

    def renew(self, source: Source) -> None:
        """Somebody named it again: it is fit until it fails."""
        self.source = source
        self.is_barred = False
        self.not_before = -math.inf
        self.new_attempt()

    # Out

    def is_ready(self, now: float) -> bool:
        """True if it may be asked now."""
        return not self.is_out and now >= self.not_before

    def is_worth_waiting_for(self) -> bool:
        """True if nobody costlier should be asked meanwhile."""
        if self.is_out or self.strikes >= TRIES_BEFORE_FALLBACK:
            return False
        return self.stuck_since is None or self.not_before - self.stuck_since <= PATIENCE_S

    def first_of(self, free: RangeSet, now: float) -> int | None:
        """The lowest block of `free` that it may be asked for now."""
        for start, stop in free:
            for first, last in self.refused.gaps(start, stop):
                for block in range(first, last):
                    if self.later.get(block, now) <= now:
                        return block
        return None

    def refuses_all(self, free: RangeSet) -> bool:
        """True if it holds nothing of `free` and will not soon."""
        return all(self.refused.covers(start, stop) for start, stop in free)

    def moments(self) -> list[float]:
        """When its answer to `is_ready` or `first_of` may change."""
        return [] if self.is_out else [self.not_before, *self.later.values()]

    # Within

    def _put_off(self, retry_after_s: float, now: float, rng: Random) -> None:
        jitter = 1.0 + RETRY_JITTER * rng.random()  # never sooner than it asked for
        self.not_before = now + _wait_s(retry_after_s) * jitter
        assert self.stuck_since is not None
        self.is_out = self.not_before - self.stuck_since > PUT_OFF_S_MAX


def _not_held(source: Source) -> RangeSet:
    if source.holds is None:
        return RangeSet()
    return RangeSet(RangeSet(source.holds).gaps(0, BLOCKS_END))


def _wait_s(retry_after_s: float) -> float:
    return min(max(retry_after_s, PUT_OFF_S_MIN), RETRY_AFTER_S_MAX)


def _jittered(seconds: float, rng: Random) -> float:
    return seconds * (1.0 - RETRY_JITTER + 2.0 * RETRY_JITTER * rng.random())
