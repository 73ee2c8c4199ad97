from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcastdist.errors import MalformedManifest, UnsafePath
from mcastdist.manifest.columns import (
    join_strings,
    pack_numbers,
    split_strings,
    unpack_files,
    unpack_links,
    unpack_numbers,
)
from mcastdist.manifest.limits import CHUNKS_MAX, FILES_MAX


@given(st.lists(st.text(st.characters(exclude_characters="\0"), min_size=1), max_size=8))
def test_strings_come_back(strings: list[str]) -> None:
    assert split_strings(join_strings(strings)) == strings


@given(st.lists(st.integers(0, 0xFFFF), max_size=8))
def test_numbers_come_back(numbers: list[int]) -> None:
    for width in ("H", "I", "Q"):
        assert unpack_numbers(width, pack_numbers(width, numbers)) == tuple(numbers)


def test_numbers_are_big_endian() -> None:
    assert pack_numbers("I", [1, 2]).hex() == "0000000100000002"


def test_half_a_number_is_refused() -> None:
    with pytest.raises(MalformedManifest):
        unpack_numbers("I", bytes(7))


def test_more_strings_than_files_can_be_are_refused_before_they_are_made() -> None:
    assert len(split_strings("\0".join("x" * FILES_MAX))) == FILES_MAX
    with pytest.raises(MalformedManifest):
        split_strings("\0" * FILES_MAX)


def test_more_numbers_than_chunks_can_be_are_refused_before_they_are_made() -> None:
    assert len(unpack_numbers("H", bytes(2 * CHUNKS_MAX))) == CHUNKS_MAX
    with pytest.raises(MalformedManifest, match=f"at most {CHUNKS_MAX}"):
        unpack_numbers("H", bytes(2 * CHUNKS_MAX + 2))


def test_columns_must_be_equally_long() -> None:
    good = ("a\0b", bytes(16), bytes(4), bytes(64))
    assert [entry.path for entry in unpack_files(*good)] == ["a", "b"]
    for bad in (
        ("a", *good[1:]),
        (good[0], bytes(8), *good[2:]),
        (*good[:2], bytes(2), good[3]),
        (*good[:3], bytes(65)),
        ("", bytes(16), bytes(4), bytes(64)),
    ):
        with pytest.raises(MalformedManifest):
            unpack_files(*bad)
    with pytest.raises(MalformedManifest):
        unpack_links("a\0b", "c")


def test_an_empty_string_in_a_column_is_no_path() -> None:
    with pytest.raises(UnsafePath):
        unpack_files("a\0", bytes(16), bytes(4), bytes(64))
    with pytest.raises(UnsafePath):
        unpack_links("a\0b", "c\0")
