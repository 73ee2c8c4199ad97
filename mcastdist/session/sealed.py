"""What is a block once it is ready to be sent? Its symbols, a tag for each, and perhaps parity.

Where loss is known, the parity that will follow a block is made when the block is sealed, by the
same worker thread: the thread that sends has a link to keep busy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mcastdist.wire import BlockSeal, Geometry, Octets, split

from .coding import Parity, Tags


@dataclass(frozen=True, slots=True, eq=False)
class SealedBlock:
    """One block's source symbols (K, S) and their tags (K, 8)."""

    block: int
    symbols: Octets
    tags: Tags
    spare: Spare | None = None


@dataclass(slots=True, eq=False)
class Spare:
    """Parity symbols made ahead, each to be sent once: ids, (n, S) and (n, 8)."""

    ids: Sequence[int]
    symbols: Octets
    tags: Tags

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, count: int) -> Spare:
        """The first `count` of what is left."""
        taken = Spare(self.ids[:count], self.symbols[:count], self.tags[:count])
        self.ids, self.symbols, self.tags = (
            self.ids[count:], self.symbols[count:], self.tags[count:],
        )  # fmt: skip
        return taken


def make_parity(
    seal: BlockSeal, parity: Parity, block: int, symbols: Octets, ids: Sequence[int]
) -> Spare:
    """The parity symbols of these ids, from all of a block's symbols."""
    made = parity.encode(symbols, block, ids)
    return Spare(ids, made, seal.symbol_tags(block, made, ids))


def seal_block(
    seal: BlockSeal,
    geometry: Geometry,
    block: int,
    plain: bytes | memoryview,
    *,
    parity: Parity | None = None,
    ids: Sequence[int] = (),
) -> SealedBlock:
    """Seal a block and tag its symbols: about a millisecond a MiB, so worker threads do it.

    With `ids`, the symbols of `parity` that they name are made as well.

    Raises ValueError if `plain` is not the whole block.
    """
    if len(plain) != geometry.plain_bytes(block):
        raise ValueError(f"block {block} has {geometry.plain_bytes(block)} bytes, got {len(plain)}")
    symbols = split(seal.seal(block, plain), geometry.symbol_bytes)
    tags = seal.symbol_tags(block, symbols)
    spare = make_parity(seal, parity, block, symbols, ids) if parity and ids else None
    return SealedBlock(block, symbols, tags, spare)
