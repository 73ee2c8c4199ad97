"""Promises about a representative to which something happens, at every moment of its session."""

from __future__ import annotations

import pytest
from invariants import fetched_in_vain
from moments import MOMENTS, goes_on_after, receivers, run_to, session, streams_after
from observed import note
from promises import AT_EACH, EACH, finish
from segment import Segment

from mcastdist.ids import NodeId

GOES_ON_S_MAX = 3.0
SPLIT = 1  # a side on which nobody else is


def _goes_on(segment: Segment, moment: str, struck_at: float, representative: NodeId) -> None:
    """Somebody else represents soon, and streams if there are two who still lack something."""
    replaced = goes_on_after(segment, struck_at, but=representative)
    assert replaced is not None
    note("replaced after, s", replaced)
    assert replaced <= GOES_ON_S_MAX
    if moment in ("first_second", "half_way"):
        resumed = streams_after(segment, struck_at)
        assert resumed is not None
        note("streams again after, s", resumed)
        assert resumed <= GOES_ON_S_MAX


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("seed", AT_EACH)
def test_killed_at_any_moment_it_is_replaced_within_three_seconds(seed: int, moment: str) -> None:
    segment = session(seed, moment)
    representative, struck_at = run_to(segment, moment), segment.now
    segment.kill(representative)
    finish(segment)
    _goes_on(segment, moment, struck_at, representative)


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("seed", AT_EACH)
def test_frozen_at_any_moment_it_is_replaced_and_yields_when_it_wakes(
    seed: int, moment: str
) -> None:
    segment = session(seed, moment)
    representative, struck_at = run_to(segment, moment), segment.now
    segment.excuse = "one block was on its way to the sleeper"
    segment.freeze(representative)
    segment.run_until(struck_at + 5.0)
    segment.thaw(representative)
    segment.run_until(segment.now + 1.5)
    assert len(segment.representatives) <= 1
    finish(segment)
    _goes_on(segment, moment, struck_at, representative)
    # What was on its way; once in a thousand also what a report would have told that was lost.
    vain_max = 4 if moment == "repair" else 1
    assert len(fetched_in_vain(segment, segment.contents[0])) <= vain_max


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("seed", AT_EACH)
def test_restarted_at_any_moment_nothing_is_downloaded_twice(seed: int, moment: str) -> None:
    """With its disk: what it had is on the segment again as soon as it is back."""
    segment = session(seed, moment)
    representative = run_to(segment, moment)
    segment.kill(representative)
    segment.run_until(segment.now + 0.3)
    segment.restart(representative)
    finish(segment)


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("seed", AT_EACH)
def test_leaving_in_good_order_at_any_moment_costs_no_second(seed: int, moment: str) -> None:
    segment = session(seed, moment)
    representative, struck_at = run_to(segment, moment), segment.now
    segment.leave(representative)
    finish(segment)
    _goes_on(segment, moment, struck_at, representative)
    heir_after = goes_on_after(segment, struck_at, but=representative)
    assert heir_after is not None
    if moment != "repair":  # there the Handover may be lost
        assert heir_after < 1.0


@pytest.mark.parametrize("moment", ["before_the_delay", "first_second"])
@pytest.mark.parametrize("seed", AT_EACH)
def test_losing_its_wan_only_it_lets_another_download_the_rest(seed: int, moment: str) -> None:
    """What it has is not downloaded again: it serves it to its successor."""
    segment = session(seed, moment)
    representative = run_to(segment, moment)
    segment.machines[representative].wan = False
    finish(segment)
    assert segment.wan_copies == 1.0


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("seed", AT_EACH)
def test_losing_its_lan_only_it_completes_alone_and_the_others_without_it(
    seed: int, moment: str
) -> None:
    segment = session(seed, moment)
    representative, struck_at = run_to(segment, moment), segment.now
    segment.machines[representative].side = SPLIT
    segment.run_until(struck_at + 8.0)
    _goes_on(segment, moment, struck_at, representative)
    segment.machines[representative].side = 0
    finish(segment)
    assert segment.wan_copies <= 2.0


@pytest.mark.parametrize("seed", EACH)
def test_the_only_one_with_the_content_may_die_and_come_back(seed: int) -> None:
    """The origin is gone for good; all that is left of the content is on its disk."""
    segment = session(seed, "half_way", retry_backoff_s=(20.0,))
    representative = run_to(segment, "first_second")
    while len(segment.machines[representative].disk) < segment.contents[0].block_count:
        segment.run_until(segment.now + 0.05)
    segment.web.origin_up = False
    segment.kill(representative)
    segment.run_until(segment.now + 30.0)
    assert all(one.done_at is None for one in receivers(segment))
    segment.restart(representative)
    finish(segment, until=600.0)
    assert segment.wan_copies == 1.0
