"""One open stream from the receiver's side."""

from __future__ import annotations

from node_kit import (
    BLOCKS,
    SESSION,
    SYMBOLS,
    announce,
    environment,
    hear,
    need,
    package,
    streamed,
)

from mcastdist.node.intake import Intake
from mcastdist.ranges import RangeSet
from mcastdist.timers import NEVER
from mcastdist.wire import NEED_WAIT_S, Phase


def _intake(held: range = range(0)) -> Intake:
    told = announce(Phase.STREAMING)
    return Intake(task="task", package=package(held), announce=told, env=environment(), now=0.0)


def test_a_stream_that_arrives_leaves_nothing_to_complain_about() -> None:
    intake = _intake()
    assert hear(intake.stream, streamed(range(BLOCKS)), now=1.0) == list(range(BLOCKS))
    assert intake.look(group_size=1, now=2.0) == 1.0
    assert intake.complain_at() == NEVER


def test_nothing_heard_is_told_from_something_heard() -> None:
    assert _intake().look(group_size=1, now=2.0) is None


def test_a_hole_is_complained_about_soon() -> None:
    intake = _intake()
    sent = streamed(range(BLOCKS))
    hear(intake.stream, sent[1:], now=1.0)
    intake.look(group_size=1, now=1.0)

    assert 1.0 <= intake.complain_at() <= 1.0 + NEED_WAIT_S
    assert intake.complaints(intake.complain_at()) == [need((0, 1))]
    assert intake.hopeful(1.1) == {0}
    assert intake.repairable(1.1) == RangeSet([(0, 1)])


def test_what_another_asked_for_is_not_asked_for_again() -> None:
    intake = _intake()
    hear(intake.stream, streamed(range(BLOCKS))[1:], now=1.0)
    intake.look(group_size=1, now=1.0)
    intake.hear(need((0, 3)), now=1.0)
    assert intake.complaints(1.1) == []


def test_a_complaint_of_another_session_does_not_count() -> None:
    intake = _intake()
    hear(intake.stream, streamed(range(BLOCKS))[1:], now=1.0)
    intake.look(group_size=1, now=1.0)
    intake.hear(need((0, 3), session=SESSION + 1), now=1.0)
    assert intake.complaints(1.1) == [need((0, 1))]


def test_what_came_from_elsewhere_is_not_lacked_and_what_was_lost_is_again() -> None:
    intake = _intake()
    hear(intake.stream, streamed([7]), now=1.0)
    intake.passed(BLOCKS, now=1.0)
    intake.forget(RangeSet([(0, 7)]))
    intake.look(group_size=1, now=2.0)
    assert intake.complain_at() == NEVER

    intake.lost(RangeSet([(3, 4)]))
    intake.look(group_size=1, now=2.0)
    assert intake.hopeful(2.0) == set()  # all of it is lacking, so asking is of no use


def test_what_was_held_before_is_never_lacked() -> None:
    intake = _intake(held=range(BLOCKS))
    intake.passed(BLOCKS, now=1.0)
    intake.look(group_size=1, now=5.0)
    assert intake.complain_at() == NEVER


def test_it_measures_what_it_hears() -> None:
    intake = _intake()
    hear(intake.stream, streamed(range(2)), now=0.5)
    assert intake.measure(1.0).loss_ppm == 0
    assert intake.stream.geometry.symbols(0) == SYMBOLS
