"""How is a payload cut into blocks and symbols? (PROTOCOL.md, 3.2)

payload   |<-- block 0 -->|<-- block 1 -->|<- 2 ->|
sealed    |<-- block 0 -->|tag|                      a seal adds its tag
symbols   | 0 | 1 | 2 | ... | K-1 00|                what one datagram carries, zero padded
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from .limits import (
    BLOCK_BYTES_MAX,
    BLOCKS_MAX,
    DATAGRAM_BYTES_MAX,
    SYMBOL_BYTES_MIN,
    SYMBOLS_MAX,
)

SEAL_TAG_BYTES = 16  # of AES-GCM
SYMBOL_TAG_BYTES = 8
STREAM_HEADER_BYTES = 40  # before the symbol, in each datagram


@dataclass(frozen=True)
class Geometry:
    """How one payload is cut; all holders cut it alike. Block numbers count from 0."""

    payload_bytes: int
    block_bytes: int
    symbol_bytes: int

    def __post_init__(self) -> None:
        if self.payload_bytes < 0:
            raise ValueError(f"a payload of {self.payload_bytes} bytes")
        if not 1 <= self.block_bytes <= BLOCK_BYTES_MAX:
            raise ValueError(f"block_bytes is 1 to {BLOCK_BYTES_MAX}, got {self.block_bytes}")
        if not SYMBOL_BYTES_MIN <= self.symbol_bytes <= DATAGRAM_BYTES_MAX:
            raise ValueError(
                f"symbol_bytes is {SYMBOL_BYTES_MIN} to {DATAGRAM_BYTES_MAX},"
                f" got {self.symbol_bytes}"
            )
        if self.block_count > BLOCKS_MAX:
            raise ValueError(f"{self.block_count} blocks, at most {BLOCKS_MAX}")
        if self.block_count and self.symbols(0) > SYMBOLS_MAX:
            raise ValueError(f"{self.symbols(0)} symbols a block, at most {SYMBOLS_MAX}")

    @cached_property
    def block_count(self) -> int:
        """How many blocks there are; none in an empty payload."""
        return -(-self.payload_bytes // self.block_bytes)

    def block_span(self, block: int) -> tuple[int, int]:
        """The payload bytes `[start, stop)` of a block. Raises IndexError if there is none."""
        if not 0 <= block < self.block_count:
            raise IndexError(f"block {block} of {self.block_count}")
        start = block * self.block_bytes
        return start, min(start + self.block_bytes, self.payload_bytes)

    def plain_bytes(self, block: int) -> int:
        """The length of a block in the payload."""
        start, stop = self.block_span(block)
        return stop - start

    def sealed_bytes(self, block: int) -> int:
        """The length of a sealed block, its tag included."""
        return self.plain_bytes(block) + SEAL_TAG_BYTES

    def symbols(self, block: int) -> int:
        """K: how many source symbols a sealed block has."""
        return -(-self.sealed_bytes(block) // self.symbol_bytes)

    def blocks_over(self, start: int, stop: int) -> range:
        """The blocks that hold any of the payload bytes `[start, stop)`."""
        start, stop = max(start, 0), min(stop, self.payload_bytes)
        if start >= stop:
            return range(0)
        return range(start // self.block_bytes, -(-stop // self.block_bytes))
