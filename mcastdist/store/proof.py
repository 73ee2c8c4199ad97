"""Is a chunk what the manifest promises?

A chunk that one write brought is hashed from the writer's memory, for nobody else had its bytes;
one that came in parts, or long ago, is read back.
"""

from __future__ import annotations

import hashlib

from .ledger import Claim
from .payload import Payload
from .table import PackageTable


class Proof:
    """The digests of one package's chunks against its payload."""

    def __init__(self, payload: Payload, table: PackageTable) -> None:
        self._payload = payload
        self._table = table

    def holds(self, chunk: int) -> bool:
        """True if the chunk has its digest, as the file now has it; StorageError once closed."""
        digest = self._payload.sha256(*self._table.chunk_span(chunk))
        return digest == self._table.chunk_digest(chunk)

    def holds_as_written(self, chunk: int, claim: Claim, offset: int, data: memoryview) -> bool:
        """The same just after `data` was written at `offset`, as far as `claim` let it."""
        start, stop = self._table.chunk_span(chunk)
        if not any(first <= start and stop <= last for first, last in claim.ranges):
            return self.holds(chunk)
        digest = hashlib.sha256(data[start - offset : stop - offset]).digest()
        return digest == self._table.chunk_digest(chunk)
