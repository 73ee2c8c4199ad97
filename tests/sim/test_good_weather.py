"""Promises about a subnet on which nothing goes wrong, each with its condition."""

from __future__ import annotations

import pytest
from promises import FEW, MANY, SOME, finish, peer_bytes, stream_bytes
from segment import Segment

from mcastdist.election import Merits
from mcastdist.ids import NodeId


@pytest.mark.parametrize("seed", SOME)
def test_all_complete_by_the_stream_and_the_wan_is_paid_once(seed: int) -> None:
    segment = Segment(nodes=5, seed=seed, blocks=12)
    segment.start()
    finish(segment)

    assert segment.wan_copies == 1.0
    assert peer_bytes(segment) == 0


@pytest.mark.parametrize("seed", FEW)
def test_the_stream_keeps_the_start_delay(seed: int) -> None:
    segment = Segment(nodes=4, seed=seed, blocks=12, delay_s=5.0)
    segment.start()
    finish(segment)

    started = [e.at for e in segment.events if e.name == "node.round"]
    assert 5.0 <= min(started) <= 6.0


@pytest.mark.parametrize("seed", FEW)
def test_a_session_can_start_when_enough_have_come(seed: int) -> None:
    segment = Segment(
        nodes=4, seed=seed, blocks=12, delay_s=60.0, start_when_receivers=3, start_wait_s_max=50.0
    )
    segment.start()
    finish(segment)
    assert segment.now < 10.0


@pytest.mark.parametrize("seed", MANY)
def test_late_joiners_take_the_stream_and_the_rest_from_peers(seed: int) -> None:
    segment = Segment(nodes=5, seed=seed, blocks=24, delay_s=0.5, stream_bps=1_500_000)
    segment.start(1, 2, 3)
    segment.start(4, at=1.2)
    segment.start(5, at=1.4)
    finish(segment)

    late = segment.machines[NodeId(4)]
    assert late.source_bytes["peer"] > 0
    assert late.source_bytes["stream"] > 0
    assert segment.wan_copies == 1.0


@pytest.mark.parametrize("seed", FEW)
def test_when_many_miss_the_beginning_it_is_streamed_again(seed: int) -> None:
    segment = Segment(nodes=8, seed=seed, blocks=24, delay_s=0.5)
    segment.start(1, 2, 3)
    segment.start(4, 5, 6, 7, 8, at=1.2)
    finish(segment)

    rounds = [e.fields["round"] for e in segment.events if e.name == "node.round"]
    assert max(rounds) >= 2
    assert segment.wan_copies == 1.0


@pytest.mark.parametrize("seed", FEW)
def test_a_lonely_machine_downloads_and_is_done(seed: int) -> None:
    segment = Segment(nodes=1, seed=seed, blocks=12, delay_s=60.0)
    segment.start()
    finish(segment)
    assert segment.now < 10.0
    assert segment.wan_copies == 1.0


@pytest.mark.parametrize("seed", FEW)
def test_one_receiver_takes_it_from_the_representative_by_http(seed: int) -> None:
    segment = Segment(nodes=2, seed=seed, blocks=12, delay_s=1.0)
    segment.start()
    finish(segment)
    assert segment.wan_copies == 1.0
    assert stream_bytes(segment) == 0


@pytest.mark.parametrize("seed", FEW)
def test_a_small_package_is_not_worth_a_stream(seed: int) -> None:
    segment = Segment(nodes=5, seed=seed, blocks=6, min_package_bytes=1 << 20)
    segment.start()
    finish(segment)
    assert segment.wire_bytes == 0
    assert segment.wan_copies == 1.0


@pytest.mark.parametrize("seed", FEW)
def test_weight_zero_never_represents_and_still_completes(seed: int) -> None:
    segment = Segment(nodes=3, seed=seed, blocks=12)
    segment.add(NodeId(9), merits=Merits(weight=0))
    segment.start()
    finish(segment)

    led = {e.fields["node"] for e in segment.events
           if e.name == "election.role" and e.fields["new"] == "leading"}  # fmt: skip
    assert 9 not in led


@pytest.mark.parametrize("seed", FEW)
def test_the_heaviest_represents(seed: int) -> None:
    segment = Segment(nodes=4, seed=seed, blocks=12)
    segment.add(NodeId(9), merits=Merits(weight=61))
    segment.start()
    segment.run_until(0.9)
    assert segment.representatives == [9]


@pytest.mark.parametrize("seed", FEW)
def test_a_later_task_is_served_by_those_who_hold_it(seed: int) -> None:
    segment = Segment(nodes=4, seed=seed, blocks=12)
    segment.start(1, 2, 3)
    segment.start(4, at=30.0)
    finish(segment)
    assert segment.wan_copies == 1.0


@pytest.mark.parametrize("seed", SOME)
def test_whenever_a_later_task_comes_the_wan_is_paid_once(seed: int) -> None:
    """Also at the moment at which the session is being closed."""
    segment = Segment(nodes=4, seed=seed, blocks=12)
    segment.start(1, 2, 3)
    segment.start(4, at=2.0 + seed % 400 / 10)
    finish(segment)
    assert segment.wan_copies == 1.0


@pytest.mark.parametrize("seed", FEW)
def test_nothing_is_said_at_rest(seed: int) -> None:
    segment = Segment(nodes=4, seed=seed, blocks=12)
    segment.start()
    finish(segment)
    segment.run_until(60.0)
    said = segment.said.total()
    segment.run_until(600.0)
    assert segment.said.total() == said
    assert not any(machine.node.is_engaged for machine in segment.machines.values())


@pytest.mark.parametrize("seed", FEW)
def test_what_is_here_already_is_complete_without_a_word(seed: int) -> None:
    """Pre-cached: the later task sends nothing at all."""
    segment = Segment(nodes=3, seed=seed, blocks=12)
    segment.start()
    finish(segment)
    segment.run_until(60.0)
    said = segment.said.total()
    segment.restart(2)
    segment.run_until(70.0)
    assert segment.said.total() == said


@pytest.mark.parametrize("seed", FEW)
def test_several_packages_at_once_are_several_sessions(seed: int) -> None:
    segment = Segment(nodes=6, seed=seed, blocks=12, packages=3)
    for package in range(3):
        segment.start(package=package, at=0.1 * package)
    finish(segment, packages=3)
    assert [segment.wan_copies_of(package) for package in range(3)] == [1.0] * 3
    assert peer_bytes(segment) == 0


@pytest.mark.parametrize("seed", FEW)
def test_several_packages_spread_over_several_machines(seed: int) -> None:
    segment = Segment(nodes=6, seed=seed, blocks=6, packages=9)
    for package in range(9):
        segment.start(package=package)
    segment.run_until(0.9)
    assert len({tuple(segment.representatives_of(package)) for package in range(9)}) >= 4
