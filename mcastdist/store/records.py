"""What does the journal of a package say? Four kinds of records, as small arrays of msgpack."""

from __future__ import annotations

import msgspec

from mcastdist.ranges import RangeSet


class Begun(msgspec.Struct, frozen=True, array_like=True, tag=1):
    """The first record: what the package is. `created` is in seconds since 1970."""

    name: str
    version: str
    sequence: int
    payload_bytes: int
    chunk_count: int
    created: float


class Verified(msgspec.Struct, frozen=True, array_like=True, tag=2):
    """These chunks are on the disk for good: half-open ranges, flattened."""

    edges: list[int]


class Forgotten(msgspec.Struct, frozen=True, array_like=True, tag=3):
    """These chunks turned out to be damaged."""

    edges: list[int]


class Status(msgspec.Struct, frozen=True, array_like=True, tag=4):
    """What people and tasks made of it; `used` is in seconds since 1970."""

    pinned: bool
    precached: bool
    used: float


Record = Begun | Verified | Forgotten | Status
DECODER: msgspec.msgpack.Decoder[Record] = msgspec.msgpack.Decoder(Record)


def edges_of(chunks: RangeSet) -> list[int]:
    """The set as `Verified` and `Forgotten` carry it."""
    return [edge for pair in chunks for edge in pair]


def pairs_of(edges: list[int]) -> list[tuple[int, int]]:
    """The ranges again; what is no pair at the end is left out."""
    return list(zip(edges[::2], edges[1::2], strict=False))
