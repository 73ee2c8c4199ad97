"""What does a session need of a parity code? Any three methods of this shape will do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from mcastdist.wire import Mask, Octets

Tags = Octets  # (n, 8)
Nodes = npt.NDArray[np.int64]


class Parity(Protocol):
    """A code that makes any number of parity symbols of a block, and the block out of them."""

    def ids(self, missing: int, seeds: Sequence[int]) -> list[int]:
        """The symbol ids of these seeds that suit a receiver which misses so many symbols."""
        ...

    def encode(self, symbols: Octets, block: int, ids: Sequence[int]) -> Octets:
        """The parity symbols (len(ids), S) of source symbols (K, S)."""
        ...

    def decode(
        self, symbols: Octets, have: Mask, block: int, ids: Sequence[int], parity: Octets
    ) -> int:
        """Fill in what is missing in `symbols`, or say how many more symbols that takes.

        When it takes more, the rows that `have` says are there have not been touched.
        """
        ...
