"""Who keeps the packages of this machine? One store, one process, several threads.

    <directory>/packages/<content id>/   one directory a package, see `package`
                staging/<locator>        plain downloads whose chunks are not known yet
                catalog                  locators and sequence numbers

The store lets packages in (`intake`), decides who may stay (`tenancy`), opens each package at most
once, and lends it to whoever asks as a `Holding`. A package that is lent, or being copied from, is
never removed.
"""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

from mcastdist.errors import UsageError
from mcastdist.ids import ContentId, Locator

from .catalog import Catalog
from .disk import PRIVATE_DIRECTORY, Disk
from .durable import make_path
from .entry import Entry, Freed, Usage
from .holding import Holding
from .intake import Intake
from .lending import Lending
from .package import Package
from .premises import occupy
from .quota import StoreLimits
from .records import Begun
from .shelf import Shelf
from .staged_files import StagedFiles
from .staging import Staged
from .table import PackageTable
from .tenancy import Tenancy


class Store:
    """All packages in one directory. Every method may be called from several threads."""

    def __init__(self, directory: Path, limits: StoreLimits, *, disk: Disk | None = None) -> None:
        """Open the store, or make one. For what it raises see `premises.occupy`."""
        self.limits = limits  # may be replaced while the store is open
        self.directory = directory
        self._disk = disk or Disk()
        self._lock = threading.RLock()
        self._lending = Lending()
        self._occupied = occupy(self._disk, directory)
        try:
            self._furnish(self._disk, directory)
        except Exception:
            self._disk.close(self._occupied)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Commit and close what is still open, and let other processes have the store."""
        with contextlib.ExitStack() as stack:
            stack.callback(self._disk.close, self._occupied)
            stack.callback(self._catalog.close)
            stack.callback(self._staged.close)
            for holding in self._lending.lent():
                stack.callback(holding.close)

    # Packages

    def begin(
        self,
        content: ContentId,
        table: PackageTable,
        manifest: bytes,
        signature: bytes,
        *,
        name: str,
        version: str,
        sequence: int,
        precached: bool,
        now: float,
    ) -> Holding:
        """Make room for a package, or resume it, and fill it with what other packages have.

        `signature` is empty for a plain file. Raises NoSpace, and DigestMismatch if `manifest` is
        not the one that `content` names.
        """
        begun = Begun(name, version, sequence, table.payload_bytes, table.chunk_count, now)
        papers = manifest, signature
        return self._intake.begin(content, table, papers, begun, precached=precached)

    def open_holding(
        self, content: ContentId, table: PackageTable, *, now: float
    ) -> Holding | None:
        """A package that is here, whole or in part; None if it is not."""
        return self._intake.open(content, table, now=now)

    def manifest(self, content: ContentId) -> tuple[bytes, bytes] | None:
        """Manifest and signature as received; None if they are not here, or damaged."""
        with self._lock:
            package = self._shelf.get(content)
            return None if package is None else package.papers()

    def entries(self) -> list[Entry]:
        """All packages, the last used first."""
        with self._lock:
            entries = [
                Entry.of(package, self.limits, in_use=self._lending.is_in_use(package.content))
                for package in self._shelf
            ]
        return sorted(entries, key=lambda entry: entry.used, reverse=True)

    def pin(self, content: ContentId) -> None:
        """Never evict this package. UsageError if it is not here."""
        with self._lock:
            self._named(content).record_status(pinned=True)

    def unpin(self, content: ContentId) -> None:
        """Let quota and age have it again. UsageError if it is not here."""
        with self._lock:
            self._named(content).record_status(pinned=False)

    def remove(self, content: ContentId) -> None:
        """Throw a package away. UsageError if it is not here, or in use."""
        with self._lock:
            package = self._named(content)
            if self._lending.is_in_use(content):
                raise UsageError(
                    f"{package.begun.name} ({content.short}) is in use: cancel its task, or wait"
                )
            self._shelf.remove(content)

    def gc(self, now: float) -> Freed:
        """Remove what is past its age, and more while the quota or the free space is broken."""
        with self._lock:
            before = self.usage().held_bytes
            removed = self._tenancy.tidy(self.limits, now)
            return Freed(removed, before - self.usage().held_bytes)

    def usage(self) -> Usage:
        """How full it is."""
        with self._lock:
            room = self._tenancy.room()
        return Usage(room.held_bytes, room.free_bytes)

    # Locators and sequences

    def lookup(self, locator: Locator) -> ContentId | None:
        """The package that `locator` led to last, if it is here."""
        with self._lock:
            content = self._catalog.lookup(locator)
            return content if content in self._shelf else None

    def locators(self) -> list[tuple[Locator, ContentId]]:
        """What leads to a package that is here, and to which."""
        with self._lock:
            return [pair for pair in self._catalog.locators() if pair[1] in self._shelf]

    def bind(self, locator: Locator, content: ContentId) -> None:
        """Remember that `locator` leads to `content`; durable."""
        with self._lock:
            self._catalog.bind(locator, content, held=self._shelf)

    def highest_sequence(self, name: str) -> int:
        """The highest sequence number noted for this signed name, 0 if none; never forgotten."""
        with self._lock:
            return self._catalog.highest_sequence(name)

    def note_sequence(self, name: str, sequence: int) -> None:
        """A trusted manifest of `name` had this number; durable."""
        with self._lock:
            self._catalog.note_sequence(name, sequence, held=self._shelf)

    # Plain downloads

    def stage(self, locator: Locator, expected_bytes: int | None) -> Staged:
        """A file for bytes whose chunks are not known yet; resumed if there is one.

        NoSpace if `expected_bytes` do not fit, StoreBusy if it is open already.
        """
        with self._lock:
            return self._staged.open(locator, expected_bytes)

    def adopt(
        self,
        staged: Staged,
        content: ContentId,
        table: PackageTable,
        manifest: bytes,
        *,
        name: str,
        version: str = "",
        signature: bytes = b"",
        sequence: int = 0,
        precached: bool,
        now: float,
    ) -> Holding:
        """Turn a staged file into a package; the staged file is closed and gone.

        Chunks that do not hash right are simply not held. On an error the file stays staged, and
        may be opened again.
        """
        begun = Begun(name, version, sequence, table.payload_bytes, table.chunk_count, now)
        papers = manifest, signature
        return self._intake.adopt(staged, content, table, papers, begun, precached=precached)

    # Within

    def _furnish(self, disk: Disk, directory: Path) -> None:
        for path in (directory / "packages", directory / "staging"):
            make_path(disk, path, mode=PRIVATE_DIRECTORY)
        self._shelf = Shelf(disk, directory / "packages")
        self.damaged = self._shelf.damaged
        self._catalog = Catalog(disk, directory / "catalog")
        self._staged = StagedFiles(disk, directory / "staging", self._grant)
        self._tenancy = Tenancy(disk, directory, self._shelf, self._lending, self._staged)
        self._intake = Intake(disk, self._lock, self._shelf, self._lending, self._make_room_for)

    def _named(self, content: ContentId) -> Package:
        package = self._shelf.get(content)
        if package is None:
            raise UsageError(f"no package {content.short} in {self.directory}")
        return package

    def _make_room_for(self, begun: Begun) -> None:
        self._tenancy.make_room(
            begun.payload_bytes, self.limits, coming=begun.name, now=begun.created
        )

    def _grant(self, more_bytes: int) -> None:
        with self._lock:  # by use, not by age
            self._tenancy.make_room(more_bytes, self.limits, coming="a download", now=0.0)
