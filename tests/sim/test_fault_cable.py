"""Promises about a machine whose cable is out: for a moment, a lease, or longer than a rest."""

from __future__ import annotations

import pytest
from moments import MOMENTS, receivers, run_to, session
from observed import note
from promises import EACH, finish
from segment import SETTLE_S, Segment
from segment_web import HTTP_LATENCY_S

from mcastdist.ids import NodeId

AWAY_S = (0.5, 1.5, 4.0, 30.0, 200.0)  # less than a settling, than a lease, than a back-off, ...
RETRY_S = (300.0,)
BACK_S_MAX = 15.0


def _away(segment: Segment, node: NodeId, away_s: float, *, wan: bool = False) -> None:
    """Out for so long; nobody else knows why it is silent."""
    segment.unplug(node, wan=wan)
    segment.run_until(segment.now + away_s)
    segment.plug(node)
    segment.struck_at = segment.now


@pytest.mark.parametrize("away_s", AWAY_S)
@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("seed", EACH)
def test_a_receiver_whose_cable_is_out_pays_for_nothing_when_it_is_back(
    seed: int, moment: str, away_s: float
) -> None:
    """What its neighbours hold it takes from them, and soon, however long it was away."""
    segment = session(seed, moment, retry_backoff_s=RETRY_S)
    run_to(segment, moment)
    away = receivers(segment)[seed % 4]
    segment.excuse = "for the second in which interfaces settle it does not know that it is back"
    _away(segment, away.id, away_s)
    back_at = segment.now
    finish(segment, until=back_at + 90.0)
    assert away.done_at is not None
    assert away.done_at - back_at <= BACK_S_MAX
    paid = [one.at - back_at for one in segment.contents[0].fetches if one.node == away.id]
    assert all(after_s <= SETTLE_S + HTTP_LATENCY_S for after_s in paid)


@pytest.mark.parametrize("away_s", AWAY_S)
@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("seed", EACH)
def test_a_representative_whose_cable_is_out_is_replaced_and_goes_on_as_a_receiver(
    seed: int, moment: str, away_s: float
) -> None:
    """The others pay again only for what it alone had; it pays for nothing when it is back."""
    segment = session(seed, moment, retry_backoff_s=RETRY_S)
    away = segment.machines[run_to(segment, moment)]
    _away(segment, away.id, away_s)
    paid_bytes = away.source_bytes["origin"]
    finish(segment, until=segment.now + 90.0)
    if away_s > 4.0:
        assert away.source_bytes["origin"] == paid_bytes
    note("paid by it when back, bytes", away.source_bytes["origin"] - paid_bytes)
    assert segment.wan_copies <= 2.0


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("seed", EACH)
def test_who_has_another_way_to_the_origin_waits_for_its_cable_before_it_pays(
    seed: int, moment: str
) -> None:
    """Out for 5 s it pays nothing; out for long it completes alone."""
    segment = session(seed, moment, retry_backoff_s=RETRY_S)
    run_to(segment, moment)
    shortly, long, *_ = receivers(segment)
    segment.unplug(long.id, wan=True)
    _away(segment, shortly.id, 5.0, wan=True)
    finish(segment, until=segment.now + 90.0)
    assert shortly.source_bytes["origin"] == 0
    assert long.done_at is not None
    assert segment.wan_copies <= 2.0


@pytest.mark.parametrize("seed", EACH)
def test_machines_that_start_before_their_network_do_not_pay_one_by_one(seed: int) -> None:
    segment = Segment(nodes=5, seed=seed, retry_backoff_s=RETRY_S, is_connected=False)
    for node in segment.machines:
        segment.unplug(node)
    segment.start()
    segment.run_until(2.0 + seed)
    for node in segment.machines:
        segment.plug(node)
    finish(segment)
    assert segment.wan_copies == 1.0
