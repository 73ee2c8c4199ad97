"""Promises about a LAN that loses, repeats, reorders and spoils datagrams."""

from __future__ import annotations

import pytest
from promises import FEW, MANY, SOME, finish
from segment import Link, Segment

from mcastdist.ids import NodeId


@pytest.mark.parametrize("seed", MANY)
def test_two_percent_loss_costs_the_wan_nothing(seed: int) -> None:
    segment = Segment(nodes=5, seed=seed, blocks=12, loss=0.02)
    segment.start()
    finish(segment)
    assert segment.wan_copies == 1.0


@pytest.mark.parametrize(("loss", "copies"), [(0.1, 1.02), (0.3, 1.15)])
def test_heavy_loss_of_control_messages_costs_the_wan_little(loss: float, copies: float) -> None:
    """Claims are lost too, so two may represent until they hear each other: on average, little."""
    total = 0.0
    for seed in SOME:
        segment = Segment(nodes=5, seed=seed, blocks=12, loss=loss, wan_bps=4e6)
        segment.excuse = "lost claims make two representatives"
        segment.start()
        finish(segment)
        assert segment.wan_copies <= 2.0
        total += segment.wan_copies
    assert total / len(SOME) <= copies


@pytest.mark.parametrize("seed", SOME)
def test_duplicates_and_reordering_change_nothing(seed: int) -> None:
    segment = Segment(nodes=4, seed=seed, blocks=12)
    segment.link = Link(loss=0.01, duplicate=0.2, jitter_s=0.01)
    segment.start()
    finish(segment)
    assert segment.wan_copies <= 1.1


@pytest.mark.parametrize("seed", FEW)
def test_one_bad_cable_does_not_slow_the_others(seed: int) -> None:
    """A third is lost on the way to one of six, at a rate that the administrator has fixed."""

    def others_done(loss: float) -> float:
        segment = Segment(nodes=6, seed=seed, blocks=24, delay_s=0.5)
        segment.links[NodeId(6)] = Link(loss=loss)
        segment.start()
        finish(segment)
        return max(m.done_at or 0.0 for m in segment.machines.values() if m.id != 6)

    assert others_done(0.33) <= others_done(0.0) + 1.0


@pytest.mark.parametrize("seed", FEW)
def test_spoilt_symbols_are_found_thrown_out_and_repaired(seed: int) -> None:
    """One flipped bit in a hundred datagrams, source and parity alike; checked by `finish`."""
    segment = Segment(nodes=4, seed=seed, blocks=24, delay_s=0.5)
    segment.link = Link(loss=0.02, corrupt=0.01)
    segment.start()
    finish(segment)
    assert segment.wan_copies == 1.0
    assert any(event.name == "session.forged" for event in segment.events)


@pytest.mark.parametrize("seed", FEW)
def test_one_whose_every_tenth_datagram_is_spoilt_completes_and_accuses_nobody(seed: int) -> None:
    segment = Segment(nodes=4, seed=seed, blocks=24, delay_s=0.5)
    segment.links[NodeId(2)] = Link(corrupt=0.1)
    segment.start()
    finish(segment)
    assert not any(machine.refused for machine in segment.machines.values())
    assert segment.wan_copies == 1.0


@pytest.mark.parametrize("seed", FEW)
def test_one_deaf_receiver_falls_to_peers_within_seconds(seed: int) -> None:
    """It hears the control group (say, by a wired path), but nothing of the stream."""
    segment = Segment(nodes=4, seed=seed, blocks=40, delay_s=0.5, stream_bps=300_000)
    deaf = segment.machines[NodeId(2)]
    segment.deaf_to_stream.add(deaf.id)
    segment.start()
    finish(segment, until=200.0)

    assert segment.wan_copies == 1.0
    if deaf.source_bytes["peer"]:
        assert deaf.source_bytes["stream"] == 0


@pytest.mark.parametrize("seed", FEW)
def test_if_nobody_hears_the_stream_all_take_it_from_peers_and_it_ends(seed: int) -> None:
    """A switch without a querier: the data group is cut off, and the package is short."""
    segment = Segment(nodes=6, seed=seed, blocks=24, delay_s=0.5)
    segment.deaf_to_stream |= set(segment.machines)
    segment.start()
    finish(segment)
    segment.run_until(120.0)

    assert segment.now <= 120.0
    assert segment.wan_copies == 1.0
    rounds = [e for e in segment.events if e.name == "node.round"]
    assert len(rounds) <= 3
    assert not any(machine.node.is_engaged for machine in segment.machines.values())


@pytest.mark.parametrize("seed", FEW)
def test_a_stream_that_waits_for_a_slow_wan_makes_nobody_deaf(seed: int) -> None:
    """A block takes four seconds to come, longer than it takes to call a silent stream unheard."""
    segment = Segment(nodes=4, seed=seed, blocks=8, delay_s=0.5, wan_bps=4_096 * 8 / 4.0)
    segment.start()
    finish(segment)
    assert not any(event.name == "node.falls_to_peers" for event in segment.events)
    assert segment.wan_copies == 1.0
