"""Promises of the plan: alone, by conversation, and over seeded weeks of failing sources."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcastdist.http_fetch import RETRY_BACKOFF_S, Cancel, Exhausted, Plan, Request, Source
from mcastdist.http_fetch.plan import FINISH_S
from mcastdist.ranges import RangeSet
from mcastdist.timers import NEVER
from mcastdist.tracing import EventLog

ORIGIN = Source("origin", "http://origin/p.payload", 9)
MIRROR = Source("origin", "http://mirror/p.payload", 1)
RELAY = Source("relay", "http://relay/p.payload")
PEERS = [Source("peer", f"10.0.0.{number}:7447", number) for number in range(1, 6)]


def plan_for(
    blocks: int, *sources: Source, run: int = 8, parallel: int = 4, seed: int = 1, **more: object
) -> Plan:
    return Plan(
        missing=RangeSet([(0, blocks)]),
        sources=sources,
        now=0.0,
        rng=Random(seed),
        run_blocks_max=run,
        peers_parallel=parallel,
        **more,  # type: ignore[arg-type]  # backoff and trace, as the test names them
    )


def only(plan: Plan) -> Request:
    (output,) = plan.drain()
    assert isinstance(output, Request)
    return output


def wake(plan: Plan) -> float:
    """Nothing is to be done now; jump to when something is."""
    assert plan.drain() == []
    now = plan.wake_at()
    assert now < NEVER
    plan.wake(now)
    return now


def deliver(plan: Plan, request: Request, now: float) -> None:
    for block in range(request.first_block, request.stop_block):
        plan.block_arrived(block, now)
    plan.finished(request.id, now)


# --- servers ----------------------------------------------------------------------------------


def test_origin_is_asked_for_runs_in_order_one_at_a_time() -> None:
    plan = plan_for(20, ORIGIN)
    seen = []
    for now in range(3):
        request = only(plan)
        assert plan.drain() == []
        seen.append((request.first_block, request.block_count))
        deliver(plan, request, float(now))
    assert seen == [(0, 8), (8, 8), (16, 4)]
    assert plan.drain() == []
    assert plan.wake_at() == NEVER


def test_runs_end_where_nothing_is_missing() -> None:
    plan = plan_for(8, ORIGIN)
    plan.remove_missing(RangeSet([(3, 5)]), 0.0)
    first = only(plan)
    assert (first.first_block, first.block_count) == (0, 3)
    deliver(plan, first, 1.0)
    assert only(plan).first_block == 5


def test_servers_go_by_kind_then_by_order() -> None:
    plan = plan_for(8, ORIGIN, MIRROR, RELAY)
    for expected in (RELAY, MIRROR, ORIGIN):
        request = only(plan)
        assert request.source == expected
        plan.failed(request.id, "status_404", 1.0, permanent=True)
    (exhausted,) = plan.drain()
    assert exhausted == Exhausted("origin_status_404", NEVER)  # of no use: nothing to come back for


def test_one_accident_of_a_relay_is_no_reason_to_pay_for_the_origin() -> None:
    plan = plan_for(8, ORIGIN, RELAY)
    plan.failed(only(plan).id, "reset", 1.0)
    now = wake(plan)
    assert 1.3 < now < 1.7
    again = only(plan)
    assert again.source == RELAY
    assert plan.fallbacks == {}


def test_two_failures_of_a_relay_are() -> None:
    log = EventLog()
    plan = plan_for(16, ORIGIN, RELAY, trace=log)
    plan.failed(only(plan).id, "reset", 1.0)
    now = wake(plan)
    plan.failed(only(plan).id, "refused", now)
    request = only(plan)
    assert request.source == ORIGIN
    assert now < 2.0  # seconds, not minutes
    assert plan.fallbacks == {"relay_refused": 1}
    (event,) = log.named("http_fetch.fallback")
    assert event.fields["why"] == "relay_refused"

    deliver(plan, request, now + 5.0)  # and the relay is tried again as soon as it may be
    assert only(plan).source == RELAY


def test_fallback_is_counted_once_not_with_every_run() -> None:
    plan = plan_for(40, ORIGIN, RELAY)
    plan.failed(only(plan).id, "status_404", 1.0, permanent=True)
    for now in range(5):
        deliver(plan, only(plan), float(now))
    assert plan.fallbacks == {"relay_status_404": 1}


def test_a_few_short_retries_then_minutes() -> None:
    plan = plan_for(8, ORIGIN)
    moments = []
    now = 0.0
    for _ in range(5):
        plan.failed(only(plan).id, "refused", now)
        moments.append(now)
        if len(moments) < 5:
            now = wake(plan)
    gaps = [after - before for before, after in pairwise(moments)]
    for gap, nominal in zip(gaps, (0.5, 1, 2, 4), strict=True):
        assert 0.75 * nominal <= gap <= 1.25 * nominal
    (exhausted,) = plan.drain()
    assert isinstance(exhausted, Exhausted)
    assert exhausted.reason == "origin_refused"
    assert RETRY_BACKOFF_S[0] <= exhausted.retry_at - now <= 1.25 * RETRY_BACKOFF_S[0]
    assert plan.wake_at() == exhausted.retry_at


def exhaust(plan: Plan, now: float) -> tuple[float, Exhausted]:
    """Fail every request until nobody is left to ask."""
    while True:
        outputs = plan.drain()
        for output in outputs:
            if isinstance(output, Exhausted):
                return now, output
            assert isinstance(output, Request)
            plan.failed(output.id, "refused", now)
        now = now if outputs else wake(plan)


def test_attempts_come_ever_less_often_and_progress_starts_over() -> None:
    plan = plan_for(80, ORIGIN)
    now, waits = 0.0, []
    for _ in range(9):
        now, exhausted = exhaust(plan, now)
        waits.append(exhausted.retry_at - now)
        now = wake(plan)
    expected = [*RETRY_BACKOFF_S, RETRY_BACKOFF_S[-1], RETRY_BACKOFF_S[-1]]
    for wait_s, nominal in zip(waits, expected, strict=True):
        assert nominal <= wait_s <= 1.25 * nominal

    request = only(plan)
    plan.block_arrived(request.first_block, now)
    plan.failed(request.id, "reset", now)
    now, exhausted = exhaust(plan, now)
    assert exhausted.retry_at - now <= 1.25 * RETRY_BACKOFF_S[0]


def test_without_a_backoff_the_first_failed_attempt_is_the_last() -> None:
    plan = plan_for(8, ORIGIN, backoff=())
    _, exhausted = exhaust(plan, 0.0)
    assert exhausted.retry_at == NEVER
    assert plan.wake_at() == NEVER


def test_progress_forgives_so_a_flaky_line_never_exhausts() -> None:
    plan = plan_for(50, ORIGIN, run=50)
    now = 0.0
    for _ in range(50):
        request = only(plan)
        plan.block_arrived(request.first_block, now)
        plan.failed(request.id, "truncated", now)
        if request.first_block < 49:
            now = wake(plan)
    assert plan.drain() == []
    assert plan.wake_at() == NEVER


def test_retry_after_is_honoured_and_not_by_a_thousand_at_once() -> None:
    moments = set()
    for seed in range(20):
        plan = plan_for(8, ORIGIN, seed=seed)
        plan.failed(only(plan).id, "status_503", 10.0, retry_after_s=20.0)
        assert plan.drain() == []
        assert 30.0 <= plan.wake_at() <= 35.0
        moments.add(round(plan.wake_at(), 3))
    assert len(moments) > 15


def test_retry_after_of_zero_is_no_loop() -> None:
    plan = plan_for(8, ORIGIN)
    now, asked = 0.0, 0
    while now < 10.0:
        asked += 1
        plan.failed(only(plan).id, "status_503", now, retry_after_s=0.0)
        now = wake(plan)
    assert asked <= 101


def test_a_server_that_puts_us_off_for_ever_is_out_after_a_minute() -> None:
    plan = plan_for(8, ORIGIN)
    now = 0.0
    while True:
        (output,) = plan.drain() or [wake(plan)]
        if isinstance(output, Exhausted):
            break
        if isinstance(output, Request):
            plan.failed(output.id, "status_503", now, retry_after_s=5.0)
        else:
            now = output
    assert 50.0 < now < 65.0


def test_a_relay_that_asks_for_two_seconds_gets_them_one_that_asks_for_a_minute_does_not() -> None:
    for wait_s, expected in ((2.0, None), (60.0, ORIGIN)):
        plan = plan_for(8, ORIGIN, RELAY)
        plan.failed(only(plan).id, "status_503", 1.0, retry_after_s=wait_s)
        outputs = plan.drain()
        assert [one.source for one in outputs if isinstance(one, Request)] == (
            [expected] if expected else []
        )


def test_a_request_that_ends_without_its_blocks_counts_against_its_source() -> None:
    plan = plan_for(1, ORIGIN, backoff=())
    now = 0.0
    for _ in range(4):
        plan.finished(only(plan).id, now)
        now = wake(plan)
    plan.finished(only(plan).id, now)
    assert plan.drain() == [Exhausted("origin_incomplete", NEVER)]


def test_origin_not_allowed_is_not_asked_and_taken_back_if_it_was() -> None:
    plan = plan_for(8, ORIGIN)
    request = only(plan)
    plan.allow_origin(False, 1.0)
    assert plan.drain() == [Cancel(request.id), Exhausted("origin_not_allowed", NEVER)]
    assert plan.wake_at() == NEVER
    plan.allow_origin(True, 2.0)
    assert only(plan).source == ORIGIN


# --- peers ------------------------------------------------------------------------------------


def test_peers_are_asked_for_one_block_each_over_distinct_peers() -> None:
    plan = plan_for(20, *PEERS, ORIGIN)
    requests = [one for one in plan.drain() if isinstance(one, Request)]
    assert [one.first_block for one in requests] == [0, 1, 2, 3]
    assert all(one.block_count == 1 for one in requests)
    assert [one.source for one in requests] == PEERS[:4]  # the lower order first


def test_one_peer_gets_two_at_most() -> None:
    plan = plan_for(20, PEERS[0], parallel=8)
    assert len(plan.drain()) == 2


def test_origin_is_not_asked_while_a_peer_is_good_for_it() -> None:
    plan = plan_for(20, PEERS[0], ORIGIN)
    now = 0.0
    for _ in range(20):
        for output in plan.drain():
            assert isinstance(output, Request)
            assert output.source.kind == "peer"
            deliver(plan, output, now)
        now += 1.0
    assert plan.drain() == []
    assert plan.fallbacks == {}


def test_what_no_peer_holds_and_only_that_comes_from_the_origin() -> None:
    plan = plan_for(6, PEERS[0], PEERS[1], ORIGIN)
    from_origin: set[int] = set()
    for now in range(40):
        for output in plan.drain():
            assert isinstance(output, Request)
            if output.source.kind == "peer" and output.first_block in (2, 3):
                plan.failed(output.id, "status_404", float(now), permanent=True)
            else:
                if output.source.kind == "origin":
                    from_origin |= set(range(output.first_block, output.stop_block))
                deliver(plan, output, float(now))
    assert from_origin == {2, 3}
    assert plan.fallbacks == {"peer_not_held": 1}


def test_a_peer_that_lacks_a_block_is_asked_for_others_and_not_for_it_again() -> None:
    plan = plan_for(3, PEERS[0], parallel=1, backoff=())
    asked = []
    for now in range(9):
        for output in plan.drain():
            if isinstance(output, Exhausted):
                assert output.reason == "peer_not_held"
                assert asked == [0, 1, 2]
                return
            assert isinstance(output, Request)
            asked.append(output.first_block)
            if output.first_block == 0:
                plan.failed(output.id, "status_404", float(now), permanent=True)
            else:
                deliver(plan, output, float(now))
    raise AssertionError("never exhausted")


def test_a_peer_that_will_have_the_block_later_is_waited_for_without_the_origin() -> None:
    plan = plan_for(1, PEERS[0], ORIGIN)
    now = 0.0
    for _ in range(200):  # a representative on a very slow line
        request = only(plan)
        assert request.source == PEERS[0]
        plan.failed(request.id, "status_425", now, retry_after_s=1.0)
        assert plan.drain() == []
        assert plan.wake_at() == pytest.approx(now + 1.0)
        now = wake(plan)


def test_busy_peers_name_others() -> None:
    plan = plan_for(1, PEERS[0])
    plan.failed(only(plan).id, "status_503", 0.0, retry_after_s=5.0, ask_instead=PEERS[:3])
    assert only(plan).source in PEERS[1:3]


def test_a_busy_peer_cannot_make_us_remember_a_thousand_others() -> None:
    plan = plan_for(2000, PEERS[0], parallel=2000)
    request = plan.drain()[0]
    assert isinstance(request, Request)
    many = [Source("peer", f"10.1.0.{number}:1") for number in range(1000)]
    plan.failed(request.id, "status_503", 0.0, retry_after_s=5.0, ask_instead=many)
    asked = {one.source for one in plan.drain() if isinstance(one, Request)}
    assert len(asked) < 65


def test_dead_peers_are_passed_over_for_the_origin_within_seconds() -> None:
    plan = plan_for(8, *PEERS[:2], ORIGIN)
    now = 0.0
    while True:
        requests = [one for one in plan.drain() if isinstance(one, Request)]
        if any(one.source == ORIGIN for one in requests):
            break  # (the peers' short retries may still be under way)
        for request in requests:
            plan.failed(request.id, "refused", now)
        if not requests:
            now = wake(plan)
    assert now < 3.0
    assert list(plan.fallbacks) == ["peer_refused"]


# --- what comes from elsewhere ----------------------------------------------------------------


def test_a_request_whose_blocks_came_otherwise_is_cancelled() -> None:
    plan = plan_for(8, ORIGIN)
    request = only(plan)
    for block in (7, 6, 5, 4, 3, 2, 1, 0):
        plan.block_arrived(block, 1.0)
    assert plan.drain() == [Cancel(request.id)]
    plan.finished(request.id, 2.0)  # too late, and without effect
    assert plan.drain() == []


def test_a_request_at_its_own_end_is_given_a_moment_to_finish() -> None:
    plan = plan_for(8, ORIGIN)
    request = only(plan)
    for block in range(8):
        plan.block_arrived(block, 1.0)
    assert plan.drain() == []
    assert plan.wake_at() == 2.0
    plan.wake(2.0)
    assert plan.drain() == [Cancel(request.id)]


def test_a_removed_source_is_cancelled_and_its_blocks_go_to_another() -> None:
    plan = plan_for(8, ORIGIN, RELAY)
    request = only(plan)
    plan.remove_source(RELAY, 1.0)
    cancel, again = plan.drain()
    assert cancel == Cancel(request.id)
    assert isinstance(again, Request)
    assert again.source == ORIGIN
    assert again.first_block == 0


def test_nobody_to_ask_is_said_once_and_a_new_source_resumes() -> None:
    plan = plan_for(8)
    assert plan.drain() == [Exhausted("no_source", NEVER)]
    plan.wake(1.0)
    assert plan.drain() == []
    plan.add_source(ORIGIN, 2.0)
    assert only(plan).source == ORIGIN


def test_a_source_named_anew_is_fit_again() -> None:
    plan = plan_for(8, ORIGIN)
    plan.failed(only(plan).id, "status_404", 1.0, permanent=True)
    plan.drain()
    plan.add_source(ORIGIN, 2.0)
    assert only(plan).source == ORIGIN


def test_wanted_later_is_asked_later_and_never_twice() -> None:
    plan = plan_for(4, ORIGIN)
    request = only(plan)
    plan.add_missing(RangeSet([(2, 6)]), 1.0)
    assert plan.drain() == []
    deliver(plan, request, 2.0)
    again = only(plan)
    assert (again.first_block, again.block_count) == (4, 2)


def test_reports_of_unknown_requests_change_nothing() -> None:
    plan = plan_for(8, ORIGIN)
    request = only(plan)
    plan.finished(99, 1.0)
    plan.failed(99, "refused", 1.0)
    plan.block_arrived(10**9, 1.0)
    assert plan.drain() == []
    deliver(plan, request, 2.0)
    plan.failed(request.id, "refused", 3.0)
    assert plan.drain() == []


def test_the_plans_copy_of_missing_is_its_own() -> None:
    missing = RangeSet([(0, 4)])
    plan = Plan(missing=missing, sources=[ORIGIN], now=0.0, rng=Random(1), run_blocks_max=8,
                peers_parallel=1)  # fmt: skip
    missing.remove(0, 4)
    assert only(plan).block_count == 4


# --- simulation -------------------------------------------------------------------------------


@dataclass
class World:
    """Sources that fail by seed, a clock that jumps, and the rules checked at every request."""

    plan: Plan
    rng: Random
    fails: dict[str, float]
    lacks: dict[str, set[int]]
    missing: set[int]
    now: float = 0.0
    flying: dict[int, Request] = field(default_factory=dict)
    requests: Counter[str] = field(default_factory=Counter)

    def run(self, *, until: float) -> None:
        while self.missing and self.now < until:
            self._take(self.plan.drain())
            if self.flying and self.rng.random() < 0.8:
                self.now += self.rng.random()
                self._end(self.flying.pop(self.rng.choice(list(self.flying))))
            elif self.flying or self.plan.wake_at() < NEVER:
                self.now = max(self.now, min(self.plan.wake_at(), self.now + 60.0))
                self.plan.wake(self.now)
            else:
                return

    def _take(self, outputs: list[Request | Cancel | Exhausted]) -> None:
        for output in outputs:
            if isinstance(output, Cancel):
                self.flying.pop(output.id, None)
            elif isinstance(output, Request):
                self._check(output)
                self.flying[output.id] = output
                self.requests[output.source.address] += 1

    def _check(self, request: Request) -> None:
        blocks = set(range(request.first_block, request.stop_block))
        assert blocks <= self.missing
        for other in self.flying.values():
            assert blocks.isdisjoint(range(other.first_block, other.stop_block))
        if request.source.kind == "peer":
            assert request.block_count == 1
        else:
            assert all(other.source.kind == "peer" for other in self.flying.values())

    def _end(self, request: Request) -> None:
        name = request.source.address
        lacking = self.lacks.get(name, set())
        for block in range(request.first_block, request.stop_block):
            if block in lacking and request.source.kind == "peer":
                self.plan.failed(request.id, "status_404", self.now, permanent=True)
                return
            if self.rng.random() < self.fails[name]:
                retry = self.rng.choice([None, None, 0.0, 3.0, 500.0])
                self.plan.failed(request.id, "reset", self.now, retry_after_s=retry)
                return
            self.missing.discard(block)
            self.plan.block_arrived(block, self.now)
        self.plan.finished(request.id, self.now)


def world(seed: int, *, blocks: int, fails: dict[Source, float], **more: object) -> World:
    plan = plan_for(blocks, *fails, seed=seed, **more)  # type: ignore[arg-type]  # run, parallel
    by_name = {source.address: share for source, share in fails.items()}
    return World(plan, Random(seed), by_name, {}, set(range(blocks)))


@pytest.mark.parametrize("seed", range(60))
def test_everything_comes_while_any_source_works_at_times(seed: int) -> None:
    rng = Random(seed)
    fails = {source: 1.0 for source in (*PEERS, RELAY, MIRROR, ORIGIN)}
    fails[rng.choice(list(fails))] = 0.5
    one = world(seed, blocks=40, fails=fails)
    one.run(until=30 * 86_400.0)
    assert not one.missing


@pytest.mark.parametrize("seed", range(30))
def test_holders_of_parts_are_enough_together(seed: int) -> None:
    one = world(seed, blocks=60, fails={source: 0.1 for source in PEERS})
    rng = Random(seed)
    for peer in PEERS:
        one.lacks[peer.address] = {block for block in range(60) if rng.random() < 0.5}
    for block in range(60):
        one.lacks[rng.choice(PEERS).address].discard(block)
    one.run(until=30 * 86_400.0)
    assert not one.missing


@pytest.mark.parametrize("seed", range(20))
def test_a_dead_origin_hears_from_us_a_few_times_an_attempt(seed: int) -> None:
    one = world(seed, blocks=10, fails={ORIGIN: 1.1})
    one.run(until=86_400.0)
    attempts = 1 + 6 + 12  # at once, after 3 to 96 minutes (189 in all), then every two hours
    assert 5 <= one.requests[ORIGIN.address] <= 5 * attempts


@settings(max_examples=80, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    blocks=st.integers(1, 50),
    run=st.integers(1, 20),
    parallel=st.integers(1, 8),
    fails=st.dictionaries(
        st.sampled_from([*PEERS, RELAY, MIRROR, ORIGIN]), st.floats(0, 0.9), min_size=1
    ),
)
def test_no_block_is_asked_for_twice_at_a_time_and_all_come(
    seed: int, blocks: int, run: int, parallel: int, fails: dict[Source, float]
) -> None:
    one = world(seed, blocks=blocks, fails=fails, run=run, parallel=parallel)
    one.run(until=60 * 86_400.0)
    assert not one.missing
    one._take(one.plan.drain())
    one.plan.wake(one.now + FINISH_S)
    one._take(one.plan.drain())
    assert one.flying == {}  # nothing is left running for nothing
    assert one.plan.wake_at() == NEVER
