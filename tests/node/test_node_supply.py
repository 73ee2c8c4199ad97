"""Blocks outside the stream: the plan of `http_fetch`, spoken as orders."""

from __future__ import annotations

from node_kit import environment, of_kind

from mcastdist.http_fetch import Source
from mcastdist.node import CancelRequest, GetBlocks
from mcastdist.node.supply import PEERS_PARALLEL, RUN_BLOCKS_MAX, Supply
from mcastdist.ranges import RangeSet
from mcastdist.timers import NEVER

ORIGIN = Source("origin", "http://origin.example/p", 10)
PEER = Source("peer", "10.0.0.2:8000", 0)


def _supply(*sources: Source, want: RangeSet | None = None) -> Supply:
    supply = Supply(task="task", env=environment(), now=0.0)
    supply.use(sources, now=0.0)
    if want is not None:
        supply.want(want, now=0.0)
    return supply


def _orders(supply: Supply) -> list[GetBlocks]:
    return [one for one in supply.drain() if isinstance(one, GetBlocks)]


def test_a_server_is_asked_for_runs() -> None:
    supply = _supply(ORIGIN, want=RangeSet([(0, 100)]))
    (order,) = _orders(supply)
    assert (order.source, order.first, order.count) == (ORIGIN, 0, RUN_BLOCKS_MAX)
    assert supply.under_way == 1
    assert supply.has_servers


def test_peers_are_asked_for_single_blocks_a_few_at_a_time() -> None:
    peers = [Source("peer", f"10.0.0.{number}:8000") for number in range(2, 9)]
    orders = _orders(_supply(*peers, want=RangeSet([(0, 100)])))
    assert len(orders) == PEERS_PARALLEL
    assert {order.count for order in orders} == {1}


def test_what_came_from_elsewhere_is_not_asked_for() -> None:
    supply = _supply(PEER, want=RangeSet([(0, 3)]))
    supply.block_held(0, now=0.0)
    assert {order.first for order in _orders(supply)} == {1, 2}


def test_what_comes_while_it_is_fetched_is_cancelled() -> None:
    supply = _supply(PEER, want=RangeSet([(0, 1)]))
    (order,) = _orders(supply)
    supply.want(RangeSet(), now=1.0)
    assert supply.drain() == [CancelRequest("task", order.request)]
    assert supply.wake_at() == NEVER


def test_a_source_that_may_not_be_asked_any_more_is_cancelled() -> None:
    supply = _supply(ORIGIN, want=RangeSet([(0, 9)]))
    (order,) = _orders(supply)
    supply.use([PEER], now=1.0)
    commands = supply.drain()
    assert CancelRequest("task", order.request) in commands
    assert {one.source for one in of_kind(commands, GetBlocks) if isinstance(one, GetBlocks)} == {
        PEER
    }
    assert not supply.has_servers


def test_when_all_fail_it_says_so_and_tries_again() -> None:
    supply, now = _supply(ORIGIN, want=RangeSet([(0, 9)])), 0.0
    orders = _orders(supply)
    while supply.exhausted is None and now < 60.0:
        for order in orders:
            assert supply.failed(order.request, "refused", now=now)
        now = supply.wake_at()
        supply.wake(now=now)
        orders = _orders(supply)
    assert supply.exhausted is not None
    assert supply.exhausted.reason == "origin_refused"
    assert now < supply.exhausted.retry_at < NEVER

    supply.wake(now=supply.exhausted.retry_at)
    assert len(_orders(supply)) == 1
    assert supply.exhausted is None


def test_when_the_only_server_fails_for_good_there_is_nothing_to_retry() -> None:
    supply = _supply(ORIGIN, want=RangeSet([(0, 9)]))
    (order,) = _orders(supply)
    supply.failed(order.request, "status_404", now=1.0, permanent=True)
    supply.drain()
    assert supply.exhausted is not None
    assert supply.exhausted.retry_at == NEVER


def test_a_new_source_ends_exhaustion() -> None:
    supply = _supply(want=RangeSet([(0, 9)]))
    supply.drain()
    assert supply.exhausted is not None
    supply.use([PEER], now=1.0)
    assert supply.exhausted is None
    assert _orders(supply)


def test_reports_of_others_requests_are_told_from_ours() -> None:
    supply = _supply(ORIGIN, want=RangeSet([(0, 9)]))
    (order,) = _orders(supply)
    assert not supply.finished(order.request + 1, now=1.0)
    assert not supply.failed(order.request + 1, "refused", now=1.0)
    assert supply.finished(order.request, now=1.0)
    assert not supply.finished(order.request, now=1.0)


def test_busy_peers_name_others_who_are_asked() -> None:
    supply = _supply(PEER, want=RangeSet([(0, 1)]))
    (order,) = _orders(supply)
    other = Source("peer", "10.0.0.9:8000", 1)
    supply.failed(order.request, "busy", now=0.1, retry_after_s=30.0, ask_instead=[other])
    assert [one.source for one in _orders(supply)] == [other]


def test_stop_cancels_everything() -> None:
    supply = _supply(PEER, want=RangeSet([(0, 9)]))
    orders = _orders(supply)
    supply.stop(now=1.0)
    assert supply.drain() == [CancelRequest("task", order.request) for order in orders]
    assert supply.under_way == 0
    assert supply.wake_at() == NEVER


def test_a_block_that_was_lost_is_fetched_again() -> None:
    supply = _supply(ORIGIN, want=RangeSet([(0, 1)]))
    (order,) = _orders(supply)
    supply.block_held(0, now=1.0)
    supply.finished(order.request, now=1.0)
    supply.want(RangeSet([(0, 1)]), now=1.0)
    assert [one.first for one in _orders(supply)] == [0]


def test_steps_to_a_costlier_source_are_counted_over_all_plans() -> None:
    supply = _supply(PEER, ORIGIN, want=RangeSet([(0, 1)]))
    (order,) = _orders(supply)
    supply.failed(order.request, "refused", now=0.0, permanent=True)
    (order,) = _orders(supply)
    assert order.source == ORIGIN
    assert supply.fallbacks == {"peer_refused": 1}
    supply.stop(now=1.0)
    assert supply.fallbacks == {"peer_refused": 1}
