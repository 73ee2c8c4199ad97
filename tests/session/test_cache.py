"""Promises of the cache: bounded, the last used stay, and what is needed is not thrown out."""

from __future__ import annotations

import numpy as np
import pytest

from mcastdist.session import SealedBlock
from mcastdist.session.cache import CACHE_BLOCKS, SealedCache


def sealed(block: int) -> SealedBlock:
    return SealedBlock(block, np.zeros((1, 16), np.uint8), np.zeros((1, 8), np.uint8))


def test_the_longest_unused_makes_room() -> None:
    cache = SealedCache()
    for block in range(CACHE_BLOCKS):
        cache.put(sealed(block), ())
    cache.use(0)

    cache.put(sealed(100), ())

    assert len(cache) == CACHE_BLOCKS
    assert (0 in cache, 1 in cache, 2 in cache, 100 in cache) == (True, False, True, True)


def test_what_is_needed_stays() -> None:
    cache = SealedCache()
    for block in range(3 * CACHE_BLOCKS):
        cache.put(sealed(block), (0, 1))

    assert len(cache) == CACHE_BLOCKS
    assert 0 in cache
    assert 1 in cache


def test_the_same_block_again_takes_no_more_room() -> None:
    cache = SealedCache()
    for _ in range(5):
        cache.put(sealed(7), ())
    assert len(cache) == 1
    with pytest.raises(KeyError):
        cache.use(8)
