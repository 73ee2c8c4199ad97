"""All holders make the same sealed block and symbols, and no changed byte of them opens."""

from __future__ import annotations

import hashlib
import hmac
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st
from wire_samples import CONTENT, KEY

from mcastdist.errors import PeerError
from mcastdist.ids import ContentId
from mcastdist.wire import BadSeal, BlockSeal, ClusterKey, split
from mcastdist.wire.tags import SymbolTags

SEAL = BlockSeal(KEY, CONTENT)
PLAIN = bytes(range(50))
SEALED = bytes.fromhex(
    "1c53977d84925fd4cc1adc4f911212fd6ad01336d73b496850df1d77fda8bfcf2af5f762a3f3ada38bf230e5678e"
    "140a633c7c8652c65bf9c81288dbcb664be194fd"
)
TAGS = bytes.fromhex("1fa51526efbc73facc49b7565fc1bc4db373f4450ed66629")
LARGE = np.random.default_rng(1).bytes(100_003)


def _hkdf(info: bytes) -> bytes:
    prk = hmac.new(bytes(32), bytes(range(16)), hashlib.sha256).digest()
    return hmac.new(prk, info + b"\x01", hashlib.sha256).digest()[:16]


def test_golden_block() -> None:
    assert SEAL.seal(3, PLAIN) == SEALED
    assert SEAL.open(3, SEALED) == PLAIN
    key = _hkdf(b"mcastdist block" + CONTENT)
    assert AESGCM(key).encrypt(bytes(8) + bytes([0, 0, 0, 3]), PLAIN, None) == SEALED


def test_golden_symbols() -> None:
    symbols = split(SEALED, 32)
    assert symbols.tobytes() == SEALED + bytes(30)
    assert SEAL.symbol_tags(3, symbols).tobytes() == TAGS
    assert SEAL.symbol_tag(3, 0x1010_0000, bytes(32)).hex() == "e35d433bce1a3f37"
    keys = [_hkdf(b"mcastdist symbol " + use + CONTENT) for use in (b"hash", b"mask")]
    assert SymbolTags(*keys).of(3, symbols, range(3)).tobytes() == TAGS


def test_golden_manifest() -> None:
    nonce = bytes(range(12))
    sealed = SEAL.seal_manifest(b"manifest", nonce)
    assert sealed.hex() == (
        "000102030405060708090a0b" "a61ed820d272b3c318b477b3443aaa02d189b0a1a0f6c8c8"
    )  # fmt: skip
    assert SEAL.open_manifest(sealed) == b"manifest"


def test_another_block_content_or_key_does_not_open() -> None:
    for other in (BlockSeal(KEY, ContentId(bytes(32))), BlockSeal(ClusterKey(bytes(16)), CONTENT)):
        with pytest.raises(BadSeal, match="block 3 does not open"):
            other.open(3, SEALED)
        assert other.symbol_tag(3, 0, PLAIN) != SEAL.symbol_tag(3, 0, PLAIN)
    with pytest.raises(BadSeal, match="block 2"):
        SEAL.open(2, SEALED)


def test_no_flipped_bit_and_no_truncation_opens() -> None:
    for bit in range(len(SEALED) * 8):
        flipped = bytearray(SEALED)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(BadSeal):
            SEAL.open(3, flipped)
    for length in range(len(SEALED)):
        with pytest.raises(BadSeal):
            SEAL.open(3, SEALED[:length])
    assert issubclass(BadSeal, PeerError)


def test_no_part_of_a_manifest_opens() -> None:
    sealed = SEAL.seal_manifest(b"", bytes(12))
    assert SEAL.open_manifest(sealed) == b""
    for length in range(len(sealed)):
        with pytest.raises(BadSeal):
            SEAL.open_manifest(sealed[:length])
    with pytest.raises(BadSeal):
        SEAL.open_manifest(b"\1" + sealed[1:])
    with pytest.raises(ValueError, match="12 bytes, got 11"):
        SEAL.seal_manifest(b"", bytes(11))


