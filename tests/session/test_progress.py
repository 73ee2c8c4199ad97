"""Promises of progress: a block has passed when it surely has, and forged headers move nothing."""

from __future__ import annotations

from mcastdist.session.progress import SETTLE_S, Progress
from mcastdist.wire import BLOCK_SILENCE_S


def test_nothing_heard_nothing_passed() -> None:
    progress = Progress(10, 0.0)
    assert (progress.position, progress.passed(100.0)) == (0, 0)


def test_a_later_block_passes_the_earlier_ones() -> None:
    progress = Progress(10, 0.0)
    progress.heard(4, is_parity=False, now=1.0)
    progress.heard(2, is_parity=False, now=1.1)

    assert (progress.position, progress.passed(1.2)) == (4, 4)
    assert not progress.is_news(4)
    assert progress.is_news(5)


def test_silence_passes_the_last_one_and_its_parity_breaks_the_silence() -> None:
    progress = Progress(10, 0.0)
    progress.heard(9, is_parity=False, now=1.0)
    progress.heard(9, is_parity=True, now=1.2)

    assert progress.passed(1.0 + BLOCK_SILENCE_S) == 9
    assert progress.passed(1.2 + BLOCK_SILENCE_S) == 10


def test_parity_alone_moves_nothing() -> None:
    progress = Progress(10, 0.0)
    progress.heard(7, is_parity=True, now=1.0)
    assert (progress.position, progress.passed(9.0)) == (0, 0)


def test_announcements_count_each_in_its_time() -> None:
    progress = Progress(10, 0.0)
    progress.announced(3, 1.0)
    progress.announced(2, 1.05)
    progress.announced(99, 1.1)

    assert progress.position == 10
    assert progress.passed(1.0 + BLOCK_SILENCE_S / 2) == 0
    assert progress.passed(1.0 + BLOCK_SILENCE_S + 0.01) == 3
    assert progress.passed(1.1 + BLOCK_SILENCE_S + 0.01) == 10


def test_announcements_count_soon_if_nothing_stands_in_the_socket() -> None:
    progress = Progress(10, 0.0)
    progress.idle(0.9)
    progress.announced(3, 1.0)
    assert progress.passed(1.0 + SETTLE_S / 2) == 0
    assert progress.passed(1.0 + SETTLE_S + 0.001) == 3

    progress.heard(3, is_parity=False, now=2.0)
    progress.announced(9, 2.0)
    assert progress.passed(2.0 + SETTLE_S + 0.001) == 3  # more may stand there
    progress.idle(2.1)
    assert progress.passed(2.1 + SETTLE_S + 0.001) == 9
