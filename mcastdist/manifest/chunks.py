"""Where is the payload cut? The chunk table, and the rule that makes it.

A chunk is what is hashed, and what is found again in another version of the package: equal bytes,
cut alike, need not cross the network. So the cuts follow the files, and nothing before a file moves
the cuts inside it:

- A file of PACK_BYTES_MAX or more shares no chunk. It is cut in slices of `chunk_bytes_max`.
- Smaller files are packed together, up to PACK_BYTES_MAX. A pack also ends behind a file whose
  own digest says so (content-defined chunking, with the file as its smallest step), so that after a
  file that grew, came or went the packs of two versions soon fall into step again.

Measured as bytes of the newer version not found in the older, as cut for a package below 256 MiB
(slices of 64 KiB) and, in parentheses, above 4 GiB (slices of 1 MiB):

    pair                     full packs only     this rule          whole files
    django 5.2.7 → 5.2.8      3.6 % (25.4 %)       2.4 %  (3.8 %)     3.1 %
    sympy 1.13.2 → 1.13.3     3.8 % (36.6 %)       3.4 %  (4.1 %)     3.7 %
    scipy 1.17.0 → 1.17.1    20.3 % (51.7 %)     20.2 % (30.8 %)    31.9 %

What matters is that packs stay small when slices grow. Ending packs where folders end did no better
and made a chunk of nearly each folder; halving the mean pack again saves a quarter of a percent and
costs half as many chunks again, each with 36 bytes of manifest and its share of a receiver's time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from mcastdist.errors import MalformedManifest
from mcastdist.ids import DIGEST_BYTES, Digest

from .limits import CHUNK_BYTES_MAX, CHUNK_BYTES_MIN, CHUNK_COUNT_AIM, CHUNKS_MAX
from .spans import Spans

PACK_BYTES_MAX = CHUNK_BYTES_MIN  # so that a pack fits the smallest slice
PACK_SHARE_MEAN = 4  # packs end, on average, when a quarter full


def chunk_bytes_max(payload_bytes: int) -> int:
    """The slice for a package of this size: a power of two, about CHUNK_COUNT_AIM of them."""
    slice_bytes = CHUNK_BYTES_MIN
    while slice_bytes < CHUNK_BYTES_MAX and slice_bytes * CHUNK_COUNT_AIM < payload_bytes:
        slice_bytes *= 2
    return slice_bytes


@dataclass(frozen=True)
class ChunkTable:
    """The chunks of a payload, in its order: how long each is, and its SHA-256."""

    sizes: Sequence[int]
    digests: bytes = field(repr=False)
    _spans: Spans = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if len(self.sizes) > CHUNKS_MAX:
            raise MalformedManifest(f"{len(self.sizes)} chunks: at most {CHUNKS_MAX} are allowed")
        if len(self.digests) != len(self.sizes) * DIGEST_BYTES:
            raise MalformedManifest(
                f"{len(self.sizes)} chunks, but {len(self.digests)} bytes of digests"
            )
        if self.sizes and not 0 < min(self.sizes) <= max(self.sizes) <= CHUNK_BYTES_MAX:
            raise MalformedManifest(f"a chunk has 1 to {CHUNK_BYTES_MAX} bytes, not one of these")
        object.__setattr__(self, "sizes", tuple(self.sizes))
        object.__setattr__(self, "_spans", Spans(self.sizes))

    @property
    def count(self) -> int:
        """How many chunks there are; none if the payload is empty."""
        return self._spans.count

    @property
    def payload_bytes(self) -> int:
        """What all chunks hold together."""
        return self._spans.total

    def span(self, index: int) -> tuple[int, int]:
        """Payload offsets `(start, stop)` of one chunk. Raises IndexError."""
        return self._spans.span(index)

    def digest(self, index: int) -> Digest:
        """SHA-256 of one chunk. Raises IndexError."""
        self._spans.span(index)
        return Digest(self.digests[index * DIGEST_BYTES : (index + 1) * DIGEST_BYTES])

    def index_at(self, offset: int) -> int:
        """The chunk that holds the payload's byte at `offset`. Raises IndexError."""
        return self._spans.index_at(offset)

    def over(self, start: int, stop: int) -> range:
        """The chunks that share a byte with `[start, stop)` of the payload."""
        return self._spans.over(start, stop)


class Chunker:
    """Cuts a payload while it streams by, and hashes its files on the way.

    For each file in payload order: `begin_file`, `update` as often as needed, `end_file`. The
    table comes from `finish`. Raises ValueError if a file has not the size that was announced.
    """

    def __init__(self, slice_bytes: int) -> None:
        self._slice_bytes = slice_bytes
        self._pack_bytes_max = min(PACK_BYTES_MAX, slice_bytes)
        self._sizes: list[int] = []
        self._digests = bytearray()
        self._chunk = hashlib.sha256()
        self._chunk_bytes = 0
        self._file = hashlib.sha256()
        self._file_bytes = 0
        self._file_bytes_left = 0

    def begin_file(self, size: int) -> None:
        """The next `size` bytes are one file."""
        self._file = hashlib.sha256()
        self._file_bytes = self._file_bytes_left = size
        if self._chunk_bytes + size > self._pack_bytes_max:
            self._end_chunk()

    def update(self, data: bytes | bytearray | memoryview) -> None:
        """Some more bytes of the file that was begun."""
        view = memoryview(data)
        if len(view) > self._file_bytes_left:
            raise ValueError(f"more than the {self._file_bytes} bytes announced")
        self._file_bytes_left -= len(view)
        self._file.update(view)
        while view:
            taken = view[: self._slice_bytes - self._chunk_bytes]
            self._chunk.update(taken)
            self._chunk_bytes += len(taken)
            if self._chunk_bytes == self._slice_bytes:
                self._end_chunk()
            view = view[len(taken) :]

    def end_file(self) -> Digest:
        """The file is complete; its SHA-256."""
        if self._file_bytes_left:
            raise ValueError(f"{self._file_bytes_left} bytes fewer than announced")
        digest = Digest(self._file.digest())
        if self._file_bytes >= self._pack_bytes_max or self._ends_pack(digest):
            self._end_chunk()
        return digest

    def finish(self) -> ChunkTable:
        """The table of all that went through."""
        self._end_chunk()
        return ChunkTable(self._sizes, bytes(self._digests))

    def _end_chunk(self) -> None:
        if self._chunk_bytes:
            self._sizes.append(self._chunk_bytes)
            self._digests += self._chunk.digest()
            self._chunk = hashlib.sha256()
            self._chunk_bytes = 0

    def _ends_pack(self, digest: Digest) -> bool:
        """True with probability size / mean pack, and for the same file always the same."""
        draw = int.from_bytes(digest[:4], "big")
        return draw * self._pack_bytes_max < (self._file_bytes * PACK_SHARE_MEAN) << 32