@pytest.mark.parametrize("offset", [0, 1, 15, 16, 17, 4096, 99_999, 100_002])
@pytest.mark.parametrize("length", [0, 1, 16, 1416, 100_003])
def test_a_part_enciphers_as_in_the_whole(offset: int, length: int) -> None:
    sealed = SEAL.seal(7, LARGE)
    part = LARGE[offset : offset + length]
    assert SEAL.cipher_at(7, offset, part) == sealed[offset : offset + len(part)]


@given(st.binary(max_size=300), st.integers(0, 2**24 - 1), st.data())
def test_every_part_of_every_block(plain: bytes, block: int, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(plain)))
    stop = data.draw(st.integers(start, len(plain)))
    sealed = SEAL.seal(block, plain)
    assert SEAL.cipher_at(block, start, plain[start:stop]) == sealed[start:stop]
    assert SEAL.open(block, sealed) == plain


@given(st.binary(min_size=16, max_size=300), st.integers(16, 64))
def test_symbols_hold_the_block_and_zeros(sealed: bytes, symbol_bytes: int) -> None:
    symbols = split(sealed, symbol_bytes)
    assert symbols.shape == (-(-len(sealed) // symbol_bytes), symbol_bytes)
    flat = symbols.tobytes()
    assert flat[: len(sealed)] == sealed
    assert not any(flat[len(sealed) :])
    symbols[0] = 0  # the array is the caller's own


def test_arrays_views_and_bytes_are_all_the_same() -> None:
    sealed = SEAL.seal(1, LARGE)
    array = np.frombuffer(LARGE, np.uint8)
    assert SEAL.seal(1, array) == SEAL.seal(1, memoryview(LARGE)) == sealed
    symbols = split(sealed, 1416)
    assert SEAL.open(1, symbols.reshape(-1)[: len(sealed)]) == LARGE
    assert SEAL.open(1, bytearray(sealed)) == LARGE
    assert SEAL.cipher_at(1, 5, array[5:99]) == sealed[5:99]
    assert SEAL.symbol_tag(1, 0, symbols[0]) == SEAL.symbol_tag(1, 0, symbols[0].tobytes())


def test_tags_of_many_are_the_tags_of_each() -> None:
    symbols = split(SEAL.seal(1, LARGE), 1415)
    tags = SEAL.symbol_tags(1, symbols)
    assert tags.shape == (len(symbols), 8)
    for number in (0, 1, len(symbols) - 1):
        assert tags[number].tobytes() == SEAL.symbol_tag(1, number, symbols[number])
    every_third = symbols[::3]  # not contiguous
    ids = [0xF010_0000 + number for number in range(len(every_third))]
    tags = SEAL.symbol_tags(1, every_third, ids)
    assert tags[2].tobytes() == SEAL.symbol_tag(1, ids[2], symbols[6])
    assert SEAL.symbol_tags(1, symbols[:0], []).shape == (0, 8)
    with pytest.raises(ValueError, match="symbols, but 1 numbers"):
        SEAL.symbol_tags(1, symbols, [1])


def test_a_tag_is_bound_to_block_symbol_and_payload() -> None:
    tag = SEAL.symbol_tag(1, 2, PLAIN)
    assert len(tag) == 8
    assert tag != SEAL.symbol_tag(1, 3, PLAIN)
    assert tag != SEAL.symbol_tag(2, 2, PLAIN)
    assert tag != SEAL.symbol_tag(1, 2, PLAIN[:-1])


def test_one_seal_serves_many_threads() -> None:
    expected = [SEAL.seal(block, LARGE) for block in range(16)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda block: SEAL.seal(block, LARGE), range(16))) == expected
        opened = pool.map(lambda block: SEAL.open(block, expected[block]), range(16))
        assert all(plain == LARGE for plain in opened)
