"""What goes out of a block? Its source symbols as they are, or parity made of them."""

from __future__ import annotations

from random import Random

import numpy as np

from mcastdist.wire import PARITY_RANDOM_FIRST, PARITY_SEED_MASK, BlockSeal

from .cache import SealedCache
from .coding import Parity
from .run import HeaderRoom, Origin, Run
from .sealed import make_parity

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

    def ids(self, missing: int, count: int) -> list[int]:
        """Ids of fresh parity symbols, dense enough for receivers that miss up to `missing`."""
        seeds = [PARITY_RANDOM_FIRST + (self._seed + step) % _SEEDS for step in range(count)]
        self._seed += count
        return self._parity.ids(missing, seeds)

    def parity(self, block: int, missing: int, count: int, room: HeaderRoom) -> Run:
        """`count` parity symbols that have not been sent: those made ahead, as far as they go."""
        sealed = self._cache.use(block)
        if sealed.spare:
            made = sealed.spare.take(count)
        else:
            ids = self.ids(missing, count)
            made = make_parity(self._seal, self._parity, block, sealed.symbols, ids)
        return Run(self._origin, block, made.ids, made.symbols, made.tags, room)

    def ahead(self, block: int) -> int:
        """How many parity symbols of a block have been made ahead."""
        return len(self._cache.use(block).spare or ())
