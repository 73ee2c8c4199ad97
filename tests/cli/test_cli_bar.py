"""A bar whose colours add up."""

from __future__ import annotations

import io

from fake_controller import MIB, record
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from mcastdist.cli.bar import COLOURS, SourceBar, cells


@given(
    parts=st.dictionaries(st.sampled_from(sorted(COLOURS)), st.integers(0, 1 << 40)),
    missing=st.integers(0, 1 << 40),
    width=st.integers(1, 300),
)
def test_cells_add_up(parts: dict[str, int], missing: int, width: int) -> None:
    whole = sum(parts.values()) + missing
    taken = cells(parts, whole=max(whole, 1), width=width)
    assert all(count >= 0 for count in taken.values())
    assert (sum(taken.values()) == width) == (missing == 0 and whole > 0)


def test_more_than_the_whole_still_fits() -> None:
    assert sum(cells({"peer": 10, "origin": 10}, whole=15, width=30).values()) == 30


def render(bar: SourceBar, *, width: int, encoding: str = "utf-8") -> str:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    Console(file=stream, width=width, force_terminal=False).print(bar)
    stream.seek(0)
    return stream.read()


def test_it_is_as_wide_as_there_is_room() -> None:
    bar = SourceBar(record().bytes_by_source, 128 * MIB)
    assert render(bar, width=40).rstrip("\n") == "━" * 20 + "─" * 20
    assert render(bar, width=12).rstrip("\n") == "━" * 6 + "─" * 6


def test_a_terminal_without_unicode_gets_ascii() -> None:
    bar = SourceBar(record().bytes_by_source, 128 * MIB)
    assert render(bar, width=10, encoding="ascii").rstrip("\n") == "#####-----"


def test_an_empty_package_is_an_empty_bar() -> None:
    assert render(SourceBar({}, 0), width=5).rstrip("\n") == "─" * 5
