"""What goes out of a block? Its source symbols as they are, or parity made of them."""

from __future__ import annotations

from random import Random

import numpy as np

from mcastdist.wire import PARITY_RANDOM_FIRST, PARITY_SEED_MASK, BlockSeal

from .cache import SealedCache
from .coding import Parity
from .run import HeaderRoom, Origin, Run

_SEEDS = PARITY_SEED_MASK + 1 - PARITY_RANDOM_FIRST


class RunMaker:
    """Makes runs of blocks that are in the cache. Raises KeyError for others."""

    def __init__(
        self, *, origin: Origin, cache: SealedCache, parity: Parity, seal: BlockSeal, rng: Random
    ) -> None:
        self._origin = origin
        self._cache = cache
        self._parity = parity
        self._seal = seal
        # Seeds are drawn, not counted from 0: a successor's parity must differ from ours.
        self._seed = rng.randrange(_SEEDS)

    def source(self, block: int, room: HeaderRoom) -> Run:
        """All source symbols of a block."""
        sealed = self._cache.use(block)
        ids = np.arange(len(sealed.symbols))
        return Run(self._origin, block, ids, sealed.symbols, sealed.tags, room)

    def parity(self, block: int, missing: int, count: int, room: HeaderRoom) -> Run:
        """`count` fresh parity symbols, dense enough for receivers that miss up to `missing`."""
        seeds = [PARITY_RANDOM_FIRST + (self._seed + step) % _SEEDS for step in range(count)]
        self._seed += count
        ids = self._parity.ids(missing, seeds)
        symbols = self._parity.encode(self._cache.use(block).symbols, block, ids)
        tags = self._seal.symbol_tags(block, symbols, ids)
        return Run(self._origin, block, ids, symbols, tags, room)
