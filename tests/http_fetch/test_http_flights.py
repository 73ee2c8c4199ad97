"""The book of blocks: missing = free + asked for, whatever happens."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mcastdist.http_fetch.flights import Flights
from mcastdist.http_fetch.sources import Health, Source
from mcastdist.ranges import RangeSet

SPAN = st.tuples(st.integers(0, 30), st.integers(1, 10)).map(lambda one: (one[0], sum(one)))
STEP = st.one_of(
    st.tuples(st.just("want"), SPAN),
    st.tuples(st.just("unwant"), SPAN),
    st.tuples(st.just("launch"), SPAN),
    st.tuples(st.just("land"), SPAN),
)


@given(st.lists(STEP, max_size=40))
def test_missing_is_free_plus_asked_for(steps: list[tuple[str, tuple[int, int]]]) -> None:
    flights = Flights()
    health = Health(Source("origin", "http://origin/p"))
    for what, (start, stop) in steps:
        if what == "want":
            flights.want(RangeSet([(start, stop)]))
        elif what == "unwant":
            flights.unwant(start, stop)
        elif what == "launch" and flights.free:
            first, last = next(iter(flights.free))
            flights.launch(health, first, min(last, first + stop - start))
        elif what == "land":
            flights.land(start)
        _check(flights, health)


def _check(flights: Flights, health: Health) -> None:
    asked: set[int] = set()
    for flight in flights.all():
        blocks = set(range(flight.request.first_block, flight.request.stop_block))
        assert not asked & blocks
        asked |= blocks
        assert flights.is_needed(flight) == bool(blocks & set(flights.missing.numbers()))
    free, missing = set(flights.free.numbers()), set(flights.missing.numbers())
    assert not free & asked
    assert missing == free | (asked & missing)
    assert health.in_flight == len(flights.all())


def test_finding_and_counting() -> None:
    flights = Flights()
    flights.want(RangeSet([(0, 10)]))
    peer, relay = Health(Source("peer", "a:1")), Health(Source("relay", "http://r"))
    flights.launch(peer, 0, 1)
    request = flights.launch(relay, 1, 10)
    found = flights.with_block(9)
    assert found is not None
    assert found.request == request
    assert found.ends_with(9)
    assert not found.covers(0)
    assert flights.with_block(10) is None
    assert (flights.of_peers(), flights.of_servers()) == (1, 1)
    assert flights.land(77) is None
