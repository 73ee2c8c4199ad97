"""What a field of a message may hold, at both ends of each bound."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from mcastdist.wire import bounds
from mcastdist.wire.limits import BLOCKS_MAX


@pytest.mark.parametrize(
    ("kind", "lowest", "highest"),
    [
        (bounds.U8, 0, 0xFF),
        (bounds.U16, 0, 0xFFFF),
        (bounds.U32, 0, 0xFFFF_FFFF),
        (bounds.BlockNumber, 0, BLOCKS_MAX - 1),
        (bounds.BlockCount, 0, BLOCKS_MAX),
        (bounds.Millionths, 0, 1_000_000),
        (bounds.BitRate, 0, 0xFFFF_FFFF_FFFF),
    ],
)
def test_a_number_stays_within_its_bounds(kind: Any, lowest: int, highest: int) -> None:
    assert [msgspec.convert(value, kind) for value in (lowest, highest)] == [lowest, highest]
    for beyond in (lowest - 1, highest + 1):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(beyond, kind)


def test_a_hash_has_32_bytes_and_a_word_64_letters() -> None:
    assert msgspec.convert(bytes(32), bounds.Hash) == bytes(32)
    for size in (0, 31, 33):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(bytes(size), bounds.Hash)
    assert msgspec.convert("w" * 64, bounds.Word)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert("w" * 65, bounds.Word)
