"""Which packages are on this disk, and how does one come or go so that a crash leaves it whole?

A package appears and disappears by one rename: it is built as `<content id>.new` and thrown away as
`<content id>.old`. The payload comes last into a `.new`, so one that has its payload is whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from mcastdist.ids import DIGEST_BYTES, ContentId

from .disk import Disk
from .durable import reserve_new, write_new
from .journal import Journal
from .package import CHUNKS, JOURNAL, MANIFEST, PAYLOAD, SIGNATURE, Package
from .records import DECODER, Record
from .table import PackageTable, encode_places

NEW, OLD = ".new", ".old"


class Shelf:
    """All packages in one directory. The store serialises calls."""

    def __init__(self, disk: Disk, directory: Path) -> None:
        """Load every usable package. What a crash left half made is finished or cleaned up.

        `damaged` are the ids of those beyond use, which are removed.
        """
        self._disk = disk
        self._directory = directory
        self._packages: dict[ContentId, Package] = {}
        self.damaged: list[ContentId] = []
        for found in disk.directories(directory):
            self._load(self._finished(found))

    def __contains__(self, content: object) -> bool:
        return content in self._packages

    def __iter__(self) -> Iterator[Package]:
        return iter(list(self._packages.values()))

    def get(self, content: ContentId) -> Package | None:
        """This package, None if it is not here."""
        return self._packages.get(content)

    def payload_bytes(self) -> int:
        """What all payloads take of the disk."""
        return sum(package.payload_bytes for package in self)

    def put(
        self,
        content: ContentId,
        table: PackageTable,
        papers: tuple[bytes, bytes],
        records: Sequence[Record],
        payload: Path | None = None,
    ) -> Package:
        """Make a package durable, with an empty payload or with the file `payload` as its own.

        `papers` are manifest and signature; `records` begin with `Begun`. On an error nothing is
        left, and `payload` is where it was.
        """
        disk, final = self._disk, self._directory / content.hex()
        fresh = final.with_name(final.name + NEW)
        disk.remove_tree(fresh)
        disk.make_directory(fresh)
        try:
            for name, data in zip((MANIFEST, SIGNATURE), papers, strict=True):
                write_new(disk, fresh / name, data)
            write_new(disk, fresh / CHUNKS, encode_places(table))
            Journal(disk, fresh / JOURNAL, DECODER).rewrite(records)  # syncs all four names
            disk.sync_directory(self._directory)
            if payload is None:
                reserve_new(disk, fresh / PAYLOAD, table.payload_bytes)
            else:
                disk.rename(payload, fresh / PAYLOAD)
            disk.sync_directory(fresh)
            disk.rename(fresh, final)  # should a crash undo this, `_finished` does it again
        except Exception:
            _give_payload_back(disk, fresh, payload)
            raise
        loaded = Package.load(disk, final)
        assert loaded is not None
        self._packages[content] = loaded
        return loaded

    def remove(self, content: ContentId) -> None:
        """Throw a package away; a crash leaves all of it or nothing that counts."""
        self._packages[content].close()
        final = self._directory / content.hex()
        old = final.with_name(final.name + OLD)
        self._disk.remove_tree(old)
        self._disk.rename(final, old)
        self._disk.sync_directory(self._directory)
        self._disk.remove_tree(old)
        del self._packages[content]

    # Loading

    def _finished(self, directory: Path) -> Path:
        """`directory`, under its final name if only that was missing."""
        if directory.suffix != NEW:
            return directory
        final = directory.with_suffix("")
        if self._disk.size(directory / PAYLOAD) is None or final.exists():
            return directory
        self._disk.rename(directory, final)
        self._disk.sync_directory(self._directory)
        return final

    def _load(self, directory: Path) -> None:
        if not _is_content_id(directory.name):
            self._disk.remove_tree(directory)
            return
        package = Package.load(self._disk, directory)
        if package is not None:
            self._packages[package.content] = package
            return
        self.damaged.append(ContentId(bytes.fromhex(directory.name)))
        self._disk.remove_tree(directory)


def _is_content_id(name: str) -> bool:
    return len(name) == 2 * DIGEST_BYTES and not set(name) - set("0123456789abcdef")


def _give_payload_back(disk: Disk, fresh: Path, payload: Path | None) -> None:
    if payload is not None and disk.size(fresh / PAYLOAD) is not None:
        disk.rename(fresh / PAYLOAD, payload)
    disk.remove_tree(fresh)
