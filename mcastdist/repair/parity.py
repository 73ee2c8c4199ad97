"""The fountain in the shape in which a session takes it: one object with three methods."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from . import fountain


class Fountain:
    """Parity by random linear combinations over GF(2); stateless, so one serves all threads."""

    def ids(self, missing: int, seeds: Sequence[int]) -> list[int]:
        """Parity symbol ids of these seeds, dense enough for `missing` symbols."""
        density = fountain.density_index(missing)
        return [fountain.parity_id(density, seed) for seed in seeds]

    def encode(
        self, symbols: npt.NDArray[np.uint8], block: int, ids: Sequence[int]
    ) -> npt.NDArray[np.uint8]:
        """The parity symbols (len(ids), S) of source symbols (K, S)."""
        return fountain.encode(symbols, block, ids)

    def decode(
        self,
        symbols: npt.NDArray[np.uint8],
        have: npt.NDArray[np.bool_],
        block: int,
        ids: Sequence[int],
        parity: npt.NDArray[np.uint8],
    ) -> int:
        """Fill in what is missing in `symbols`, in place; how many more symbols that takes."""
        return fountain.decode(symbols, have, block, ids, parity)
