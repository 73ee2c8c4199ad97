"""The smallest package a store takes: one file, whose chunks are all the same bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from mcastdist.ids import ContentId
from mcastdist.store import Deliverable


class OneFile:
    """A table of `size` bytes, `piece` again and again, each a chunk."""

    def __init__(self, size: int, piece: bytes) -> None:
        self.payload_bytes = size
        self.chunk_count = size // len(piece)
        self.manifest = f"one file of {size} bytes".encode()
        self.content = ContentId(hashlib.sha256(self.manifest).digest())
        self._chunk_bytes = len(piece)
        self._digest = hashlib.sha256(piece).digest()

    def chunk_span(self, chunk: int) -> tuple[int, int]:
        """Where a chunk begins and ends."""
        start = chunk * self._chunk_bytes
        return start, start + self._chunk_bytes

    def chunk_digest(self, chunk: int) -> bytes:
        """Its SHA-256."""
        return self._digest

    def chunks_over(self, start: int, stop: int) -> range:
        """The chunks that touch these bytes."""
        return range(start // self._chunk_bytes, -(-stop // self._chunk_bytes))

    def deliverables(self, file_name: str | None = None, /) -> Sequence[Deliverable]:
        """Nothing is delivered."""
        return []
