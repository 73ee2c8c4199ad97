"""The representative's book of receivers."""

from __future__ import annotations

import pytest
from node_kit import BLOCKS, LEADER, OTHER, THIRD, address, report

from mcastdist.ids import NodeId
from mcastdist.node.audience import LISTENERS_MAX, REPORTS_MISSED_MAX, Audience
from mcastdist.ranges import RangeSet
from mcastdist.wire import REPORTS_PER_S_MAX, ReceiverState


def _audience(**reports: object) -> Audience:
    audience = Audience(idle_timeout_s=30.0)
    for number, each in enumerate(reports.values(), 2):
        audience.report(NodeId(number), address(NodeId(number)), each, now=0.0)  # type: ignore[arg-type]
    return audience


@pytest.mark.parametrize(
    ("state", "unfinished", "takes_stream"),
    [
        (ReceiverState.JOINED, True, True),
        (ReceiverState.RECEIVING, True, True),
        (ReceiverState.REPAIRING, True, True),
        (ReceiverState.DEAF, True, False),
        (ReceiverState.DONE, False, False),
        (ReceiverState.LEFT, False, False),
    ],
)
def test_who_needs_something_and_whom_a_stream_helps(
    state: ReceiverState, unfinished: bool, takes_stream: bool
) -> None:
    audience = _audience(one=report(state))
    assert bool(audience.unfinished()) is unfinished
    assert bool(audience.streamable()) is takes_stream


def test_who_needs_something_was_heard_a_while_ago_or_just_now() -> None:
    audience = _audience(one=report())
    audience.report(OTHER, address(OTHER), report(ReceiverState.DONE), now=9.0)
    assert audience.is_heard_since(0.0)
    assert not audience.is_heard_since(5.0)
    audience.report(LEADER, address(LEADER), report(), now=6.0)
    assert audience.is_heard_since(5.0)


def test_whom_we_dismissed_stays_dismissed_whatever_it_reports() -> None:
    audience = _audience(one=report())
    audience.all()[0].dismissed = True
    audience.report(LEADER, address(LEADER), report(ReceiverState.RECEIVING), now=1.0)
    assert audience.streamable() == []
    assert len(audience.unfinished()) == 1


def test_the_latest_report_counts_and_its_address() -> None:
    audience = _audience(one=report(held_blocks=1))
    audience.report(LEADER, ("10.9.9.9", 1), report(held_blocks=5), now=1.0)
    (listener,) = audience.all()
    assert (listener.report.held_blocks, listener.address) == (5, ("10.9.9.9", 1))


def test_what_so_many_lack() -> None:
    audience = _audience(
        a=report(held_blocks=4, missing=((0, 4),)),
        b=report(held_blocks=5, missing=((2, 3),)),
        c=report(held_blocks=7, missing=((3, 1),)),
    )
    assert audience.lacked(BLOCKS, by_at_least=1) == RangeSet([(0, 5)])
    assert audience.lacked(BLOCKS, by_at_least=2) == RangeSet([(2, 4)])
    assert audience.lacked(BLOCKS, by_at_least=3) == RangeSet([(3, 4)])
    assert audience.lacked(BLOCKS, by_at_least=4) == RangeSet()


def test_who_knows_no_manifest_yet_lacks_everything() -> None:
    audience = _audience(one=report(held_blocks=0, missing=()))
    assert audience.lacked(BLOCKS, by_at_least=1) == RangeSet([(0, BLOCKS)])


def test_ranges_beyond_the_end_are_cut_off() -> None:
    audience = _audience(one=report(held_blocks=1, missing=((6, 1_000),)))
    assert audience.lacked(BLOCKS, by_at_least=1) == RangeSet([(6, BLOCKS)])


def test_who_had_its_rounds_does_not_count_for_another() -> None:
    audience = _audience(one=report(), two=report())
    audience.all()[0].rounds = 2
    assert audience.lacked(BLOCKS, by_at_least=2, rounds_max=2) == RangeSet()
    assert audience.lacked(BLOCKS, by_at_least=1, rounds_max=2) == RangeSet([(0, BLOCKS)])


def test_the_silent_are_forgotten_the_finished_are_not() -> None:
    audience = _audience(one=report(), two=report(ReceiverState.DONE))
    assert audience.forget_silent(30.0) == []
    assert [one.node for one in audience.forget_silent(30.1)] == [LEADER]
    assert [one.node for one in audience.all()] == [OTHER]


def test_in_a_large_group_silence_takes_longer() -> None:
    """Four thousand report once in forty seconds."""
    count = 4_000
    audience = Audience(idle_timeout_s=30.0)
    for number in range(count):
        audience.report(NodeId(number), ("10.0.0.1", 1), report(), now=0.0)
    timeout_s = REPORTS_MISSED_MAX * count / REPORTS_PER_S_MAX
    assert audience.forget_silent(timeout_s) == []
    assert len(audience.forget_silent(timeout_s + 0.1)) == count


def test_the_heir_holds_the_most_and_may_represent() -> None:
    audience = _audience(
        a=report(held_blocks=5),
        b=report(held_blocks=7),
        c=report(held_blocks=8, weight=0),
        d=report(ReceiverState.LEFT, held_blocks=8),
    )
    heir = audience.heir()
    assert heir is not None
    assert heir.node == OTHER


def test_equal_heirs_are_told_apart_by_weight_then_by_id() -> None:
    audience = _audience(a=report(weight=40), b=report(weight=60), c=report(weight=60))
    heir = audience.heir()
    assert heir is not None
    assert heir.node == THIRD


def test_nobody_can_be_heir_of_an_empty_house() -> None:
    assert _audience().heir() is None
    assert _audience(a=report(weight=0)).heir() is None


def test_invented_receivers_fill_the_book_and_no_more_and_the_finished_make_room() -> None:
    audience = Audience(idle_timeout_s=30.0)
    for number in range(LISTENERS_MAX + 10):
        state = ReceiverState.DONE if number == 7 else ReceiverState.JOINED
        audience.report(NodeId(number), address(LEADER), report(state), now=0.0)

    known = {one.node for one in audience.all()}
    assert len(known) == LISTENERS_MAX
    assert NodeId(7) not in known
    assert NodeId(LISTENERS_MAX) in known
    assert audience.report(NodeId(1 << 40), address(LEADER), report(), now=0.0) is None
    assert audience.report(NodeId(8), address(LEADER), report(), now=0.0) is not None
