"""Promises about receivers that die, come late, are suspended, sleep, or lose track of time."""

from __future__ import annotations

import pytest
from moments import MOMENTS, receivers, run_to, session
from promises import AT_EACH, AT_EACH_FOR, finish

from mcastdist.election import Merits
from mcastdist.ids import NodeId

HOUR_S = 3_600.0


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("seed", AT_EACH)
def test_killed_at_any_moment_it_resumes_with_what_its_disk_holds(seed: int, moment: str) -> None:
    segment = session(seed, moment)
    run_to(segment, moment)
    killed = receivers(segment)[seed % 4]
    had = len(killed.disk)
    segment.kill(killed.id)
    segment.run_until(segment.now + 0.4)
    segment.restart(killed.id)
    finish(segment)
    assert segment.wan_copies == 1.0
    came = killed.source_bytes["stream"] + killed.source_bytes["peer"]
    assert came == len(segment.contents[0].payload)
    assert had <= len(killed.disk)


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("seed", AT_EACH)
def test_one_that_joins_at_any_moment_costs_the_wan_nothing(seed: int, moment: str) -> None:
    segment = session(seed, moment)
    run_to(segment, moment)
    late = segment.add(NodeId(9), merits=Merits(weight=100 * (seed % 2)))
    segment.start(9, at=segment.now)
    finish(segment)
    assert segment.wan_copies == 1.0
    assert late.source_bytes["origin"] == 0


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("seed", AT_EACH)
def test_suspended_at_any_moment_it_goes_on_where_it_was(seed: int, moment: str) -> None:
    """One receiver for long, the representative for a while."""
    segment = session(seed, moment)
    representative = run_to(segment, moment)
    receiver = receivers(segment)[0].id
    segment.stop(receiver, "suspended")
    segment.run_until(segment.now + 0.2)
    segment.stop(representative, "suspended")
    segment.run_until(segment.now + 3.0)
    segment.resume(representative)
    segment.run_until(segment.now + 30.0)
    segment.resume(receiver)
    finish(segment, until=120.0)


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("seed", AT_EACH)
def test_asleep_for_an_hour_it_completes_when_it_wakes(seed: int, moment: str) -> None:
    """A receiver or the representative, whether its clock goes on meanwhile or stands still."""
    segment = session(seed, moment)
    representative = run_to(segment, moment)
    asleep = representative if seed % 2 else receivers(segment)[0].id
    stood_s = HOUR_S * (seed // 2 % 2)
    if asleep == representative:
        segment.excuse = "it goes on as a representative if its clock does not tell that it slept"
    segment.freeze(asleep)
    segment.run_until(segment.now + HOUR_S)
    segment.rouse(asleep, clock_stood_s=stood_s)
    finish(segment, until=segment.now + 90.0)
    gone_with_it = segment.contents[0].fetches[0].node == asleep
    assert segment.wan_copies <= (2.0 if gone_with_it else 1.0)


@pytest.mark.parametrize("ahead_s", [1.0, 60.0, HOUR_S])
@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("seed", AT_EACH_FOR)
def test_a_clock_that_leaps_at_any_moment_costs_little(
    seed: int, moment: str, ahead_s: float
) -> None:
    """The representative's and a receiver's; to them a lease and every time-out is over."""
    segment = session(seed, moment)
    representative = run_to(segment, moment)
    segment.excuse = "who believes that it waited in vain may ask the origin"
    segment.jump(representative, ahead_s)
    segment.run_until(segment.now + 0.3)
    segment.jump(receivers(segment)[0].id, ahead_s)
    finish(segment)
    assert segment.wan_copies <= 1.5
