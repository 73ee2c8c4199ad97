"""Can what lies in a store break who reads it again? An entry for journals and chunk tables.

A crash tears the end of a journal, a bad disk changes its middle: reading stops there, and what was
read before still adds up. So that more than the check of a record is tried, the input also comes
framed, as if it had been written so.
"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import xxhash

from mcastdist.store import Disk, catalog, records, table
from mcastdist.store.journal import FRAME, Journal, decode, encode
from mcastdist.store.package import Package

NAME = Path("00" * 32)  # of a package's directory
DECODERS: tuple[msgspec.msgpack.Decoder[Any], ...] = (records.DECODER, catalog.DECODER)
BEGUN = records.Begun("tool", "1.0", 7, 1 << 20, 4, 1_700_000_000.0)


def fuzz_one(data: bytes) -> None:
    """Read `data` as a journal of each kind, as one framed record, and as a chunk table."""
    for decoder in DECODERS:
        for journal in (data, _framed(data), encode(BEGUN) + _framed(data)):
            found, end = decode(journal, decoder)
            assert 0 <= end <= len(journal)
            # Compared as text, since a time that is no number equals nothing, not even itself.
            again, _ = decode(journal[:end], decoder)
            assert repr(again) == repr(found), "not what was read before"
    _package(decode(encode(BEGUN) + _framed(data), records.DECODER)[0])
    _package(decode(data, records.DECODER)[0])
    for place in table.decode_places(data):
        assert place.start <= place.stop


def seeds() -> list[bytes]:
    """Journals and records that are true, for a fuzzer to spoil."""
    told: list[object] = [
        BEGUN,
        records.Verified([0, 2, 3, 4]),
        records.Forgotten([1, 2]),
        records.Status(True, False, 1_700_000_001.0),
    ]
    seen = [catalog.Bound(bytes(32), bytes(32)), catalog.Seen("tool", 7)]
    bodies = [msgspec.msgpack.encode(record) for record in (*told, *seen)]
    places = b"".join(index.to_bytes(8, "big") + bytes(40) for index in range(3))
    return [b"".join(map(encode, told)), b"".join(map(encode, seen)), *bodies, places]


def _framed(body: bytes) -> bytes:
    return FRAME.pack(len(body), xxhash.xxh3_64_intdigest(body)) + body


def _package(found: list[records.Record]) -> None:
    """A package that was read must not vouch for chunks that it does not have."""
    if not found or not isinstance(found[0], records.Begun):
        return
    journal = cast(Journal[records.Record], SimpleNamespace(found=found))
    package = Package(cast(Disk, None), NAME, found[0], journal)
    assert all(0 <= start < stop <= found[0].chunk_count for start, stop in package.recorded)
