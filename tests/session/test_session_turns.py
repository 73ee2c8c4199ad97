"""Promises of the accounts: answers go first and never take all; parity follows as it is owed."""

from __future__ import annotations

import pytest

from mcastdist.session.turns import (
    ANSWER_CREDIT_MAX,
    ANSWERS_PER_BLOCK_DATAGRAM,
    PARITY_SHARE_MAX,
    Turns,
    Unasked,
)


def test_answers_go_first_until_their_credit_is_used_up() -> None:
    turns = Turns()
    turns.answered(ANSWER_CREDIT_MAX - 1)
    assert turns.is_answers
    turns.answered(1)
    assert not turns.is_answers


def test_the_stream_earns_credit_for_answers_but_not_without_end() -> None:
    turns = Turns()
    turns.streamed(1_000_000)
    turns.answered(ANSWER_CREDIT_MAX)
    turns.streamed(10)
    turns.answered(10 * ANSWERS_PER_BLOCK_DATAGRAM - 1)
    assert turns.is_answers
    turns.answered(1)
    assert not turns.is_answers


def test_parity_follows_as_it_is_owed_a_batch_at_a_time() -> None:
    unasked = Unasked()
    assert unasked.take(32) is None
    unasked.set_share(0.1)
    unasked.add_block(405)
    assert unasked.take(32) == (40, 32)
    assert unasked.take(32) == (8, 8)
    assert unasked.take(32) is None
    unasked.add_block(405)
    assert unasked.take(100) == (41, 41)  # halves add up


def test_what_the_last_round_was_owed_is_forgotten() -> None:
    unasked = Unasked()
    unasked.set_share(0.5)
    unasked.add_block(100)
    unasked.start_round()
    assert unasked.take(32) is None


@pytest.mark.parametrize(("share", "taken"), [(-1.0, 0.0), (7.0, PARITY_SHARE_MAX)])
def test_a_share_is_bounded(share: float, taken: float) -> None:
    unasked = Unasked()
    unasked.set_share(share)
    unasked.add_block(100)
    owed = unasked.take(1_000)
    assert (owed or (0, 0))[0] == taken * 100


def test_what_a_block_will_owe_is_known_before_it_goes() -> None:
    unasked = Unasked()
    assert unasked.expected(405) == 0
    unasked.set_share(0.1)
    assert unasked.expected(405) == 41
