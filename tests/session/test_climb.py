"""Promises of the way up: quick to what was held, slow past a capacity, then quick again."""

from __future__ import annotations

import pytest

from mcastdist.session.climb import CALM_S, FREE, PLATEAU_S_MAX, PLATEAU_S_MIN, REGAIN, Climb

C = 100e6
STEP_S = 0.25


def climb(way: Climb, rate_bps: float, seconds: float) -> float:
    for _ in range(round(seconds / STEP_S)):
        rate_bps = way.step(rate_bps, STEP_S)
    return rate_bps


def test_it_stays_near_the_capacity_for_twice_the_plateau() -> None:
    way = Climb()
    way.start(C)

    assert climb(way, 0.98 * C, PLATEAU_S_MIN) == pytest.approx(C, rel=0.001)
    assert climb(way, C, PLATEAU_S_MIN) == pytest.approx(1.02 * C, rel=0.001)


def test_where_there_is_no_capacity_any_more_it_goes_on_by_leaps() -> None:
    way = Climb()
    way.start(C)

    assert climb(way, 0.98 * C, 2.5 * PLATEAU_S_MIN) < FREE * C
    assert climb(way, C, 2.5) > 8 * C


def test_a_rate_that_was_held_is_regained_after_a_calm_second() -> None:
    way = Climb()
    way.held(C)
    way.complained(C, 0.4 * C, by_chance=False)
    way.start(0.4 * C)

    assert climb(way, 0.39 * C, CALM_S - STEP_S) == 0.39 * C
    assert REGAIN * C <= climb(way, 0.39 * C, 2.0) <= C


def test_what_may_be_chance_is_tried_once_more_and_then_believed() -> None:
    way = Climb()
    way.complained(C, 0.4 * C, by_chance=True)
    way.start(0.4 * C)
    assert climb(way, 0.4 * C, 3.0) > 0.9 * C

    way.complained(C / 2, 0.4 * C, by_chance=True)
    way.start(0.4 * C)
    assert climb(way, 0.4 * C, 3.0) < 0.5 * C


def test_a_second_complaint_on_the_way_disproves_what_was_held() -> None:
    way = Climb()
    way.held(C)
    way.complained(C, 0.4 * C, by_chance=False)
    way.start(0.4 * C)
    way.complained(0.5 * C, 0.4 * C, by_chance=False)
    way.start(0.4 * C)

    assert climb(way, 0.4 * C, 3.0) < 0.5 * C


def test_what_was_regained_may_be_doubted_again() -> None:
    way = Climb()
    for _ in range(2):
        way.held(C)
        way.complained(C, 0.4 * C, by_chance=False)
        way.start(0.4 * C)
        assert climb(way, 0.4 * C, 3.0) > 0.9 * C


def test_a_capacity_that_is_seen_again_is_kept_to_for_longer() -> None:
    way = Climb()
    for ceiling_bps in (C, 1.03 * C, 0.98 * C, C):
        way.start(ceiling_bps)
    assert climb(way, 0.98 * C, 2 * PLATEAU_S_MIN) < 1.001 * C
    assert climb(way, C, 2 * (PLATEAU_S_MAX - PLATEAU_S_MIN)) == pytest.approx(1.02 * C, rel=0.01)

    way.start(1.5 * C)  # a new one: soon looked beyond
    assert climb(way, 1.47 * C, 2 * PLATEAU_S_MIN) > 1.51 * C
