"""What is a block once it is ready to be sent? Its symbols, and a tag for each."""

from __future__ import annotations

from dataclasses import dataclass

from mcastdist.wire import BlockSeal, Geometry, Octets, split

from .coding import Tags


@dataclass(frozen=True, slots=True, eq=False)
class SealedBlock:
    """One block's source symbols (K, S) and their tags (K, 8)."""

    block: int
    symbols: Octets
    tags: Tags


def seal_block(
    seal: BlockSeal, geometry: Geometry, block: int, plain: bytes | memoryview
) -> SealedBlock:
    """Seal a block and tag its symbols: about a millisecond a MiB, so worker threads do it.

    Raises ValueError if `plain` is not the whole block.
    """
    if len(plain) != geometry.plain_bytes(block):
        raise ValueError(f"block {block} has {geometry.plain_bytes(block)} bytes, got {len(plain)}")
    symbols = split(seal.seal(block, plain), geometry.symbol_bytes)
    return SealedBlock(block, symbols, seal.symbol_tags(block, symbols))
