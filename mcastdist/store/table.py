"""What must the store know of a package? Where its chunks lie, their hashes, and its files.

The store knows no manifests: whoever asks it to keep a package brings a `PackageTable`. Of that it
keeps a copy of the digests on disk, so that chunks of packages nobody has open can be found again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from struct import Struct
from typing import Protocol, Self

import xxhash

from mcastdist.ids import DIGEST_BYTES

_ROW = Struct(f"!Q{DIGEST_BYTES}s")  # where the chunk ends, and its SHA-256
_CHECK = Struct("!Q")


@dataclass(frozen=True, slots=True)
class Deliverable:
    """One file of a package, `payload[start:stop]`, or a symbolic link, or an empty folder.

    `path` is relative, `/`-separated and known to be safe; `mode` are a file's permission bits;
    `link` is what a symbolic link says, None for anything else. A `folder` is one that no other
    path makes: see `folder_at`.
    """

    path: str
    mode: int
    start: int
    stop: int
    sha256: bytes
    link: str | None = None
    folder: bool = False

    @classmethod
    def folder_at(cls, path: str) -> Self:
        """A folder that is empty in the package; all folders get the mode the system gives."""
        return cls(path, 0, 0, 0, b"", folder=True)


class PackageTable(Protocol):
    """How a payload is cut. Chunks follow one another without gaps, from 0 to `payload_bytes`."""

    @property
    def payload_bytes(self) -> int:
        """The length of all files together."""
        ...

    @property
    def chunk_count(self) -> int:
        """How many chunks; 0 if the payload is empty."""
        ...

    def chunk_span(self, chunk: int, /) -> tuple[int, int]:
        """Where chunk number `chunk` lies, `[start, stop)` in bytes."""
        ...

    def chunk_digest(self, chunk: int, /) -> bytes:
        """Its SHA-256."""
        ...

    def chunks_over(self, start: int, stop: int, /) -> range:
        """The chunks of which some byte lies in `[start, stop)`."""
        ...

    def deliverables(self, file_name: str | None = None, /) -> Sequence[Deliverable]:
        """The files, links and empty folders; a plain file has `file_name`, if that is given."""
        ...


@dataclass(frozen=True, slots=True)
class ChunkPlace:
    """One chunk as the store remembers it."""

    index: int
    start: int
    stop: int
    digest: bytes


def encode_places(table: PackageTable) -> bytes:
    """The chunks of a package as the file `chunks` holds them."""
    rows = b"".join(
        _ROW.pack(table.chunk_span(chunk)[1], table.chunk_digest(chunk))
        for chunk in range(table.chunk_count)
    )
    return _CHECK.pack(xxhash.xxh3_64_intdigest(rows)) + rows


def decode_places(data: bytes) -> Iterator[ChunkPlace]:
    """The chunks in order; none at all if the file is damaged, as it only saves us work."""
    rows = data[_CHECK.size :]
    if len(data) < _CHECK.size or len(rows) % _ROW.size:
        return
    if _CHECK.unpack_from(data)[0] != xxhash.xxh3_64_intdigest(rows):
        return
    start = 0
    for index, (stop, digest) in enumerate(_ROW.iter_unpack(rows)):
        yield ChunkPlace(index, start, stop, digest)
        start = stop
