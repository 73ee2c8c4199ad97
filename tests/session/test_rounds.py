"""Promises of a round: in order, only what is ready, and a position that says what has gone."""

from __future__ import annotations

import pytest

from mcastdist.session.rounds import Rounds


def test_before_the_first_round_nothing_has_gone() -> None:
    rounds = Rounds(5)
    assert (rounds.position, rounds.number, rounds.block, rounds.is_over) == (0, 0, None, True)


def test_the_position_is_the_block_at_hand_and_the_end_after_the_last() -> None:
    rounds = Rounds(9)
    rounds.start([7, 3, 3])

    assert (rounds.position, rounds.block) == (3, 3)
    rounds.advance()
    assert rounds.position == 7
    rounds.advance()
    assert (rounds.position, rounds.is_over, rounds.block) == (9, True, None)


def test_only_what_is_ready_is_ahead_and_nothing_behind_a_gap() -> None:
    rounds = Rounds(9)
    rounds.start(range(9))
    for block in (0, 1, 2, 4):
        rounds.ready(block)

    assert rounds.ahead(2) == [0, 1]
    assert rounds.ahead(8) == [0, 1, 2]
    assert rounds.ahead(0) == []


def test_blocks_that_are_none_are_left_out_or_refused() -> None:
    rounds = Rounds(3)
    rounds.start([-1, 2, 3, 10**12])
    assert rounds.block == 2
    for block in (-1, 3):
        with pytest.raises(IndexError, match="of 3"):
            rounds.ready(block)


def test_an_empty_round_is_over_at_once() -> None:
    rounds = Rounds(3)
    rounds.start([])
    assert (rounds.is_over, rounds.position, rounds.number) == (True, 3, 1)
