"""Promises about segments that split, lose nearly everything, or carry multicast one way only."""

from __future__ import annotations

import pytest
from moments import MOMENTS, receivers, run_to, session
from promises import AT_EACH, EACH, FEW, finish
from segment import Link, Segment

from mcastdist.election import Merits
from mcastdist.ids import NodeId


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("seed", AT_EACH)
def test_split_at_any_moment_both_halves_complete_and_heal(seed: int, moment: str) -> None:
    """Each half has its representative; after the healing nothing more is paid for."""
    segment = session(seed, moment, nodes=6)
    run_to(segment, moment)
    segment.excuse = "for a second the healed halves do not know of each other"
    for number, machine in enumerate(segment.machines.values()):
        machine.side = number % 2
    segment.run_until(segment.now + 3.0 + seed % 5)
    for machine in segment.machines.values():
        machine.side = 0
    finish(segment)
    assert segment.wan_copies <= 2.0


@pytest.mark.parametrize("seed", FEW)
def test_a_third_lost_and_the_rest_doubled_and_shuffled_everybody_completes(seed: int) -> None:
    segment = Segment(nodes=5, seed=seed, blocks=12, delay_s=1.0)
    segment.link = Link(loss=0.3, duplicate=0.2, jitter_s=0.01, corrupt=0.005)
    segment.excuse = "lost claims make two representatives"
    segment.start()
    finish(segment)
    assert segment.wan_copies <= 2.0


@pytest.mark.parametrize("seed", EACH)
def test_one_whose_multicasts_go_nowhere_may_be_the_strongest(seed: int) -> None:
    """It hears the others, and they hear of it only aside: still one of all represents."""
    segment = Segment(nodes=5, seed=seed, blocks=24)
    mute = segment.add(NodeId(9), merits=Merits(weight=80))
    mute.says_multicast = False
    segment.start()
    finish(segment)
    assert segment.wan_copies == 1.0


@pytest.mark.parametrize("seed", EACH)
def test_one_that_only_speaks_and_hears_no_multicast_completes(seed: int) -> None:
    segment = Segment(nodes=5, seed=seed, blocks=24)
    segment.machines[NodeId(1 + seed % 5)].hears_multicast = False
    segment.start()
    finish(segment)
    assert segment.wan_copies == 1.0


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("seed", AT_EACH)
def test_groups_that_a_switch_forgets_at_any_moment_cost_the_wan_nothing(
    seed: int, moment: str
) -> None:
    """As after ten minutes of snooping with no querier: from one moment on none passes."""
    segment = session(seed, moment)
    run_to(segment, moment)
    for machine in segment.machines.values():
        machine.hears_multicast = machine.says_multicast = False
    finish(segment)
    assert segment.wan_copies == 1.0
    assert sum(one.source_bytes["peer"] for one in receivers(segment)) > 0
