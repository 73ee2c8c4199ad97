"""One source's standing: ready, waiting, out, barred."""

from __future__ import annotations

from random import Random

import pytest

from mcastdist.http_fetch.sources import PATIENCE_S, RETRY_S, Health, Source
from mcastdist.ranges import RangeSet

PEER = Source("peer", "10.0.0.1:7447", 3)
ORIGIN = Source("origin", "http://origin/p", 2)


def fail(health: Health, now: float, **more: object) -> None:
    given: dict[str, object] = {"permanent": False, "retry_after_s": None} | more
    health.failed("refused", now=now, rng=Random(1), **given)  # type: ignore[arg-type]  # as named


def test_rank_is_by_cost_and_order_and_peers_are_alike() -> None:
    assert PEER.rank == Source("peer", "10.0.0.2:1", 0).rank
    assert PEER.rank < Source("relay", "http://r").rank < ORIGIN.rank
    assert ORIGIN.rank < Source("origin", "http://other", 3).rank


def test_out_after_all_short_retries_and_forgiven_by_a_block() -> None:
    health = Health(ORIGIN)
    for _ in RETRY_S:
        fail(health, 0.0)
        assert not health.is_out
    health.progress()
    for _ in RETRY_S:
        fail(health, 0.0)
        assert not health.is_out
    fail(health, 0.0)
    assert health.is_out
    assert health.moments() == []


def test_a_new_attempt_forgives_all_but_what_is_permanent() -> None:
    health = Health(ORIGIN)
    fail(health, 0.0, permanent=True)
    health.new_attempt()
    assert not health.is_ready(1e9)
    health.renew(ORIGIN)
    assert health.is_ready(0.0)


def test_a_new_attempt_does_not_shorten_a_retry_after() -> None:
    health = Health(ORIGIN)
    fail(health, 0.0, retry_after_s=400.0)
    assert health.is_out
    health.new_attempt()
    assert not health.is_ready(399.0)
    assert health.is_ready(500.0)


def test_retry_after_is_clamped() -> None:
    health = Health(ORIGIN)
    fail(health, 0.0, retry_after_s=1e12)
    health.new_attempt()
    assert health.is_ready(3600.0 * 1.25)


@pytest.mark.parametrize(("wait_s", "worth"), [(PATIENCE_S / 2, True), (PATIENCE_S + 1, False)])
def test_waiting_pays_up_to_a_point(wait_s: float, worth: bool) -> None:
    health = Health(PEER)
    fail(health, 100.0, retry_after_s=wait_s)
    assert health.is_worth_waiting_for() is worth


def test_patience_is_counted_from_the_first_disappointment() -> None:
    health = Health(PEER)
    for now in (0.0, 5.0, 10.0):
        fail(health, now, retry_after_s=4.0)
    assert not health.is_worth_waiting_for()


def test_first_of_skips_what_it_refused_and_what_comes_later() -> None:
    health = Health(PEER)
    free = RangeSet([(2, 8), (10, 12)])
    assert health.only_lacks(2, 4, "status_404", now=0.0, retry_after_s=None)
    assert health.only_lacks(4, 5, "status_425", now=0.0, retry_after_s=9.0)
    assert health.first_of(free, 0.0) == 5
    assert health.first_of(free, 9.0) == 4
    assert not health.refuses_all(free)
    health.only_lacks(0, 20, "not_held", now=0.0, retry_after_s=None)
    assert health.first_of(free, 0.0) is None
    assert health.refuses_all(free)


def test_for_a_server_not_found_is_no_detail() -> None:
    assert not Health(ORIGIN).only_lacks(0, 1, "status_404", now=0.0, retry_after_s=None)


def test_later_is_forgotten_when_it_has_come() -> None:
    health = Health(PEER)
    for now in range(1000):
        health.only_lacks(now, now + 1, "status_425", now=float(now), retry_after_s=2.0)
    assert len(health.later) < 5
