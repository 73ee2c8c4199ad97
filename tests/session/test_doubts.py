"""One complaint that may be chance does not slow a stream; two do."""

from __future__ import annotations

import pytest

from mcastdist.session.doubts import Doubts
from mcastdist.session.fall import Fall, Mode, fall_first
from mcastdist.session.figures import Figures, Sample
from mcastdist.session.group import Group

RATE = 100e6


def group(loss: float, delay_us: int, arrives: float) -> Group:
    figures = Figures(at=0.0)
    figures.take(Sample(round(loss * 1e6), 0, delay_us, arrives * RATE), 0.25)
    return Group([figures])


def fallen(mode: Mode, arrived: float) -> Fall:
    return fall_first(group(0.0, 9_000, arrived), RATE, RATE, mode=mode, ceiling_bps=0.0)[0]


@pytest.mark.parametrize(
    ("loss", "delay_us", "arrives", "mode", "is_used", "expected"),
    [
        (0.0, 20_000, 1.0, Mode.STARTING, True, True),  # all arrived: hardly the rate's doing
        (0.0, 20_000, 0.8, Mode.STARTING, True, False),  # less did: a queue of ours
        (0.3, 20_000, 0.7, Mode.STARTING, True, False),
        (0.0, 9_000, 1.0, Mode.STEADY, True, True),  # mild
        (0.0, 20_000, 1.0, Mode.STEADY, True, False),
        (0.05, 9_000, 1.0, Mode.STEADY, True, False),
        (0.3, 20_000, 0.1, Mode.STEADY, False, True),  # hardly anything was sent
    ],
)
def test_a_complaint_that_may_be_chance_is_looked_at_again_once(
    loss: float, delay_us: int, arrives: float, mode: Mode, is_used: bool, expected: bool
) -> None:
    doubts, complaint = Doubts(), group(loss, delay_us, arrives)
    assert doubts.look_again(complaint, RATE, mode, is_used=is_used) is expected
    assert not (expected and doubts.look_again(complaint, RATE, mode, is_used=is_used))

    doubts.look_again(complaint, RATE, mode, is_used=is_used)
    doubts.cleared()
    assert doubts.look_again(complaint, RATE, mode, is_used=is_used) is expected


def test_the_first_small_loss_without_a_queue_is_supposed_to_be_usual() -> None:
    doubts, lossy = Doubts(), group(0.05, 0, 0.95)
    assert doubts.supposes_usual(lossy, Mode.STARTING)
    assert lossy.now[0] == 0.0
    assert not doubts.supposes_usual(group(0.05, 0, 0.95), Mode.STARTING)


@pytest.mark.parametrize(
    ("complaint", "mode"),
    [
        (group(0.05, 9_000, 0.95), Mode.STARTING),
        (group(0.5, 0, 0.5), Mode.STARTING),
        (group(0.05, 0, 0.95), Mode.STEADY),
    ],
)
def test_a_queue_a_flood_or_a_later_loss_is_not(complaint: Group, mode: Mode) -> None:
    assert not Doubts().supposes_usual(complaint, mode)


def test_a_fall_from_a_rate_at_which_all_arrived_proves_nothing_once() -> None:
    doubts, fall, calm = Doubts(), fallen(Mode.STARTING, 1.0), group(0.0, 0, 0.75)
    assert doubts.pardons(fall, calm)
    assert not doubts.pardons(fall, calm)
    assert doubts.pardons(fall._replace(first_bps=2 * RATE, capacity_bps=2 * RATE), calm)


def test_a_fall_from_above_a_capacity_or_later_on_is_believed() -> None:
    calm = group(0.0, 0, 0.75)
    assert not Doubts().pardons(fallen(Mode.STARTING, 0.8), calm)
    assert not Doubts().pardons(fallen(Mode.STEADY, 1.0), calm)
