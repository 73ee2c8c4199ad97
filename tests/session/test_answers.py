"""Promises of the answers: the largest need counts, crossing ones do not, and memory is bounded."""

from __future__ import annotations

from mcastdist.session.answers import (
    ANSWERED_SPARE,
    ANSWERED_TIMES_MAX,
    BLOCKS_MAX,
    CROSSING_S,
    Answers,
)
from mcastdist.wire import PARITY_SPARE

K = 100


def test_the_largest_need_counts() -> None:
    answers = Answers()
    assert answers.ask(7, 5, K, in_hand=0, now=0.0) == 5 + PARITY_SPARE
    assert answers.ask(7, 9, K, in_hand=0, now=0.0) == 9 + PARITY_SPARE
    assert answers.ask(7, 2, K, in_hand=0, now=0.0) == 9 + PARITY_SPARE

    assert (answers.due(7), len(answers), answers.is_whole(7)) == (9 + PARITY_SPARE, 1, False)


def test_what_is_in_hand_or_has_just_gone_counts_as_part_of_the_answer() -> None:
    answers = Answers()
    answers.ask(7, 20, K, in_hand=0, now=0.0)
    answers.take(7, 23)
    assert len(answers) == 0
    answers.sent(7, 13, now=0.0)

    assert answers.ask(7, 20, K, in_hand=10, now=0.001) == 0
    assert answers.ask(7, 22, K, in_hand=10, now=0.001) == 2
    assert answers.ask(7, 20, K, in_hand=0, now=CROSSING_S + 0.001) == 20 + PARITY_SPARE


def test_the_whole_block_goes_once_however_many_ask() -> None:
    answers = Answers()
    assert answers.ask(7, 51, K, in_hand=0, now=0.0) == K
    assert answers.is_whole(7)
    answers.take(7, K)

    assert answers.ask(7, 100, K, in_hand=60, now=5.0) == 0
    answers.sent(7, 60, now=5.0)
    assert answers.ask(7, 100, K, in_hand=0, now=5.01) == 0
    assert answers.ask(7, 100, K, in_hand=0, now=6.0) == K


def test_first_come_first_served() -> None:
    answers = Answers()
    for block in (9, 3, 5, 3):
        answers.ask(block, 1, K, in_hand=0, now=0.0)
    answers.take(9, 2)

    assert list(answers.first(2)) == [9, 3]
    answers.take(9, 2)
    assert list(answers.first(2)) == [3, 5]
    assert answers.due(9) == 0


def test_what_members_can_make_us_remember_is_bounded() -> None:
    answers = Answers()
    for block in range(BLOCKS_MAX + 100):
        answers.ask(block, 1, K, in_hand=0, now=0.0)

    assert len(answers) == BLOCKS_MAX
    assert answers.ask(0, 9, K, in_hand=0, now=0.0) == 9 + PARITY_SPARE


def test_what_went_long_ago_is_forgotten() -> None:
    answers = Answers()
    for step in range(1_000):
        answers.sent(step, 5, now=step * CROSSING_S)

    assert len(answers._sent) <= 2
    assert len(answers._crossing) <= 2


def test_a_block_is_not_answered_for_ever() -> None:
    """Whoever has the cluster key can ask in any number of names."""
    answers = Answers()
    sent, now = 0, 0.0
    for _ in range(1_000):
        now += 1.0
        answers.ask(7, 40, K, in_hand=0, now=now)
        due = answers.due(7)
        answers.take(7, due)
        answers.sent(7, due, now=now)
        sent += due

    assert sent == ANSWERED_TIMES_MAX * K + ANSWERED_SPARE
    assert answers.ask(8, 40, K, in_hand=0, now=now) > 0  # of another block there is more
