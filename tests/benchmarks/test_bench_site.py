"""The measuring of a lab that takes no lab to try."""

from __future__ import annotations

import pytest

from bench.crowd import _complaints
from bench.lab import Lab
from bench.site import Recorder, await_that


def recorder(samples: list[tuple[float, int]]) -> Recorder:
    """One that has sampled these."""
    made = Recorder(Lab(1), "p1")
    made.samples = samples
    return made


def test_the_last_rise_is_found_and_small_ones_are_passed_over() -> None:
    samples = [(1.0, 0), (2.0, 500), (3.0, 5000), (4.0, 5010), (5.0, 5010)]

    assert recorder(samples).last_rise() == 4.0
    assert recorder(samples).last_rise(bytes_min=100) == 3.0
    with pytest.raises(AssertionError, match="nothing came by p1"):
        recorder([(1.0, 7), (2.0, 7)]).last_rise()


def test_the_busiest_window_is_found() -> None:
    steady = [(0.1 * step, 100 * step) for step in range(30)]
    burst = [(at, count + (5000 if at > 1.5 else 0)) for at, count in steady]

    assert recorder(steady).busiest(1.0) == pytest.approx(1000, abs=101)
    assert recorder(burst).busiest(1.0) == pytest.approx(6000, abs=101)
    assert recorder([]).busiest(1.0) == 0


def test_waiting_ends_when_it_holds_and_when_it_does_not() -> None:
    answers = iter([False, True])

    assert await_that(lambda: next(answers), 5.0, "the second answer") > 0
    with pytest.raises(AssertionError, match="a wonder: not within 0 s"):
        await_that(lambda: False, 0.0, "a wonder")


def test_few_of_many_complain() -> None:
    from random import Random

    assert 1 <= _complaints(10, Random(1)) <= 10
    assert 1 <= _complaints(200, Random(1)) <= 40
