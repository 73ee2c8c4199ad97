"""Promises of one receiver's figures: what is usual, what is excess, what its way takes."""

from __future__ import annotations

import pytest

from mcastdist.session.figures import USUAL_PPM_MAX, Figures, Sample

RATE = 100e6


def seen(loss: float, *, rate_bps: float, delay_us: int = 0, drop: float = 0.0) -> Sample:
    return Sample(round(loss * 1e6), round(drop * 1e6), delay_us, rate_bps * (1.0 - loss))


def after_a_fall(before: Sample, after: Sample) -> Figures:
    figures = Figures(at=0.0)
    figures.take(before, 1.0)
    figures.remember()
    figures.take(after, 2.0)
    return figures


def test_loss_that_stays_while_goodput_follows_the_rate_is_usual() -> None:
    figures = after_a_fall(seen(0.05, rate_bps=RATE), seen(0.05, rate_bps=0.75 * RATE))

    assert figures.learn_usual_loss(RATE, 0.75 * RATE)
    assert figures.usual_ppm == 50_000
    assert figures.last.excess_ppm(figures.usual_ppm, with_drops=False) == 0
    assert figures.capacity_bps == pytest.approx(RATE)  # as it arrived before, made up for


def test_loss_with_goodput_that_stays_is_not() -> None:
    figures = after_a_fall(seen(0.5, rate_bps=RATE), seen(0.33, rate_bps=0.75 * RATE))

    assert not figures.learn_usual_loss(RATE, 0.75 * RATE)
    assert figures.usual_ppm == 0


def test_loss_behind_a_queue_is_not() -> None:
    after = seen(0.05, rate_bps=0.75 * RATE, delay_us=9_000)
    assert not after_a_fall(seen(0.05, rate_bps=RATE), after).learn_usual_loss(RATE, 0.75 * RATE)


def test_terrible_loss_is_never_usual() -> None:
    figures = after_a_fall(seen(0.4, rate_bps=RATE), seen(0.4, rate_bps=0.75 * RATE))

    figures.learn_usual_loss(RATE, 0.75 * RATE)

    assert figures.usual_ppm == USUAL_PPM_MAX
    assert figures.last.excess_ppm(figures.usual_ppm, with_drops=False) > 100_000


def test_usual_loss_is_unlearned_slowly() -> None:
    figures = after_a_fall(seen(0.05, rate_bps=RATE), seen(0.05, rate_bps=0.75 * RATE))
    figures.learn_usual_loss(RATE, 0.75 * RATE)

    figures.take(seen(0.0, rate_bps=RATE), 3.0)
    assert 40_000 < figures.usual_ppm < 50_000
    for step in range(40):
        figures.take(seen(0.0, rate_bps=RATE), 4.0 + step)
    assert figures.usual_ppm < 1_000


def test_capacity_is_the_best_of_the_last_reports_for_one_may_have_been_a_pause() -> None:
    figures = Figures(at=0.0)
    for step, arrived in enumerate((0.9, 1.0, 0.5)):
        figures.take(seen(0.0, rate_bps=arrived * RATE), 1.0 + step)
    figures.remember()
    assert figures.capacity_bps == RATE


def test_what_arrives_in_a_flood_is_the_capacity_whatever_it_was_before() -> None:
    figures = Figures(at=0.0)
    figures.take(seen(0.0, rate_bps=RATE), 1.0)
    figures.take(seen(0.5, rate_bps=RATE), 2.0)
    figures.remember()
    assert figures.capacity_bps == pytest.approx(0.5 * RATE)


def test_below_what_got_through_before_loss_is_not_our_doing() -> None:
    figures = after_a_fall(seen(0.8, rate_bps=RATE), seen(0.1, rate_bps=0.17 * RATE))

    assert figures.learn_usual_loss(RATE, 0.17 * RATE)
    assert figures.usual_ppm == 100_000


def test_complaints_are_counted_in_a_row() -> None:
    figures = Figures(at=0.0)
    for loss in (0.1, 0.1, 0.0, 0.1):
        figures.take(seen(loss, rate_bps=RATE), 1.0)
    assert figures.complaints == 1


@pytest.mark.parametrize(
    ("changed_at", "share"),
    [
        (0.5, 1.45),  # all of the report is of the present rate
        (1.4, 1.75),  # 0.6 s of it: 0.4 came before, so 1.05 came in them
        (1.6, 1.45),  # too little of it to tell
        (2.5, 1.45),
    ],
)
def test_of_a_report_that_covers_two_rates_the_present_one_counts(
    changed_at: float, share: float
) -> None:
    figures = Figures(at=0.0)
    figures.take(seen(0.0, rate_bps=RATE), 1.0)
    figures.take(seen(0.0, rate_bps=1.45 * RATE), 2.0, changed_at=changed_at)
    assert figures.capacity_bps == pytest.approx(share * RATE)


def test_loss_may_be_supposed_to_be_usual() -> None:
    figures = Figures(at=0.0)
    figures.take(seen(0.05, rate_bps=RATE), 1.0)
    figures.suppose()
    assert not figures.complains
    assert not figures.has_learned
