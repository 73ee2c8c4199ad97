"""Promises about a thousand machines: what they say must not grow with their number."""

from __future__ import annotations

from bisect import bisect_left

import pytest
from promises import ONCE, finish
from segment import Link, Segment

from mcastdist.wire import REPORTS_PER_S_MAX

CROWD = 1_000


def _busiest_second(moments: list[float]) -> int:
    return max(bisect_left(moments, at + 1.0) - bisect_left(moments, at) for at in moments)


@pytest.mark.parametrize("seed", ONCE)
def test_a_thousand_receivers_do_not_drown_their_representative(seed: int) -> None:
    segment = Segment(nodes=CROWD, seed=seed, blocks=3, delay_s=15.0)
    segment.link = Link(loss=0.01)
    segment.start()
    finish(segment, until=120.0)

    assert segment.wan_copies == 1.0
    assert segment.said["Seek"] <= 100
    assert segment.said["Claim"] <= 200
    assert segment.said["Need"] <= 100  # of some 500 receivers that lost something
    reports = sorted(segment.said_at["Report"])
    assert _busiest_second(reports) <= 0.6 * CROWD  # while nobody knows how many they are
    known = reports[bisect_left(reports, 3.0) :]
    # The last first reports and the earliest second ones may fall into one second; and chance.
    assert _busiest_second(known) <= 2.5 * REPORTS_PER_S_MAX
    assert len(known) / (segment.now - 3.0) <= 1.2 * REPORTS_PER_S_MAX
