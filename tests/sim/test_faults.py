"""Promises about machines that die, freeze, leave and come back, and segments that split."""

from __future__ import annotations

import pytest
from promises import FEW, MANY, SOME, fetched_again, finish, held_by_others
from segment import Segment


@pytest.mark.parametrize("seed", MANY)
def test_a_killed_representative_is_replaced_and_nothing_is_downloaded_twice(seed: int) -> None:
    """Nothing that a living node held when it died, that is; what it alone had is gone with it."""
    segment = Segment(nodes=5, seed=seed, blocks=24, delay_s=0.3, wan_bps=4e6)
    segment.start()
    segment.run_until(0.5 + 0.2 * (seed % 7))
    representative = segment.representatives[0]
    had, before = held_by_others(segment, representative), dict(segment.wan_blocks)
    segment.kill(representative)
    finish(segment)
    assert not fetched_again(segment, before) & had


@pytest.mark.parametrize("seed", SOME)
def test_the_stream_goes_on_within_three_seconds_of_a_kill(seed: int) -> None:
    """On a LAN without loss, when at least two receivers still lack something."""
    segment = Segment(
        nodes=5, seed=seed, blocks=40, delay_s=0.7, wan_bps=50e6, stream_bps=1_000_000
    )
    segment.start()
    segment.run_until(0.9)
    segment.kill(segment.representatives[0])
    killed_at = segment.now
    finish(segment)

    resumed = [e.at for e in segment.events if e.name == "node.round" and e.at > killed_at]
    assert resumed
    assert min(resumed) - killed_at <= 3.0


@pytest.mark.parametrize("seed", FEW)
def test_one_after_the_other_may_die(seed: int) -> None:
    segment = Segment(nodes=6, seed=seed, blocks=40, delay_s=0.3, wan_bps=2e6)
    segment.start()
    for _ in range(4):
        segment.run_until(segment.now + 1.2)
        for representative in segment.representatives:
            segment.kill(representative)
        segment.run_until(segment.now + 3.0)
    finish(segment)
    assert len(segment.unfinished()) == 0


@pytest.mark.parametrize("seed", FEW)
def test_a_killed_receiver_resumes_from_its_disk(seed: int) -> None:
    segment = Segment(nodes=4, seed=seed, blocks=24, delay_s=0.3)
    segment.start()
    segment.run_until(1.0)
    receiver = next(n for n in segment.machines if n not in segment.representatives)
    segment.kill(receiver)
    segment.run_until(1.5)
    segment.restart(receiver)
    finish(segment)
    assert segment.wan_copies == 1.0


@pytest.mark.parametrize("away_s", [0.2, 5.0])
@pytest.mark.parametrize("seed", FEW)
def test_a_representative_that_is_restarted_costs_the_others_no_start_delay(
    seed: int, away_s: float
) -> None:
    """Within its lease they still believe in it, and it knows nothing of its session any more."""
    segment = Segment(
        nodes=5, seed=seed, blocks=40, delay_s=60.0, start_when_receivers=3, wan_bps=300_000,
        stream_bps=1_000_000,
    )  # fmt: skip
    segment.start()
    segment.run_until(4.0)
    representative = segment.representatives[0]
    had, before = held_by_others(segment, representative), dict(segment.wan_blocks)
    segment.kill(representative)
    segment.run_until(4.0 + away_s)
    segment.restart(representative)
    finish(segment)

    assert segment.now < 30.0
    assert not fetched_again(segment, before) & had


@pytest.mark.parametrize("seed", FEW)
def test_one_that_was_frozen_wakes_up_and_yields(seed: int) -> None:
    segment = Segment(nodes=5, seed=seed, blocks=24, delay_s=0.3, stream_bps=1_500_000)
    segment.start()
    segment.run_until(0.7)
    representative = segment.representatives[0]
    segment.freeze(representative)
    segment.run_until(5.0)
    segment.thaw(representative)
    segment.run_until(6.5)
    assert len(segment.representatives) <= 1
    finish(segment)


@pytest.mark.parametrize("seed", SOME)
def test_two_halves_of_a_split_segment_become_one_again(seed: int) -> None:
    segment = Segment(nodes=6, seed=seed, blocks=40, delay_s=0.3, wan_bps=2e6)
    for number, machine in enumerate(segment.machines.values()):
        machine.side = number % 2
    segment.start()
    segment.run_until(1.2)
    assert len(segment.representatives) == 2
    for machine in segment.machines.values():
        machine.side = 0
    segment.run_until(3.0)
    assert len(segment.representatives) == 1
    finish(segment)


@pytest.mark.parametrize("seed", SOME)
def test_a_segment_that_splits_in_the_middle_goes_on_in_both_halves_and_heals(seed: int) -> None:
    """Each half pays for what it lacks, and only for that, and nothing more after the healing."""
    segment = Segment(nodes=6, seed=seed, blocks=40, delay_s=0.3, wan_bps=2e6)
    segment.start()
    segment.run_until(2.0)
    for number, machine in enumerate(segment.machines.values()):
        machine.side = number % 2
    segment.run_until(6.0 + seed % 3)
    assert len(segment.representatives) <= 2
    for machine in segment.machines.values():
        machine.side = 0
    segment.run_until(segment.now + 2.0)
    assert len(segment.representatives) <= 1
    finish(segment)
    assert segment.wan_copies <= 2.0


@pytest.mark.parametrize("seed", FEW)
def test_a_representative_that_leaves_hands_over(seed: int) -> None:
    segment = Segment(nodes=5, seed=seed, blocks=24, delay_s=0.7, stream_bps=1_500_000)
    segment.start()
    segment.run_until(0.8)
    leaver = segment.representatives[0]
    left_at = segment.now
    had, before = held_by_others(segment, leaver), dict(segment.wan_blocks)
    segment.leave(leaver)
    finish(segment)

    led = [e.at for e in segment.events if e.name == "election.role" and e.fields["why"] == "heir"]
    assert led
    assert led[0] - left_at < 0.1
    assert not fetched_again(segment, before) & had


@pytest.mark.parametrize("seed", FEW)
def test_when_all_receivers_leave_the_stream_stops(seed: int) -> None:
    """The representative goes on downloading for itself, but says nothing to an empty room."""
    segment = Segment(nodes=4, seed=seed, blocks=40, delay_s=0.3, wan_bps=1e6, stream_bps=500_000)
    segment.start()
    segment.run_until(2.0)
    (representative,) = segment.representatives
    for node in segment.machines:
        if node != representative:
            segment.leave(node)
    segment.run_until(2.3)
    streamed = segment.wire_bytes
    finish(segment)
    assert segment.wire_bytes == streamed


@pytest.mark.parametrize("seed", FEW)
def test_who_is_done_and_gone_does_not_become_the_heir(seed: int) -> None:
    segment = Segment(nodes=5, seed=seed, blocks=24, delay_s=0.7, stream_bps=600_000)
    segment.start()
    segment.run_until(0.9)
    (representative,) = segment.representatives
    first = next(node for node in segment.machines if node != representative)
    machine = segment.machines[first]
    content = segment.contents[0]
    for block in range(content.block_count):  # as if it had found all of it elsewhere
        if block not in machine.disk:
            segment.web.keep(machine, machine.shelf, block, content.block(block))
    segment._serve(machine)
    segment.run_until(1.4)
    segment.leave(first)
    segment.run_until(1.6)
    segment.leave(representative)
    finish(segment)
    heirs = {e.fields["heir"] for e in segment.events if e.name == "node.handover"}
    assert heirs
    assert first not in heirs
