"""How can one symbol be trusted before its block is whole? A short tag each. (PROTOCOL.md, 3.2)

A Wegman-Carter code: the NH hash of UMAC (Black et al., CRYPTO '99; RFC 4418, 5.2.2) under a secret
key, plus a mask that AES makes of block and symbol number. NH takes the symbol as pairs of 32-bit
words (a, b) and sums (a + k) * (b + k') modulo 2**64, with a pair of secret words for each. Who
does not know the key meets a tag with a chance of 2**-32 a try. That is enough for what tags are
for: to find forged symbols in a block that does not open, and to keep them out of a decoder. What
counts as received was opened with the block's own 128-bit tag.

Numpy does a whole block at once: 0.2 ms a MiB, where an AES-GCM call a symbol took 1.8 ms.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR, ECB

from .geometry import SYMBOL_TAG_BYTES
from .keys import AES_BLOCK_BYTES

PAIR_BYTES = 8  # two words: symbols are padded with zeros to whole pairs
ROWS_AT_ONCE = 128  # of 1.4 KB: they and what is computed of them stay in the processor's cache

_LOW = np.uint64(0xFFFF_FFFF)
_WORD_BITS = np.uint64(32)
_MASKED = np.dtype(
    [("block", ">u4"), ("symbol", ">u4"), ("bytes", ">u4"), ("zero", ">u4")]
)  # what is encrypted to give a mask

Octets = npt.NDArray[np.uint8]
Words = npt.NDArray[np.uint32]
Numbers = Sequence[int] | npt.NDArray[np.integer[Any]]


class SymbolTags:
    """Makes the tags of one content's symbols. Safe to use from many threads."""

    def __init__(self, hash_key: bytes, mask_key: bytes) -> None:
        """Two AES-128 keys that are used for nothing else."""
        self._hash_key = hash_key
        self._mask_key = mask_key

    def of(self, block: int, symbols: Octets, numbers: Numbers) -> Octets:
        """The tags (n, 8) of symbols (n, S) of a block, `numbers` being their ids.

        Raises ValueError if there are not as many numbers as symbols.
        """
        count, symbol_bytes = symbols.shape
        if len(numbers) != count:
            raise ValueError(f"{count} symbols, but {len(numbers)} numbers")
        padded = _in_pairs(symbols)
        key = _hash_words(self._hash_key, padded.shape[1])
        tags = np.empty(count, np.uint64)
        for first in range(0, count, ROWS_AT_ONCE):
            rows = slice(first, first + ROWS_AT_ONCE)
            _nh(padded[rows], key, tags[rows])
        tags += self._masks(block, numbers, symbol_bytes)
        return tags.astype("<u8", copy=False).view(np.uint8).reshape(count, SYMBOL_TAG_BYTES)

    def one(self, block: int, symbol: int, payload: bytes | bytearray | memoryview) -> bytes:
        """The tag of one symbol of a block."""
        return self.of(block, np.frombuffer(payload, np.uint8)[None], [symbol]).tobytes()

    def _masks(self, block: int, numbers: Numbers, symbol_bytes: int) -> npt.NDArray[np.uint64]:
        clear = np.zeros(len(numbers), _MASKED)
        clear["block"], clear["symbol"], clear["bytes"] = block, numbers, symbol_bytes
        # One encrypted block for each number, none of which comes twice: here ECB hides nothing.
        made = Cipher(AES(self._mask_key), ECB()).encryptor().update(clear.tobytes())
        return np.frombuffer(made, "<u8")[::2].astype(np.uint64, copy=False)


def _nh(symbols: Octets, key: Words, out: npt.NDArray[np.uint64]) -> None:
    """NH of each row into `out`."""
    pairs = (symbols.view("<u4") + key).astype("<u4", copy=False).view("<u8")
    high = pairs >> _WORD_BITS
    pairs &= _LOW
    pairs *= high
    pairs.sum(axis=1, dtype=np.uint64, out=out)


def _in_pairs(symbols: Octets) -> Octets:
    """The symbols in whole pairs of words; a copy only if they are not."""
    count, symbol_bytes = symbols.shape
    excess = -symbol_bytes % PAIR_BYTES
    if not excess:
        return np.ascontiguousarray(symbols)
    padded = np.zeros((count, symbol_bytes + excess), np.uint8)
    padded[:, :symbol_bytes] = symbols
    return padded


@lru_cache(maxsize=32)  # a few sessions, each with one length of symbols
def _hash_words(hash_key: bytes, byte_count: int) -> Words:
    """The secret words: AES-CTR of zeros."""
    stream = Cipher(AES(hash_key), CTR(bytes(AES_BLOCK_BYTES))).encryptor()
    return np.frombuffer(stream.update(bytes(byte_count)), "<u4").astype(np.uint32, copy=False)
