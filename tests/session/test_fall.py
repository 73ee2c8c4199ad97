"""Promises of a fall: how far, and what is concluded from what it changed or did not."""

from __future__ import annotations

import pytest

from mcastdist.session.fall import (
    DRAIN,
    EASE,
    FALL,
    FALL_AGAIN,
    Fall,
    Mode,
    Verdict,
    fall_again,
    fall_first,
)
from mcastdist.session.figures import Figures, Sample
from mcastdist.session.group import Group

RATE = 100e6
SHARE = 0.2


def said(loss: float, delay_us: int, gets: float) -> Sample:
    return Sample(round(loss * 1e6), 0, delay_us, gets * RATE)


def one(sample: Sample, before: Sample | None = None) -> Group:
    figures = Figures(at=0.0)
    if before is not None:
        figures.take(before, 1.0)
        figures.remember()
    figures.take(sample, 2.0)
    return Group([figures])


def first(sample: Sample, *, ceiling_bps: float = 0.0) -> tuple[Fall, float]:
    return fall_first(one(sample), RATE, RATE, mode=Mode.STARTING, ceiling_bps=ceiling_bps)


def judged(before: Sample, after: Sample, *, falls: int = 1, rate: float = FALL) -> Verdict:
    fall = first(before)[0]._replace(falls=falls)
    return fall.verdict(one(after, before), rate * RATE, share=SHARE, floor_bps=1e6)


LATE = said(0.0, 30_000, 0.95)


@pytest.mark.parametrize(
    ("sample", "to"),
    [
        (LATE, FALL),
        (said(0.05, 0, 0.95), FALL),
        (said(0.8, 30_000, 0.2), 0.2 * DRAIN),
    ],
)
def test_the_first_fall_is_a_quarter_or_to_less_than_arrives(sample: Sample, to: float) -> None:
    assert first(sample)[1] == pytest.approx(to * RATE)


def test_just_above_a_capacity_that_is_known_it_is_small_unless_much_is_lost() -> None:
    assert first(LATE, ceiling_bps=0.95 * RATE)[1] == pytest.approx(0.95 * EASE * RATE)
    assert first(LATE, ceiling_bps=0.5 * RATE)[1] == pytest.approx(FALL * RATE)
    flooded = said(0.5, 30_000, 0.5)
    assert first(flooded, ceiling_bps=RATE)[1] == pytest.approx(0.5 * DRAIN * RATE)


def test_after_a_small_one_comes_a_first_one_and_then_larger_ones_down_to_the_share() -> None:
    eased, _ = first(LATE, ceiling_bps=RATE)
    fall, to_bps = fall_again(eased, one(LATE), RATE, share=SHARE)
    assert to_bps == pytest.approx(FALL * RATE)
    assert fall.falls == 1

    fall, to_bps = fall_again(fall, one(LATE), RATE, share=SHARE)
    assert to_bps == pytest.approx(FALL_AGAIN * RATE)
    assert fall.falls == 2

    little = one(said(0.0, 30_000, 0.22))
    assert fall_again(fall, little, 0.22 * RATE, share=SHARE)[1] == pytest.approx(
        SHARE * 0.95 * RATE
    )


def test_great_loss_goes_below_the_share() -> None:
    fall, _ = first(LATE)
    flooded = one(said(0.9, 30_000, 0.02))
    assert fall_again(fall, flooded, 0.2 * RATE, share=SHARE)[1] == pytest.approx(
        0.02 * DRAIN * RATE
    )


def test_quiet_after_a_fall_means_a_capacity() -> None:
    assert judged(LATE, said(0.0, 0, 0.75)) is Verdict.CAPACITY


def test_a_queue_that_shrinks_is_waited_for() -> None:
    assert judged(LATE, said(0.0, 20_000, 0.95)) is Verdict.DRAINING


def test_what_the_queue_had_come_to_when_the_fall_took_effect_is_not_held_against_it() -> None:
    longer = said(0.0, 45_000, 0.95)
    assert judged(LATE, longer) is Verdict.DRAINING
    assert judged(LATE, longer, falls=2) is Verdict.UNKNOWN
    assert judged(LATE, said(0.3, 45_000, 0.5)) is Verdict.UNKNOWN


def test_nothing_is_concluded_from_one_fall_that_changed_nothing() -> None:
    fall = first(LATE)[0]._replace(is_peak=True)
    group = one(said(0.0, 30_000, 0.75), LATE)
    assert fall.verdict(group, FALL * RATE, share=SHARE, floor_bps=1e6) is Verdict.UNKNOWN


def test_a_queue_that_stands_at_our_share_is_that_of_others() -> None:
    low = said(0.0, 28_000, 0.19)
    assert judged(LATE, low, falls=3, rate=0.19) is Verdict.OTHERS
    assert judged(LATE, low, falls=3, rate=0.5) is Verdict.UNKNOWN


def test_what_no_fall_makes_better_and_is_small_is_not_our_doing() -> None:
    bad = said(0.05, 8_000, 0.95)
    assert judged(bad, said(0.05, 8_000, 0.18), falls=3, rate=0.19) is Verdict.IN_VAIN
    assert judged(bad, said(0.3, 8_000, 0.13), falls=3, rate=0.19) is Verdict.UNKNOWN


def test_what_falls_make_better_is_our_doing() -> None:
    bad = said(0.14, 8_000, 0.86)
    assert judged(bad, said(0.05, 6_500, 0.18), falls=3, rate=0.19) is Verdict.UNKNOWN
