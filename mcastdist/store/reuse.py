"""Which chunks of a new package are here already, in other packages? An update's cheapest bytes.

Each package has its chunk digests on disk, so nothing is indexed for ever: when a package begins,
the digest lists of the others are walked once (40 bytes a chunk) against the chunks it misses.
"""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mcastdist.errors import StorageError
from mcastdist.ranges import RangeSet

from .disk import Disk, File
from .holding import Holding
from .package import Package
from .table import ChunkPlace, PackageTable

COMMIT_BYTES = 256 << 20  # an interrupted reuse repeats at most this much; it goes at disk speed


@dataclass(frozen=True, slots=True)
class Find:
    """A chunk of `package` that is wanted as these chunks of the new one."""

    package: Package
    place: ChunkPlace
    wanted: list[int]


def find_chunks(
    table: PackageTable, missing: RangeSet, others: Iterable[Package]
) -> Iterator[Find]:
    """Where in `others` the `missing` chunks of `table` lie; each is found at most once."""
    wanted: defaultdict[bytes, list[int]] = defaultdict(list)
    for chunk in missing.numbers():
        wanted[table.chunk_digest(chunk)].append(chunk)
    for package in others:
        if not wanted:
            return
        for place in package.recorded_places():
            if place.digest in wanted:
                yield Find(package, place, wanted.pop(place.digest))


def fill(disk: Disk, holding: Holding, table: PackageTable, others: Iterable[Package]) -> None:
    """Copy into `holding` what it misses and `others` have, and commit. Each chunk is hashed again.

    The caller keeps `others` from being removed meanwhile.
    """
    missing = RangeSet(holding.verified.gaps(0, table.chunk_count))
    since_commit = 0
    for package, finds in _by_package(find_chunks(table, missing, others)):
        source = package.open_payload()
        try:
            for find in finds:
                since_commit += _put(holding, table, find.wanted, _read(disk, source, find.place))
                if since_commit >= COMMIT_BYTES:
                    holding.commit()
                    since_commit = 0
        finally:
            disk.close(source)
    holding.commit()


def _read(disk: Disk, source: File, place: ChunkPlace) -> bytearray:
    """The chunk as `source` has it; what the disk cannot read stays zero, and hashes wrong."""
    buffer = bytearray(place.stop - place.start)
    with contextlib.suppress(StorageError):
        disk.read_into(source, buffer, place.start)
    return buffer


def _put(holding: Holding, table: PackageTable, wanted: list[int], data: bytearray) -> int:
    """Write `data` as each of `wanted`; how many bytes turned out good."""
    good = 0
    for chunk in wanted:
        start, stop = table.chunk_span(chunk)
        if stop - start == len(data) and holding.write(start, data).verified:
            good += len(data)
    holding.reused_bytes += good
    return good


def _by_package(finds: Iterable[Find]) -> Iterator[tuple[Package, list[Find]]]:
    gathered: dict[int, list[Find]] = defaultdict(list)
    for find in finds:
        gathered[id(find.package)].append(find)
    for group in gathered.values():
        yield group[0].package, group
