"""Promises about an origin that is slow, stalls, puts off, or goes away: one fetch a subnet."""

from __future__ import annotations

import pytest
from moments import run_to, session
from promises import AT_EACH, EACH, finish
from segment import Segment

PUT_OFF_S = 20.0


@pytest.mark.parametrize("seed", EACH)
def test_a_wan_that_becomes_a_hundred_times_slower_is_still_paid_once(seed: int) -> None:
    segment = session(seed, "first_second")
    run_to(segment, "first_second")
    segment.web.wan_bps /= 100
    segment.run_until(segment.now + 20.0)
    segment.web.wan_bps *= 100
    finish(segment)
    assert segment.wan_copies == 1.0


@pytest.mark.parametrize("seed", EACH)
def test_an_origin_that_stalls_and_goes_on_is_asked_by_one_at_a_time(seed: int) -> None:
    segment = session(seed, "first_second")
    run_to(segment, "first_second")
    segment.web.origin_stalls = True
    segment.run_until(segment.now + 50.0)
    asked = len(segment.web.origin_asked)
    segment.web.origin_stalls = False
    finish(segment, until=400.0)
    assert segment.wan_copies == 1.0
    assert asked <= 6  # the manifest, the first run, and one after each stall


@pytest.mark.parametrize("moment", ["at_once", "before_the_delay", "first_second"])
@pytest.mark.parametrize("seed", AT_EACH)
def test_an_origin_that_puts_us_off_is_asked_no_sooner_and_by_few(seed: int, moment: str) -> None:
    """429 or 503 with Retry-After, for a minute; then all of it is paid once."""
    segment = session(seed, moment, retry_backoff_s=(30.0,))
    if moment != "at_once":
        run_to(segment, moment)
    segment.web.put_off_s = PUT_OFF_S
    before, since = len(segment.web.origin_asked), segment.now
    segment.run_until(since + 60.0)
    asked = segment.web.origin_asked[before:]
    segment.web.put_off_s = None
    finish(segment, until=600.0)
    assert segment.wan_copies == 1.0
    assert len(asked) <= 2 * (60.0 / PUT_OFF_S) + 1


@pytest.mark.parametrize("moment", ["before_the_delay", "first_second", "half_way"])
@pytest.mark.parametrize("seed", AT_EACH)
def test_an_origin_that_is_gone_for_a_minute_is_paid_once(seed: int, moment: str) -> None:
    segment = session(seed, moment, retry_backoff_s=(30.0,))
    run_to(segment, moment)
    segment.web.origin_up = False
    segment.run_until(segment.now + 60.0)
    segment.web.origin_up = True
    finish(segment, until=600.0)
    assert segment.wan_copies == 1.0


@pytest.mark.parametrize("seed", EACH)
def test_an_origin_that_stalls_for_ever_ends_every_task_with_a_reason(seed: int) -> None:
    segment = Segment(nodes=3, seed=seed, blocks=12)
    segment.web.origin_stalls = True
    segment.start()
    segment.run(3_600.0)
    assert {machine.failed for machine in segment.machines.values()} == {"stalled"}
