"""The book of an examination."""

from __future__ import annotations

import pytest
from checkup_kit import ALONE, FULL_GROUP, GROUP

from mcastdist.agent.checkup.examination import KNOWN_MAX, NEIGHBOURS_MAX, Examination, Trial
from mcastdist.ids import NodeId
from mcastdist.wire import Echo, Way

THERE = ("10.0.0.9", 7447)
NODE = NodeId(9)


def echo(
    number: int, trial: Trial = ALONE, *, token: int = 7, received: float = 0.0, sent: float = 0.0
) -> Echo:
    return Echo(
        token, number, trial.way, trial.full, round(received * 1e6), round(sent * 1e6), 7447, 1472,
        "0.1.0", "h9",
    )  # fmt: skip


def test_an_echo_shows_what_is_heard_there_and_here() -> None:
    book = Examination(7)
    first = book.probe(GROUP, at=100.0)
    second = book.probe(FULL_GROUP, at=100.1, back=True)
    book.receive(echo(first.number), NODE, THERE, at=100.2)
    book.receive(echo(second.number, Trial(Way.ASIDE, True)), NODE, THERE, at=100.2)

    [neighbour] = book.examined
    assert (first.back, second.back) == (False, True)
    assert neighbour.heard_there == {GROUP, FULL_GROUP}
    assert neighbour.heard_here == {ALONE, Trial(Way.ASIDE, True)}
    assert (neighbour.host, neighbour.address) == ("h9", THERE)


@pytest.mark.parametrize(("number", "token"), [(1, 8), (2, 7), (0, 7)])
def test_what_was_not_asked_is_not_believed(number: int, token: int) -> None:
    book = Examination(7)
    book.probe(GROUP, at=100.0)
    book.receive(echo(number, token=token), NODE, THERE, at=100.2)

    assert not book.neighbours


def test_the_quickest_exchange_says_how_far_the_clocks_are_apart() -> None:
    book = Examination(7)
    slow, quick = (book.probe(GROUP, at=100.0) for _ in range(2))
    book.receive(echo(slow.number, received=131.0, sent=131.0), NODE, THERE, at=101.0)
    book.receive(echo(quick.number, received=130.01, sent=130.21), NODE, THERE, at=100.22)
    book.receive(echo(slow.number, received=131.0, sent=131.0), NODE, THERE, at=109.0)

    [neighbour] = book.examined
    assert neighbour.delay_s == pytest.approx(0.02)
    assert neighbour.offset_s == pytest.approx(30.0)


def test_no_more_than_so_many_are_examined_one_by_one() -> None:
    book = Examination(7)
    probe = book.probe(GROUP, at=100.0)
    for number in range(NEIGHBOURS_MAX + 5):
        book.receive(echo(probe.number), NodeId(number), THERE, at=100.1)

    assert (len(book.neighbours), len(book.examined)) == (NEIGHBOURS_MAX + 5, NEIGHBOURS_MAX)


def test_invented_neighbours_fill_the_book_and_no_more() -> None:
    book = Examination(7)
    probe = book.probe(GROUP, at=100.0)
    for number in range(KNOWN_MAX + 5):
        book.receive(echo(probe.number), NodeId(number), THERE, at=100.1)
    book.receive(echo(probe.number, FULL_GROUP), NodeId(3), THERE, at=100.1)

    assert len(book.neighbours) == KNOWN_MAX
    assert FULL_GROUP in book.neighbours[NodeId(3)].heard_here  # who is known is still heard


def test_loss_is_counted_where_something_arrives() -> None:
    book = Examination(7)
    heard = [book.probe(GROUP, at=100.0) for _ in range(4)][:3]
    lost = book.probe(FULL_GROUP, at=100.0)  # never arrives: no loss, but another finding
    book.probe(ALONE, at=100.0, to=("10.0.0.8", 7447))  # not for this one
    back = book.probe(ALONE, at=100.0, to=THERE, back=True)  # answered more than once
    for probe in [*heard, back]:
        book.receive(echo(probe.number), NODE, THERE, at=100.1)

    [neighbour] = book.examined
    assert lost.number not in neighbour.answered
    assert book.loss(neighbour) == 0.25


def test_who_is_unclear_is_told_from_who_is_well() -> None:
    book = Examination(7)
    probe = book.probe(GROUP, at=100.0)
    book.receive(echo(probe.number), NODE, THERE, at=100.1)

    assert book.unclear(frozenset()) == []
    assert book.unclear(frozenset({ALONE})) == book.examined
