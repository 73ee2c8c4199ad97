"""Tags of symbols: PROTOCOL.md, 3.2 written down a second time, and what does not pass."""

from __future__ import annotations

import struct
from random import Random

import numpy as np
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR, ECB

from mcastdist.wire.tags import ROWS_AT_ONCE, SymbolTags

HASH_KEY, MASK_KEY = bytes(range(16)), bytes(range(16, 32))
TAGS = SymbolTags(HASH_KEY, MASK_KEY)
WORD, TAG = 1 << 32, 1 << 64
GOLDEN = "06e4a0380388d3912975c34e296b53e9"


def _by_definition(block: int, symbol: int, payload: bytes) -> bytes:
    padded = payload + bytes(-len(payload) % 8)
    stream = Cipher(AES(HASH_KEY), CTR(bytes(16))).encryptor().update(bytes(len(padded)))
    total = 0
    for at in range(0, len(padded), 8):
        (a, b), (k, k2) = (
            struct.unpack_from("<II", padded, at),
            struct.unpack_from("<II", stream, at),
        )
        total += ((a + k) % WORD) * ((b + k2) % WORD)
    clear = struct.pack("!IIII", block, symbol, len(payload), 0)
    mask = Cipher(AES(MASK_KEY), ECB()).encryptor().update(clear)[:8]
    return ((total + int.from_bytes(mask, "little")) % TAG).to_bytes(8, "little")


@pytest.mark.parametrize("symbol_bytes", [16, 17, 31, 32, 1412, 1416, 8_912])
def test_they_are_what_the_text_says(symbol_bytes: int) -> None:
    count = ROWS_AT_ONCE + 3 if symbol_bytes < 100 else 3
    payloads = [Random(n).randbytes(symbol_bytes) for n in range(count)]
    symbols = np.frombuffer(b"".join(payloads), np.uint8).reshape(count, symbol_bytes)
    numbers = [0xF010_0000 + n for n in range(count)]
    told = TAGS.of(9, symbols, numbers)
    assert [tag.tobytes() for tag in told] == [
        _by_definition(9, number, payload)
        for number, payload in zip(numbers, payloads, strict=True)
    ]


def test_golden_tag() -> None:
    symbols = np.arange(64, dtype=np.uint8).reshape(2, 32)
    assert TAGS.of(3, symbols, range(2)).tobytes().hex() == GOLDEN


def test_symbols_that_do_not_lie_together_have_the_same_tags() -> None:
    symbols = np.frombuffer(Random(1).randbytes(7 * 1_416), np.uint8).reshape(7, 1_416)
    numbers = np.arange(0, 7, 2)
    assert (TAGS.of(1, symbols[::2], numbers) == TAGS.of(1, symbols, range(7))[::2]).all()


def test_no_flipped_bit_keeps_its_tag() -> None:
    payload = Random(2).randbytes(40)
    tag = _by_definition(1, 2, payload)
    flipped = np.frombuffer(payload * 320, np.uint8).reshape(320, 40).copy()
    for bit in range(320):
        flipped[bit, bit // 8] ^= 1 << bit % 8
    told = TAGS.of(1, flipped, [2] * 320)
    assert all(one.tobytes() != tag for one in told)


def test_zeros_at_the_end_count() -> None:
    short, long = np.zeros((1, 24), np.uint8), np.zeros((1, 32), np.uint8)
    assert TAGS.of(1, short, [0]).tobytes() != TAGS.of(1, long, [0]).tobytes()


def test_another_key_gives_other_tags() -> None:
    symbols = np.zeros((1, 32), np.uint8)
    for other in (SymbolTags(MASK_KEY, MASK_KEY), SymbolTags(HASH_KEY, HASH_KEY)):
        assert other.of(1, symbols, [0]).tobytes() != TAGS.of(1, symbols, [0]).tobytes()


def test_as_many_numbers_as_symbols() -> None:
    assert TAGS.of(1, np.zeros((0, 32), np.uint8), []).shape == (0, 8)
    with pytest.raises(ValueError, match="3 symbols, but 2 numbers"):
        TAGS.of(1, np.zeros((3, 32), np.uint8), [0, 1])
