from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcastdist.manifest.spans import Spans

SIZES = st.lists(st.integers(0, 5), max_size=12)


@given(SIZES)
def test_spans_follow_one_another(sizes: list[int]) -> None:
    spans = Spans(sizes)
    position = 0
    for index, size in enumerate(sizes):
        assert spans.span(index) == (position, position + size)
        assert spans.has_edge(position)
        position += size
    assert spans.count == len(sizes)
    assert spans.total == position


@given(SIZES, st.integers(-2, 70))
def test_the_span_at_an_offset_holds_it(sizes: list[int], offset: int) -> None:
    spans = Spans(sizes)
    if not 0 <= offset < spans.total:
        with pytest.raises(IndexError):
            spans.index_at(offset)
        return
    start, stop = spans.span(spans.index_at(offset))
    assert start <= offset < stop


@given(SIZES, st.integers(-2, 70), st.integers(-2, 70))
def test_over_finds_all_that_share_a_byte_and_no_other(
    sizes: list[int], start: int, stop: int
) -> None:
    spans = Spans(sizes)
    sharing = [
        index
        for index in range(spans.count)
        if max(start, spans.span(index)[0]) < min(stop, spans.span(index)[1])
    ]
    found = spans.over(start, stop)
    assert [index for index in found if sizes[index]] == sharing
    assert len(found) == 0 or (found[0], found[-1]) == (sharing[0], sharing[-1])


def test_numbers_outside_are_errors() -> None:
    spans = Spans([3])
    for index in (-1, 1):
        with pytest.raises(IndexError):
            spans.span(index)
    assert not spans.has_edge(2)
    assert not spans.has_edge(4)
    assert not spans.has_edge(-1)
