"""The soak: what counts as growth. That it runs is for the lab to show."""

from __future__ import annotations

import os

from bench.soak import GROWTH_BYTES_MAX, GROWTH_COUNT_MAX, Size, Story, size_of

START = Size(50_000_000, 30, 10)


def test_what_grows_in_the_second_half_is_named() -> None:
    grown = Size(50_000_000 + 2 * GROWTH_BYTES_MAX, 30 + 2 * GROWTH_COUNT_MAX, 10)
    story = Story(sizes=[START] * 4 + [grown])

    told = story.growth()
    assert len(told) == 2
    assert "resident" in told[0]
    assert "descriptors" in told[1]


def test_what_warms_up_first_does_not_count() -> None:
    cold = Size(1, 1, 1)

    assert Story(sizes=[cold, START, START, START, START]).growth() == []


def test_a_process_has_a_size() -> None:
    size = size_of(os.getpid())

    assert size.resident_bytes > 1_000_000
    assert size.descriptors >= 3
    assert size.threads >= 1
