"""Which sealed blocks are worth their memory? Those that will go soon, and those last used.

A need for a block comes within a tenth of a second of its stream; then it is good to have it still.
"""

from __future__ import annotations

from collections.abc import Collection

from .sealed import SealedBlock

CACHE_BLOCKS = 24  # 24 MiB: 0.2 s of the stream at 1 Gbit/s


class SealedCache:
    """At most CACHE_BLOCKS sealed blocks, the longest unused going first."""

    def __init__(self) -> None:
        self._blocks: dict[int, SealedBlock] = {}  # the longest unused first

    def put(self, sealed: SealedBlock, needed: Collection[int]) -> None:
        """Keep a block; others make room for it, though not those that are `needed`."""
        self._blocks.pop(sealed.block, None)
        for block in [one for one in self._blocks if one not in needed]:
            if len(self._blocks) < CACHE_BLOCKS:
                break
            del self._blocks[block]
        self._blocks[sealed.block] = sealed

    def use(self, block: int) -> SealedBlock:
        """A block that is here; it is now the last used. Raises KeyError."""
        sealed = self._blocks.pop(block)
        self._blocks[block] = sealed
        return sealed

    def __contains__(self, block: object) -> bool:
        return block in self._blocks

    def __len__(self) -> int:
        return len(self._blocks)
