"""Whom do we know, and who is the best to ask now?

    peers     one block each, the least busy first
    servers   the cheapest that is ready, but only for what no peer is good for: a byte over the
              WAN is paid by the whole subnet

How one source stands is `sources.py`'s question, what it is asked for `plan.py`'s.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from mcastdist.ranges import RangeSet
from mcastdist.timers import NEVER
from mcastdist.tracing import Tracer, silent

from .sources import Health, Kind, Source

PEER_REQUESTS_MAX = 2  # to one peer: the next is on its way while the last is served
SOURCES_NAMED_MAX = 64  # bounds what the "ask these" of busy peers can make us remember


class Roster:
    """The sources of one payload."""

    def __init__(self, rng: Random, *, trace: Tracer = silent) -> None:
        self._rng = rng
        self._trace = trace
        self._healths: dict[tuple[Kind, str], Health] = {}
        self._last_failure = ""
        self._last_lack = ""
        self.origin_allowed = True

    # In

    def add(self, source: Source) -> None:
        """Somebody else to ask; one that is known already is fit again, whatever it did."""
        if source.key in self._healths:
            self._healths[source.key].renew(source)
        else:
            self._healths[source.key] = Health(source)

    def remove(self, source: Source) -> Health | None:
        """Forget it; how it stood, None if it was not known."""
        return self._healths.pop(source.key, None)

    def new_attempt(self) -> None:
        """All are forgiven what can be forgiven."""
        for health in self._healths.values():
            health.new_attempt()

    def failed(
        self,
        health: Health,
        first: int,
        stop: int,
        code: str,
        *,
        now: float,
        permanent: bool = False,
        retry_after_s: float | None = None,
    ) -> None:
        """It did not give blocks [first, stop), for this reason."""
        if health.only_lacks(first, stop, code, now=now, retry_after_s=retry_after_s):
            self._last_lack = f"peer_{health.reason or code}"
        else:
            self.blame(health, code, now=now, permanent=permanent, retry_after_s=retry_after_s)

    def blame(
        self,
        health: Health,
        code: str,
        *,
        now: float,
        permanent: bool = False,
        retry_after_s: float | None = None,
    ) -> None:
        """It failed us, and not only for want of these blocks."""
        health.failed(
            code, now=now, rng=self._rng, permanent=permanent, retry_after_s=retry_after_s
        )
        self._last_failure = f"{health.source.kind}_{code}"
        if health.is_out:
            self._trace("http_fetch.source_out", at=now, source=health.source.address,
                        why=code, permanent=permanent)  # fmt: skip

    # Out

    def would_keep(self, source: Source) -> bool:
        """True if this source, named by another, is new and there is room for it."""
        return source.key not in self._healths and len(self._healths) < SOURCES_NAMED_MAX

    def may_ask(self, health: Health) -> bool:
        """True if its kind may be asked at all."""
        return self.origin_allowed or health.source.kind != "origin"

    def allowed(self) -> Iterator[Health]:
        """Those that may be asked, however they stand."""
        return (one for one in self._healths.values() if self.may_ask(one))

    def next_peer(self, free: RangeSet, now: float) -> tuple[Health, int] | None:
        """The least busy peer that may have something of what is free, and the block."""
        ready = [
            health
            for health in self._peers()
            if health.is_ready(now) and health.in_flight < PEER_REQUESTS_MAX
        ]
        ready.sort(key=lambda one: (one.in_flight, one.source.order, self._rng.random()))
        for health in ready:
            block = health.first_of(free, now)
            if block is not None:
                return health, block
        return None

    def for_servers(self, free: RangeSet) -> RangeSet:
        """What is free and no peer is good for."""
        left = free.copy()
        for health in self._peers():
            if not health.is_worth_waiting_for():
                continue
            for start, stop in list(left):
                for first, last in health.refused.gaps(start, stop):
                    left.remove(first, last)
        return left

    def next_server(self, now: float) -> Health | None:
        """The cheapest server that is ready, unless a cheaper one is worth waiting for."""
        servers = [one for one in self.allowed() if one.source.kind != "peer"]
        for health in sorted(servers, key=lambda one: one.source.rank):
            if health.is_ready(now):
                return health
            if health.is_worth_waiting_for():
                return None
        return None

    def may_give(self, free: RangeSet) -> bool:
        """True if somebody may give some of what is free, now or after a short wait."""
        return any(not one.is_out and not one.refuses_all(free) for one in self.allowed())

    def ready_at(self) -> float:
        """When the first that is of use at all may be asked; NEVER if there is none.

        Where every server is barred, a peer that lacks blocks will hardly come to hold them.
        """
        hopeful = [one for one in self.allowed() if not one.is_barred]
        if self._has_servers and all(one.source.kind == "peer" for one in hopeful):
            hopeful = [one for one in hopeful if one.reason != "not_held"]
        return min((one.not_before for one in hopeful), default=NEVER)

    def moments(self) -> Iterator[float]:
        """When an answer given here may change."""
        return (moment for health in self.allowed() for moment in health.moments())

    def why_nobody(self) -> str:
        """The reason of `Exhausted`: that a peer lacks blocks explains less than any failure."""
        if next(self.allowed(), None) is None:
            return "origin_not_allowed" if self._healths else "no_source"
        return self._last_failure or self._last_lack or "not_held"

    # Within

    @property
    def _has_servers(self) -> bool:
        return any(one.source.kind != "peer" for one in self.allowed())

    def _peers(self) -> Iterator[Health]:
        return (one for one in self._healths.values() if one.source.kind == "peer")
