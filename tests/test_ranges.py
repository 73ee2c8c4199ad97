"""RangeSet agrees with a plain set of integers, whatever is done to both."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mcastdist.ranges import RangeSet

SPANS = st.tuples(st.integers(0, 40), st.integers(0, 40))
STEPS = st.lists(st.tuples(st.sampled_from(["add", "remove"]), SPANS), max_size=30)


@given(STEPS, SPANS)
def test_it_is_a_set_of_integers(
    steps: list[tuple[str, tuple[int, int]]], span: tuple[int, int]
) -> None:
    ranges, model = RangeSet(), set()
    for verb, (start, stop) in steps:
        getattr(ranges, verb)(start, stop)
        numbers = set(range(start, stop))
        model = model | numbers if verb == "add" else model - numbers

    start, stop = span
    assert set(ranges.numbers()) == model
    assert ranges.count == len(model)
    assert all((number in ranges) == (number in model) for number in range(45))
    assert ranges.covers(start, stop) == (set(range(start, stop)) <= model)
    gaps = {number for low, high in ranges.gaps(start, stop) for number in range(low, high)}
    assert gaps == set(range(start, stop)) - model


@given(STEPS)
def test_its_ranges_are_sorted_disjoint_and_never_touch(
    steps: list[tuple[str, tuple[int, int]]],
) -> None:
    ranges = RangeSet()
    for verb, (start, stop) in steps:
        getattr(ranges, verb)(start, stop)

    edges = [edge for span in ranges for edge in span]
    assert edges == sorted(set(edges))


def test_numbers_become_the_fewest_ranges() -> None:
    assert list(RangeSet.of([5, 1, 2, 3, 9])) == [(1, 4), (5, 6), (9, 10)]


def test_a_copy_is_independent() -> None:
    original = RangeSet([(0, 5)])
    twin = original.copy()
    twin.add(7, 9)

    assert original == RangeSet([(0, 5)])
    assert original != twin
    assert repr(twin) == "RangeSet([(0, 5), (7, 9)])"
    assert bool(original)
    assert len(twin) == 2
