"""Medians, spreads, targets: what is quoted, and what has passed."""

from __future__ import annotations

import pytest
from bench_samples import sample

from bench.figures import OURS, Figure, Target, show


def test_the_median_is_quoted_and_the_spread_told() -> None:
    figure = Figure(name="time", unit="s", values=[5.0, 1.0, 2.0])

    assert figure.median == 2.0
    assert figure.spread == (1.0, 5.0)
    assert figure.passed is None


@pytest.mark.parametrize(
    ("target", "passed"),
    [
        (Target(at_most=2.0, says=""), True),
        (Target(at_most=1.9, says=""), False),
        (Target(at_least=2.0, says=""), True),
        (Target(at_least=2.1, says=""), False),
        (Target(at_least=1.0, at_most=3.0, says=""), True),
    ],
)
def test_a_target_is_held_against_the_median(target: Target, passed: bool) -> None:
    assert Figure(name="x", unit="", values=[1.0, 2.0, 9.0], target=target).passed is passed


def test_what_could_not_be_measured_has_missed_its_target() -> None:
    assert Figure(name="x", unit="", target=Target(at_most=1.0, says="")).passed is False


def test_a_result_names_each_miss() -> None:
    result = sample()

    assert result.missed == ["1 & 2, mcastdist: CPU 9.00 s (≤ 1/6 of uftp's)"]
    row = result.row("1 & 2", OURS)
    assert row is not None
    assert row.figure("time") is not None
    assert result.row("1 & 2", "nobody") is None


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, "-"), (1234.5, "1,234"), (23.45, "23.4"), (0.5, "0.50"), (0.0123, "0.0123"), (0, "0")],
)
def test_numbers_have_the_digits_that_mean_something(value: float | None, shown: str) -> None:
    assert show(value) == shown
