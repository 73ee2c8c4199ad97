"""Which blocks are fetched by HTTP, in each phase of a session."""

from __future__ import annotations

from node_kit import BLOCKS, OTHER_CONTENT, announce, environment, hear, package, streamed

from mcastdist.node.hearing import WRAP_GRACE_S, Hearing
from mcastdist.node.intake import Intake
from mcastdist.node.leftovers import is_of, left_for_peers
from mcastdist.ranges import RangeSet
from mcastdist.wire import Announce, Phase

NOTHING, ALL = RangeSet(), RangeSet([(0, BLOCKS)])


def _left(
    told: Announce,
    *,
    held: range = range(0),
    intake: Intake | None = None,
    is_cut_off: bool = False,
    now: float = 0.0,
) -> RangeSet:
    hearing = Hearing(told, now=0.0)
    hearing.announced(told, now=0.0)
    return left_for_peers(
        package(held), told, hearing=hearing, intake=intake, is_cut_off=is_cut_off, now=now
    )


def test_while_a_stream_is_to_come_nothing_is_fetched() -> None:
    assert _left(announce(Phase.WAITING, position=5), now=60.0) == NOTHING
    assert _left(announce(Phase.STREAMING, position=5), now=60.0) == NOTHING


def test_who_serves_is_asked_for_what_it_has() -> None:
    assert _left(announce(Phase.SERVING, position=5), held=range(2)) == RangeSet([(2, 5)])


def test_whom_the_stream_does_not_reach_takes_what_has_been_streamed() -> None:
    told = announce(Phase.STREAMING, position=5)
    assert _left(told, is_cut_off=True) == RangeSet([(0, 5)])


def test_in_a_further_round_the_representative_has_everything() -> None:
    told = announce(Phase.STREAMING, position=1, round=2)
    assert _left(told, is_cut_off=True) == ALL


def test_after_a_round_all_that_is_missing_is_fetched_but_not_at_once() -> None:
    told = announce(Phase.REPAIRING, position=BLOCKS)
    assert _left(told, held=range(3), now=WRAP_GRACE_S) == NOTHING
    assert _left(told, held=range(3), now=WRAP_GRACE_S + 0.1) == RangeSet([(3, BLOCKS)])


def test_what_complaints_still_bring_is_not_fetched() -> None:
    told = announce(Phase.REPAIRING, position=BLOCKS)
    intake = Intake(task="task", package=package(), announce=told, env=environment(), now=0.0)
    hear(intake.stream, streamed([2])[:-1], now=0.0)  # the last of block 2 is lost
    intake.passed(BLOCKS, now=0.0)
    intake.look(group_size=1, now=5.0)

    left = _left(told, intake=intake, now=5.0)
    assert left == RangeSet([(0, 2), (3, BLOCKS)])


def test_a_session_about_something_else_brings_nothing() -> None:
    for changes in (
        {"content": OTHER_CONTENT},
        {"block_bytes": 2_048},
        {"payload_bytes": 1_000},
    ):
        told = announce(Phase.STREAMING, **changes)
        assert not is_of(package(), told)
        assert _left(told) == ALL


def test_what_is_held_is_never_fetched() -> None:
    for phase in Phase:
        assert _left(announce(phase, position=BLOCKS), held=range(BLOCKS), now=60.0) == NOTHING
