"""Promises about switches that do not carry the groups: everywhere, to some, or after a while."""

from __future__ import annotations

import pytest
from promises import FEW, SOME, finish, peer_bytes, stream_bytes
from segment import Segment

from mcastdist.ids import NodeId


def _block(segment: Segment, *nodes: int) -> None:
    for node in nodes or tuple(segment.machines):
        machine = segment.machines[NodeId(node)]
        machine.hears_multicast = machine.says_multicast = False


@pytest.mark.parametrize("seed", SOME)
def test_where_no_multicast_passes_at_all_the_wan_is_still_paid_once(seed: int) -> None:
    segment = Segment(nodes=6, seed=seed, delay_s=1.0)
    _block(segment)
    segment.start()
    finish(segment)
    assert segment.wan_copies == 1.0
    assert stream_bytes(segment) == 0
    assert segment.now < 10.0


@pytest.mark.parametrize("seed", FEW)
def test_many_that_no_multicast_reaches_have_one_representative(seed: int) -> None:
    segment = Segment(nodes=60, seed=seed, delay_s=1.0)
    _block(segment)
    segment.start()
    segment.run_until(1.5)
    assert len(segment.representatives) == 1
    finish(segment)
    assert segment.wan_copies == 1.0


@pytest.mark.parametrize("seed", SOME)
def test_where_no_multicast_passes_the_first_blocks_come_within_five_seconds(seed: int) -> None:
    """Of the start delay's end, and mostly before it."""
    segment = Segment(nodes=5, seed=seed, delay_s=2.0)
    _block(segment)
    segment.start()
    segment.run_until(2.0 + 5.0)
    receivers = [m for m in segment.machines.values() if m.id not in segment.representatives]
    assert all(machine.disk for machine in receivers)


@pytest.mark.parametrize("seed", SOME)
def test_one_that_no_multicast_reaches_finds_the_representative(seed: int) -> None:
    segment = Segment(nodes=5, seed=seed)
    _block(segment, 1 + seed % 5)
    segment.start()
    finish(segment)
    assert segment.wan_copies == 1.0


@pytest.mark.parametrize("seed", SOME)
def test_one_that_goes_deaf_in_the_middle_keeps_its_representative(seed: int) -> None:
    """The stream lasts some seconds more, and the lease less than that."""
    segment = Segment(nodes=5, seed=seed, blocks=60, delay_s=0.3, stream_bps=500_000)
    segment.start()
    segment.run_until(2.0)
    deaf = next(n for n in segment.machines if n not in segment.representatives)
    _block(segment, deaf)
    finish(segment)
    assert segment.wan_copies == 1.0


@pytest.mark.parametrize("seed", SOME)
def test_if_the_representative_is_killed_where_no_multicast_passes_another_follows(
    seed: int,
) -> None:
    segment = Segment(nodes=5, seed=seed, blocks=40, delay_s=0.3, wan_bps=2e6)
    _block(segment)
    segment.start()
    segment.run_until(1.2)
    (representative,) = segment.representatives
    segment.kill(representative)
    finish(segment)
    assert len(segment.unfinished()) == 0
    assert segment.wan_copies <= 2.0


@pytest.mark.parametrize("seed", FEW)
def test_where_not_even_broadcasts_pass_everybody_completes_alone(seed: int) -> None:
    segment = Segment(nodes=4, seed=seed, blocks=12)
    segment.carries_broadcast = False
    _block(segment)
    segment.excuse = "nobody can know of anybody"
    segment.start()
    finish(segment)
    assert segment.wan_copies <= 4.0
    assert peer_bytes(segment) + stream_bytes(segment) == 0
