"""Promises of the group: whom the rate suits, who stands for them, and who is to leave."""

from __future__ import annotations

import pytest

from mcastdist.ids import NodeId
from mcastdist.session.figures import Figures, Sample
from mcastdist.session.group import Group, left_out, median, outliers, slow, typical_worst

RATE = 100e6


def receiver(
    *, loss: float = 0.0, drop: float = 0.0, delay_us: int = 0, gets: float = 1.0, reports: int = 1
) -> Figures:
    """One that has said this so many times, four times a second; `gets`: of RATE."""
    figures = Figures(at=0.0)
    sample = Sample(round(loss * 1e6), round(drop * 1e6), delay_us, gets * RATE)
    for number in range(reports):
        figures.take(sample, 0.25 * (number + 1))
    return figures


@pytest.mark.parametrize(
    ("count", "out"), [(1, 0), (2, 0), (3, 1), (6, 1), (10, 1), (12, 2), (20, 3), (100, 15)]
)
def test_of_three_or_more_one_is_left_out_and_of_many_the_worst_15_percent(
    count: int, out: int
) -> None:
    assert left_out(count) == out
    assert typical_worst(range(count)) == count - 1 - out


def test_the_typical_of_nobody_is_nothing() -> None:
    assert typical_worst([]) == 0
    assert median([]) == 0
    assert outliers([]) == []
    assert slow({}, rate_bps=RATE, bps_min=1.0) == []


@pytest.mark.parametrize("count", [3, 4, 6, 10])
def test_one_bad_receiver_does_not_stand_for_the_group(count: int) -> None:
    group = Group([receiver() for _ in range(count - 1)] + [receiver(loss=0.3, gets=0.7)])

    assert group.now == (0, 0)
    assert group.capacity_bps == RATE


def test_of_two_the_worse_stands_for_both_unless_it_gets_less_than_half() -> None:
    assert Group([receiver(), receiver(loss=0.3, gets=0.7)]).now == (300_000, 0)
    assert Group([receiver(), receiver(loss=0.6, gets=0.4)]).now == (0, 0)


def test_who_is_alone_is_the_group() -> None:
    group = Group([receiver(loss=0.9, gets=0.1)])

    assert group.now == (900_000, 0)
    assert group.capacity_bps == 0.1 * RATE


def test_two_slow_ones_of_ten_are_a_part_of_the_group() -> None:
    slow_ones = [receiver(loss=0.9, gets=0.1) for _ in range(2)]
    group = Group([receiver() for _ in range(8)] + slow_ones)

    assert group.now == (900_000, 0)
    assert group.capacity_bps == 0.1 * RATE


def test_an_outlier_does_not_take_the_place_of_another_that_is_left_out() -> None:
    """Of 20 three are left out: the outlier, and the next two."""
    bad = [receiver(loss=0.9, gets=0.1), *(receiver(delay_us=9_000) for _ in range(2))]

    assert Group([receiver() for _ in range(17)] + bad).now == (0, 0)
    assert Group([receiver() for _ in range(16)] + [*bad, bad[-1]]).now == (0, 9_000)


@pytest.mark.parametrize(("dropping", "counted"), [(4, 0), (6, 300_000)])
def test_kernel_drops_are_left_out_unless_half_of_the_group_has_them(
    dropping: int, counted: int
) -> None:
    figures = [receiver(loss=0.3, drop=0.3, gets=0.7) for _ in range(dropping)]
    figures += [receiver() for _ in range(10 - dropping)]

    assert Group(figures).now == (counted, 0)


def test_who_gets_less_than_half_for_a_while_is_slow() -> None:
    group = {NodeId(node): receiver(reports=9) for node in range(3)}
    for reports, expected in ((1, []), (2, []), (4, [NodeId(9)])):
        group[NodeId(9)] = receiver(loss=0.9, gets=0.1, reports=reports)
        assert slow(group, rate_bps=RATE, bps_min=2e6) == expected
    assert slow(group, rate_bps=RATE, bps_min=0) == []


def test_who_gets_less_than_the_least_is_slow_even_alone() -> None:
    alone = {NodeId(1): receiver(loss=0.99, gets=0.01, reports=9)}

    assert slow(alone, rate_bps=RATE, bps_min=2e6) == [NodeId(1)]
    assert slow(alone, rate_bps=2e6, bps_min=2e6) == []
    assert slow(alone, rate_bps=RATE, bps_min=0.5e6) == []


def test_who_gets_little_and_does_not_complain_is_not_slow() -> None:
    """It has only just begun to listen."""
    group = {NodeId(1): receiver(reports=9), NodeId(2): receiver(gets=0.1, reports=9)}

    assert slow(group, rate_bps=RATE, bps_min=2e6) == []
