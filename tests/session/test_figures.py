"""Promises of one receiver's figures: what is usual, what is excess, who stands for a group."""

from __future__ import annotations

import pytest

from mcastdist.session.figures import USUAL_PPM_MAX, Figures, Sample, group_figures, percentile

RATE = 100e6


def seen(loss: float, *, rate_bps: float, delay_us: int = 0, drop: float = 0.0) -> Sample:
    return Sample(round(loss * 1e6), round(drop * 1e6), delay_us, rate_bps * (1.0 - loss))


def after_a_fall(before: Sample, after: Sample) -> Figures:
    figures = Figures(at=0.0)
    figures.take(before, 1.0)
    figures.before = figures.last
    figures.take(after, 2.0)
    return figures


def test_loss_that_stays_while_goodput_follows_the_rate_is_usual() -> None:
    figures = after_a_fall(seen(0.05, rate_bps=RATE), seen(0.05, rate_bps=0.75 * RATE))

    assert figures.learn_usual_loss(0.75)
    assert figures.usual_ppm == 50_000
    assert figures.last.excess_ppm(figures.usual_ppm, with_drops=False) == 0
    assert figures.capacity_bps == pytest.approx(0.75 * RATE)


def test_loss_with_goodput_that_stays_is_not() -> None:
    figures = after_a_fall(seen(0.5, rate_bps=RATE), seen(0.33, rate_bps=0.75 * RATE))

    assert not figures.learn_usual_loss(0.75)
    assert figures.usual_ppm == 0


def test_loss_behind_a_queue_is_not() -> None:
    after = seen(0.05, rate_bps=0.75 * RATE, delay_us=9_000)
    assert not after_a_fall(seen(0.05, rate_bps=RATE), after).learn_usual_loss(0.75)


def test_terrible_loss_is_never_usual() -> None:
    figures = after_a_fall(seen(0.4, rate_bps=RATE), seen(0.4, rate_bps=0.75 * RATE))

    figures.learn_usual_loss(0.75)

    assert figures.usual_ppm == USUAL_PPM_MAX
    assert figures.last.excess_ppm(figures.usual_ppm, with_drops=False) > 100_000


def test_usual_loss_is_unlearned_slowly() -> None:
    figures = after_a_fall(seen(0.05, rate_bps=RATE), seen(0.05, rate_bps=0.75 * RATE))
    figures.learn_usual_loss(0.75)

    figures.take(seen(0.0, rate_bps=RATE), 3.0)
    assert 40_000 < figures.usual_ppm < 50_000
    for step in range(40):
        figures.take(seen(0.0, rate_bps=RATE), 4.0 + step)
    assert figures.usual_ppm < 1_000


def test_kernel_drops_are_left_out_unless_half_of_the_group_has_them() -> None:
    dropping = seen(0.3, rate_bps=RATE, drop=0.3)
    clean = seen(0.0, rate_bps=RATE)

    assert group_figures([(dropping, 0.0)] * 4 + [(clean, 0.0)] * 6, 0.85) == (0, 0)
    excess, _ = group_figures([(dropping, 0.0)] * 6 + [(clean, 0.0)] * 4, 0.85)
    assert excess == 300_000


def test_complaints_are_counted_in_a_row() -> None:
    figures = Figures(at=0.0)
    for loss in (0.1, 0.1, 0.0, 0.1):
        figures.take(seen(loss, rate_bps=RATE), 1.0)
    assert figures.complaints == 1


@pytest.mark.parametrize(
    ("count", "rank"), [(1, 0), (2, 1), (3, 2), (6, 4), (10, 8), (20, 16), (100, 84)]
)
def test_the_85th_percentile_leaves_out_the_worst_of_a_group(count: int, rank: int) -> None:
    assert percentile(list(range(count))[::-1], 0.85) == rank


def test_the_percentile_of_nobody_is_nothing() -> None:
    assert percentile([], 0.85) == 0
