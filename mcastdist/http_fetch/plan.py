"""What is fetched next, from which source, and when again?

Peers are asked for one block a request, several peers at a time. Servers (relays, then origins)
are asked for contiguous runs in order, one request at a time over all of them, and only for what
no peer is good for: a byte over the WAN is paid by the whole subnet. No block is ever asked for
twice at a time.

Inputs only change what is known; the decision is made in `drain`, so that several inputs of one
moment count as one. Who is the best to ask is `roster.py`'s question, what is under way
`flights.py`'s, when everybody is tried again `attempts.py`'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from mcastdist.ranges import RangeSet
from mcastdist.timers import NEVER
from mcastdist.tracing import Tracer, silent

from .attempts import RETRY_BACKOFF_S, Attempts, Exhausted
from .fallbacks import Fallbacks
from .flights import Cancel, Flight, Flights, Request
from .roster import Roster
from .sources import Health, Source

FINISH_S = 1.0  # a request whose last block is here ends by itself; if not, it is cancelled


class Plan:
    """One payload's fetching. Does no I/O; see `wake_at` for when to return."""

    def __init__(
        self,
        *,
        missing: RangeSet,
        sources: Sequence[Source],
        now: float,
        rng: Random,
        run_blocks_max: int,
        peers_parallel: int,
        backoff: Sequence[float] = RETRY_BACKOFF_S,
        trace: Tracer = silent,
    ) -> None:
        self._now = now
        self._rng = rng
        self._run_blocks_max = run_blocks_max
        self._peers_parallel = peers_parallel
        self._trace = trace
        self._roster = Roster(rng, trace=trace)
        self._flights = Flights()
        self._attempts = Attempts(backoff, rng, trace=trace)
        self._fallbacks = Fallbacks(trace=trace)
        self._is_dirty = True
        self._outputs: list[Request | Cancel | Exhausted] = []
        for source in sources:
            self.add_source(source, now)
        self.add_missing(missing, now)

    # In

    def block_arrived(self, block: int, now: float) -> None:
        """This block is here and verified, from wherever."""
        self._see(now)
        if block not in self._flights.missing:
            return
        self._flights.unwant(block, block + 1)
        flight = self._flights.with_block(block)
        if flight is not None:
            self._credit(flight, block)

    def finished(self, id: int, now: float) -> None:
        """A request came to its end; what it did not bring counts against its source."""
        self._see(now)
        flight = self._flights.land(id)
        if flight is not None and self._flights.is_needed(flight):
            self._roster.blame(flight.health, "incomplete", now=self._now)

    def failed(
        self,
        id: int,
        code: str,
        now: float,
        permanent: bool = False,
        retry_after_s: float | None = None,
        ask_instead: Sequence[Source] = (),
    ) -> None:
        """A request failed with this reason code; `ask_instead` are sources it named."""
        self._see(now)
        flight = self._flights.land(id)
        if flight is None:
            return
        self._trace(
            "http_fetch.failed", at=self._now, request=id, kind=flight.health.source.kind,
            source=flight.health.source.address, why=code,
        )  # fmt: skip
        self._roster.failed(
            flight.health, flight.request.first_block, flight.request.stop_block, code,
            now=self._now, permanent=permanent, retry_after_s=retry_after_s,
        )  # fmt: skip
        for source in ask_instead:
            if self._roster.would_keep(source):
                self.add_source(source, now)

    def add_source(self, source: Source, now: float) -> None:
        """Somebody else to ask; one that is known already is fit again, whatever it did."""
        self._see(now)
        self._attempts.resume()
        self._roster.add(source)

    def remove_source(self, source: Source, now: float) -> None:
        """Never ask it again; what it was asked for is cancelled."""
        self._see(now)
        health = self._roster.remove(source)
        for flight in self._flights.all():
            if flight.health is health:
                self._cancel(flight)

    def add_missing(self, blocks: RangeSet, now: float) -> None:
        """These blocks are wanted too."""
        self._see(now)
        self._flights.want(blocks)

    def remove_missing(self, blocks: RangeSet, now: float) -> None:
        """These blocks are not wanted any more."""
        self._see(now)
        for start, stop in blocks:
            self._flights.unwant(start, stop)
        for flight in self._flights.all():
            if not self._flights.is_needed(flight):
                self._cancel(flight)

    def allow_origin(self, allowed: bool, now: float) -> None:
        """Origins may be asked, or may not (any more)."""
        self._see(now)
        self._roster.origin_allowed = allowed
        if allowed:
            self._attempts.resume()
        for flight in self._flights.all():
            if not self._roster.may_ask(flight.health):
                self._cancel(flight)

    def wake(self, now: float) -> None:
        """The moment of `wake_at` has come."""
        self._see(now)

    # Out

    @property
    def fallbacks(self) -> dict[str, int]:
        """Why a costlier source was asked, and how often."""
        return self._fallbacks.by_reason

    def wake_at(self) -> float:
        """When to call `wake`, as of the last `drain`; at once if there were inputs since."""
        if self._is_dirty:
            return self._now
        moments = [flight.cancel_at for flight in self._flights.all()]
        if self._flights.free:
            moments.append(self._attempts.next_at)
            moments.extend(self._roster.moments())
        return min((moment for moment in moments if moment > self._now), default=NEVER)

    def drain(self) -> list[Request | Cancel | Exhausted]:
        """What is to be done, in order."""
        if self._is_dirty:
            self._is_dirty = False
            self._decide()
        outputs, self._outputs = self._outputs, []
        return outputs

    # Within: what came in

    def _see(self, now: float) -> None:
        self._now = max(self._now, now)
        self._is_dirty = True

    def _cancel(self, flight: Flight) -> None:
        self._flights.land(flight.request.id)
        self._outputs.append(Cancel(flight.request.id))

    def _credit(self, flight: Flight, block: int) -> None:
        flight.health.progress()
        self._attempts.progress()
        if self._flights.is_needed(flight):
            return
        if flight.ends_with(block):  # a Cancel at its very end would only cost the connection
            flight.cancel_at = self._now + FINISH_S
        else:
            self._cancel(flight)

    # Within: what goes out

    def _decide(self) -> None:
        for flight in self._flights.all():
            if flight.cancel_at <= self._now:
                self._cancel(flight)
        if self._now >= self._attempts.next_at:
            self._attempts.begin(self._now)
            self._roster.new_attempt()
        self._ask_peers()
        self._ask_servers()
        self._notice_exhaustion()

    def _ask_peers(self) -> None:
        while self._flights.free and self._flights.of_peers() < self._peers_parallel:
            choice = self._roster.next_peer(self._flights.free, self._now)
            if choice is None:
                return
            health, block = choice
            self._ask(health, block, block + 1)

    def _ask_servers(self) -> None:
        if self._flights.of_servers():
            return
        run = next(iter(self._roster.for_servers(self._flights.free)), None)
        server = self._roster.next_server(self._now) if run else None
        if run and server:
            self._ask(server, run[0], min(run[1], run[0] + self._run_blocks_max))

    def _ask(self, health: Health, first: int, stop: int) -> None:
        self._fallbacks.asked(health, instead_of=self._roster.allowed(), now=self._now)
        request = self._flights.launch(health, first, stop)
        self._attempts.resume()
        self._outputs.append(request)
        self._trace(
            "http_fetch.request", at=self._now, request=request.id, kind=health.source.kind,
            source=health.source.address, first=first, count=stop - first,
        )  # fmt: skip

    def _notice_exhaustion(self) -> None:
        free = self._flights.free
        if not free or self._flights or self._attempts.is_exhausted or self._roster.may_give(free):
            return
        self._outputs.append(
            self._attempts.failed(
                self._roster.why_nobody(), self._now, not_before=self._roster.ready_at()
            )
        )
