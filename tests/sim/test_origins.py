"""Promises about who pays the WAN when it fails, when nobody may, and when somebody lies."""

from __future__ import annotations

import pytest
from promises import FEW, SOME, finish
from segment import Segment

from mcastdist.election import Merits
from mcastdist.ids import NodeId


@pytest.mark.parametrize("seed", FEW)
def test_a_representative_whose_wan_fails_hands_over(seed: int) -> None:
    segment = Segment(nodes=4, seed=seed, blocks=40, delay_s=0.3, wan_bps=2e6)
    segment.start()
    segment.run_until(1.2)
    segment.machines[segment.representatives[0]].wan = False
    finish(segment)
    assert segment.wan_copies <= 1.2


@pytest.mark.parametrize("seed", FEW)
def test_with_no_source_at_all_every_task_fails_with_a_reason(seed: int) -> None:
    segment = Segment(nodes=3, seed=seed, blocks=12)
    segment.web.origin_up = False
    segment.start()
    segment.run(300.0)
    assert [machine.failed for machine in segment.machines.values()] == ["refused"] * 3


@pytest.mark.parametrize("seed", SOME)
def test_when_the_origin_comes_back_after_a_while_the_subnet_pays_once(seed: int) -> None:
    """All have given up by then, and each waits by itself to try again."""
    segment = Segment(
        nodes=5, seed=seed, blocks=12, retry_backoff_s=(60.0, 120.0), wan_bps=2e6, delay_s=0.5
    )
    segment.web.origin_up = False
    segment.start()
    segment.run_until(100.0 + seed % 300)
    segment.web.origin_up = True
    finish(segment, until=900.0)
    assert segment.wan_copies == 1.0


@pytest.mark.parametrize("seed", FEW)
def test_while_all_rest_nothing_is_said(seed: int) -> None:
    segment = Segment(nodes=3, seed=seed, blocks=12, retry_backoff_s=(3_600.0,))
    segment.web.origin_up = False
    segment.start()
    segment.run_until(400.0)
    said = segment.said.total()
    segment.run_until(3_000.0)
    assert segment.said.total() == said


@pytest.mark.parametrize("seed", FEW)
def test_who_comes_while_others_rest_does_not_wait_for_them(seed: int) -> None:
    """Their WAN is broken and the newcomer's is not: they take it from there."""
    segment = Segment(nodes=4, seed=seed, blocks=12, retry_backoff_s=(3_600.0,))
    for node in (1, 2, 3):
        segment.machines[NodeId(node)].wan = False
    segment.start(1, 2, 3)
    segment.start(4, at=600.0)
    finish(segment, until=700.0)
    assert segment.wan_copies == 1.0


@pytest.mark.parametrize("seed", FEW)
def test_if_all_weigh_zero_each_fetches_alone_in_the_end(seed: int) -> None:
    segment = Segment(nodes=3, seed=seed, blocks=6, merits=Merits(weight=0))
    segment.excuse = "weight 0 never answers"
    segment.start()
    finish(segment, until=200.0)
    assert segment.wan_copies == 3.0


@pytest.mark.parametrize("seed", FEW)
def test_who_may_not_ask_the_origin_never_does(seed: int) -> None:
    segment = Segment(nodes=4, seed=seed, blocks=12)
    thrifty = [segment.add(NodeId(node), allow_origin=False) for node in (8, 9)]
    segment.start()
    finish(segment)
    assert segment.wan_copies == 1.0
    assert all(machine.source_bytes["origin"] == 0 for machine in thrifty)
    led = {e.fields["node"] for e in segment.events
           if e.name == "election.role" and e.fields["new"] == "leading"}  # fmt: skip
    assert not led & {8, 9}


@pytest.mark.parametrize("seed", FEW)
def test_without_multicast_a_machine_says_nothing_and_fetches(seed: int) -> None:
    segment = Segment(nodes=3, seed=seed, blocks=12, multicast_enabled=False)
    segment.excuse = "who says nothing is not found"
    segment.start()
    finish(segment)
    segment.run_until(60.0)
    assert segment.said.total() == 0
    assert segment.wire_bytes == 0
    assert segment.wan_copies == 3.0


@pytest.mark.parametrize("seed", FEW)
def test_one_without_multicast_takes_from_the_representative_it_hears_of(seed: int) -> None:
    segment = Segment(nodes=4, seed=seed, blocks=12)
    quiet = segment.add(NodeId(9), multicast_enabled=False)
    segment.excuse = "it hears only by chance who has it"
    segment.start(1, 2, 3, 4)
    segment.start(9, at=0.7)  # the session is announced once a second
    finish(segment)
    assert quiet.source_bytes["stream"] == 0
    assert segment.wan_copies <= 1.0 + quiet.source_bytes["origin"] / 4_096 / 12 + 0.1


@pytest.mark.parametrize("seed", FEW)
def test_a_peer_that_lies_is_found_out_and_the_rest_comes_from_elsewhere(seed: int) -> None:
    """One receiver, so all goes by HTTP; the only peer is the representative, and it lies."""
    segment = Segment(nodes=2, seed=seed, blocks=12, delay_s=0.5)
    segment.start()
    segment.run_until(0.5)
    (liar,) = segment.representatives
    segment.machines[liar].lies_by_http = True
    finish(segment)
    honest = next(m for m in segment.machines.values() if m.id != liar)
    assert honest.source_bytes["peer"] == 0
    assert honest.source_bytes["origin"] == len(segment.contents[0].payload)


@pytest.mark.parametrize("seed", FEW)
def test_a_lying_holder_harms_nobody_while_there_is_an_honest_one(seed: int) -> None:
    segment = Segment(nodes=4, seed=seed, blocks=12)
    segment.start(1, 2, 3)
    segment.machines[NodeId(2)].lies_by_http = True
    segment.start(4, at=30.0)
    finish(segment)
    assert segment.wan_copies <= 2.0
    assert segment.machines[NodeId(4)].source_bytes["peer"] > 0


@pytest.mark.parametrize("seed", FEW)
def test_a_representative_that_streams_wrong_blocks_is_refused_and_replaced(seed: int) -> None:
    """It has the cluster key, so its blocks open; what they hold is not what the manifest says."""
    segment = Segment(nodes=5, seed=seed, blocks=24, delay_s=0.5)
    segment.start()
    segment.run_until(0.45)
    (liar,) = segment.representatives
    segment.machines[liar].lies_by_stream = True
    finish(segment)
    honest = [machine for machine in segment.machines.values() if machine.id != liar]
    assert any(liar in machine.refused for machine in honest)
    assert max(len(machine.refused) for machine in honest) <= 2  # then nothing more is taken of it
    assert segment.wan_copies <= 2.0


@pytest.mark.parametrize("seed", FEW)
def test_an_origin_that_serves_something_else_is_given_up_at_once(seed: int) -> None:
    segment = Segment(nodes=3, seed=seed, blocks=12, retry_backoff_s=(3_600.0,))
    segment.web.origin_lies = True
    segment.start()
    segment.run(120.0)
    codes = [machine.failed for machine in segment.machines.values()]
    assert set(codes) == {"origin_wrong_bytes"}
    assert not any(machine.disk for machine in segment.machines.values())
