"""A payload is cut without gaps or overlaps, and what cannot be cut cannot be built."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcastdist.wire import BLOCK_BYTES, BLOCK_BYTES_MAX, BLOCKS_MAX, Geometry

SMALL = Geometry(10_000, 4096, 256)


def test_a_small_payload_by_hand() -> None:
    assert SMALL.block_count == 3
    assert [SMALL.block_span(block) for block in range(3)] == [
        (0, 4096), (4096, 8192), (8192, 10_000),
    ]  # fmt: skip
    assert [SMALL.plain_bytes(block) for block in range(3)] == [4096, 4096, 1808]
    assert [SMALL.sealed_bytes(block) for block in range(3)] == [4112, 4112, 1824]
    assert [SMALL.symbols(block) for block in range(3)] == [17, 17, 8]


def test_the_usual_block_has_741_symbols() -> None:
    assert Geometry(1 << 30, BLOCK_BYTES, 1416).symbols(0) == 741


def test_an_empty_payload_has_no_blocks() -> None:
    empty = Geometry(0, BLOCK_BYTES, 1416)
    assert empty.block_count == 0
    assert list(empty.blocks_over(0, 100)) == []
    with pytest.raises(IndexError):
        empty.symbols(0)


@pytest.mark.parametrize("block", [-1, 3, BLOCKS_MAX])
def test_there_is_no_other_block(block: int) -> None:
    for ask in (SMALL.block_span, SMALL.plain_bytes, SMALL.sealed_bytes, SMALL.symbols):
        with pytest.raises(IndexError, match=f"block {block} of 3"):
            ask(block)


@pytest.mark.parametrize(
    ("start", "stop", "blocks"),
    [
        (0, 10_000, [0, 1, 2]),
        (0, 1, [0]),
        (4095, 4096, [0]),
        (4095, 4097, [0, 1]),
        (4096, 8192, [1]),
        (9_999, 20_000, [2]),
        (-5, 1, [0]),
        (5, 5, []),
        (7, 3, []),
        (10_000, 20_000, []),
    ],
)
def test_blocks_over_a_range_of_bytes(start: int, stop: int, blocks: list[int]) -> None:
    assert list(SMALL.blocks_over(start, stop)) == blocks


@given(st.integers(1, 100_000), st.integers(64, 5_000), st.integers(16, 1_500))
def test_blocks_tile_the_payload_and_symbols_tile_a_block(
    payload_bytes: int, block_bytes: int, symbol_bytes: int
) -> None:
    geometry = Geometry(payload_bytes, block_bytes, symbol_bytes)
    position = 0
    for block in range(geometry.block_count):
        start, stop = geometry.block_span(block)
        assert start == position < stop
        assert block in geometry.blocks_over(start, start + 1)
        assert block in geometry.blocks_over(stop - 1, stop)
        sealed, symbols = geometry.sealed_bytes(block), geometry.symbols(block)
        assert (symbols - 1) * symbol_bytes < sealed <= symbols * symbol_bytes
        position = stop
    assert position == payload_bytes


@pytest.mark.parametrize(
    "numbers",
    [
        (-1, BLOCK_BYTES, 1416),
        (1, 0, 1416),
        (1, BLOCK_BYTES_MAX + 1, 1416),
        (1, BLOCK_BYTES, 15),
        (1, BLOCK_BYTES, 65_001),
        (BLOCKS_MAX + 1, 1, 1416),
        (BLOCK_BYTES_MAX, BLOCK_BYTES_MAX, 16),
    ],
)
def test_what_cannot_be_cut_cannot_be_built(numbers: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match=r"\d"):
        Geometry(*numbers)
