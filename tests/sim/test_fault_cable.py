"""Promises about a machine whose cable is out: for a moment, a lease, or longer than a rest."""

from __future__ import annotations

import pytest
from moments import MOMENTS, receivers, run_to, session
from observed import note
from promises import AT_EACH, AT_EACH_FOR, finish
from segment import HURRY_S, TWO_CABLES, Segment
from segment_machine import Fetch
from segment_web import HTTP_LATENCY_S

from mcastdist.ids import NodeId
from mcastdist.timers import NEVER

AWAY_S = (0.5, 1.5, 4.0, 30.0, 200.0)  # less than a settling, than a lease, than a back-off, ...
LEASE_OVER_S = 4.0
RETRY_S = (300.0,)
BACK_S_MAX = 15.0
UNKNOWING = "for a moment it does not know that it is back, and a retry may fall into that"


def _away(segment: Segment, node: NodeId, away_s: float, *, wan: bool = False) -> float:
    """Out for so long; nobody else knows why it is silent. When it is back."""
    segment.excuse = UNKNOWING
    segment.unplug(node, wan=wan)
    segment.run_until(segment.now + away_s)
    segment.plug(node)
    segment.struck_at = segment.now
    return segment.now


def _paid_since(segment: Segment, back_at: float) -> list[Fetch]:
    """What was asked of the origin by who knew that the network is back."""
    known_at = back_at + HURRY_S + HTTP_LATENCY_S
    return [one for one in segment.contents[0].fetches if one.at > known_at]


@pytest.mark.parametrize("away_s", AWAY_S)
@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("seed", AT_EACH_FOR)
def test_a_receiver_whose_cable_is_out_pays_for_nothing_when_it_is_back(
    seed: int, moment: str, away_s: float
) -> None:
    """What its neighbours hold it takes from them, and soon, however long it was away."""
    segment = session(seed, moment, retry_backoff_s=RETRY_S)
    run_to(segment, moment)
    away = receivers(segment)[seed % 4]
    back_at = _away(segment, away.id, away_s)
    finish(segment, until=back_at + 90.0)
    assert away.done_at is not None
    assert away.done_at - back_at <= BACK_S_MAX
    assert away.id not in {one.node for one in _paid_since(segment, back_at)}


@pytest.mark.parametrize("away_s", AWAY_S)
@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("seed", AT_EACH_FOR)
def test_a_representative_whose_cable_is_out_is_replaced_and_goes_on_as_a_receiver(
    seed: int, moment: str, away_s: float
) -> None:
    """The others pay again only for what it alone had; it pays for nothing when it is back."""
    segment = session(seed, moment, retry_backoff_s=RETRY_S)
    away = segment.machines[run_to(segment, moment)]
    back_at = _away(segment, away.id, away_s)
    finish(segment, until=back_at + 90.0)
    paid = [one for one in _paid_since(segment, back_at) if one.node == away.id]
    note("blocks paid by it when back", len(paid))
    if away_s > LEASE_OVER_S:
        assert paid == []
    assert not [one for one in paid if one.holders]
    assert segment.wan_copies <= 2.0


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("seed", AT_EACH)
def test_who_has_another_way_to_the_origin_waits_for_its_cable_before_it_pays(
    seed: int, moment: str
) -> None:
    """Out for 5 s it pays nothing; out for long it completes alone."""
    segment = session(seed, moment, retry_backoff_s=RETRY_S)
    run_to(segment, moment)
    shortly, long, *_ = receivers(segment)
    segment.unplug(long.id, wan=True)
    back_at = _away(segment, shortly.id, 5.0, wan=True)
    finish(segment, until=back_at + 90.0)
    assert shortly.source_bytes["origin"] == 0
    assert long.done_at is not None
    assert segment.wan_copies <= 2.0


@pytest.mark.parametrize("away_s", AWAY_S)
@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("seed", AT_EACH_FOR)
def test_one_of_two_cables_may_be_out_for_as_long_as_it_likes(
    seed: int, moment: str, away_s: float
) -> None:
    """The representative's or a receiver's, and the origin is on it: when it is back they ask."""
    segment = session(seed, moment, retry_backoff_s=RETRY_S, networks=TWO_CABLES)
    representative = run_to(segment, moment)
    away = representative if seed % 2 else receivers(segment)[0].id
    back_at = _away(segment, away, away_s)
    finish(segment, until=back_at + 400.0)
    paid = [one for one in _paid_since(segment, back_at) if one.node == away]
    note("blocks paid by it when it knows", len(paid))
    assert not [one for one in paid if one.holders]
    assert max(m.done_at or NEVER for m in segment.machines.values()) - back_at <= BACK_S_MAX
    assert segment.wan_copies <= 2.0


@pytest.mark.parametrize("without_s", [1.0, 8.0, 25.0, 400.0])
@pytest.mark.parametrize("seed", AT_EACH)
def test_machines_that_start_before_their_network_do_not_pay_one_by_one(
    seed: int, without_s: float
) -> None:
    segment = Segment(nodes=5, seed=seed, retry_backoff_s=RETRY_S, is_connected=False)
    segment.excuse = UNKNOWING
    for node in segment.machines:
        segment.unplug(node)
    segment.start()
    segment.run_until(without_s)
    for node in segment.machines:
        segment.plug(node)
    finish(segment, until=without_s + 90.0)
    paid = _paid_since(segment, without_s)
    assert not [one for one in paid if one.holders]
    assert len(paid) <= segment.contents[0].block_count
