"""What is a store, with the disk taken away? The same methods over `bytearray`s.

For simulations and for tests, where it also says what the real one ought to do. It has no quota
and no crash to survive, and delivers plainly.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace

from mcastdist.errors import StoreBusy, UsageError
from mcastdist.ids import ContentId, Locator

from .entry import Entry, Freed, Usage
from .memory_holding import MemoryHolding, MemoryStaged
from .package import check_manifest
from .table import PackageTable


@dataclass(slots=True)
class _Kept:
    entry: Entry
    papers: tuple[bytes, bytes]
    table: PackageTable
    holding: MemoryHolding


class MemoryStore:
    """All packages in memory."""

    def __init__(self) -> None:
        self._kept: dict[ContentId, _Kept] = {}
        self._bound: dict[Locator, ContentId] = {}
        self._sequences: dict[str, int] = {}
        self._staged: dict[Locator, MemoryStaged] = {}
        self._staging: set[Locator] = set()

    def close(self) -> None:
        """Nothing to let go of."""

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
    ) -> MemoryHolding:
        """Begin or resume a package, and fill it from others."""
        check_manifest(content, manifest)
        if content not in self._kept:
            entry = Entry(
                content, name, version, sequence, table.payload_bytes, 0, False, False,
                precached, now, now, bool(signature), False, None,
            )  # fmt: skip
            holding = MemoryHolding(content, table)
            self._kept[content] = _Kept(entry, (manifest, signature), table, holding)
        elif precached:
            self._change(content, precached=True)
        opened = self.open_holding(content, table, now=now)
        assert opened is not None
        self._fill(opened, table)
        return opened

    def open_holding(
        self, content: ContentId, table: PackageTable, *, now: float
    ) -> MemoryHolding | None:
        """The package, if it is here."""
        if content not in self._kept:
            return None
        self._change(content, used=max(now, self._kept[content].entry.used))
        holding = self._kept[content].holding
        holding.users += 1
        return holding

    def manifest(self, content: ContentId) -> tuple[bytes, bytes] | None:
        """Manifest and signature, if they are here."""
        return self._kept[content].papers if content in self._kept else None

    def entries(self) -> list[Entry]:
        """All packages, the last used first."""
        entries = [
            replace(
                kept.entry,
                held_bytes=kept.holding.held_bytes,
                complete=kept.holding.complete,
                in_use=kept.holding.users > 0,
            )
            for kept in self._kept.values()
        ]
        return sorted(entries, key=lambda entry: entry.used, reverse=True)

    def pin(self, content: ContentId) -> None:
        """Never evict it (which nobody here does)."""
        self._change(content, pinned=True)

    def unpin(self, content: ContentId) -> None:
        """The opposite."""
        self._change(content, pinned=False)

    def remove(self, content: ContentId) -> None:
        """Throw a package away; UsageError if it is not here, or in use."""
        if self._named(content).holding.users:
            raise UsageError(f"{content.short} is in use: cancel its task, or wait")
        del self._kept[content]

    def gc(self, now: float) -> Freed:
        """Memory has no limits."""
        return Freed()

    def usage(self) -> Usage:
        """What is held; the free space is a fiction."""
        return Usage(sum(kept.entry.payload_bytes for kept in self._kept.values()), 1 << 62)

    def lookup(self, locator: Locator) -> ContentId | None:
        """The package `locator` led to, if it is here."""
        content = self._bound.get(locator)
        return content if content in self._kept else None

    def locators(self) -> list[tuple[Locator, ContentId]]:
        """What leads to a package that is here, and to which."""
        return [pair for pair in self._bound.items() if pair[1] in self._kept]

    def bind(self, locator: Locator, content: ContentId) -> None:
        """Remember where `locator` leads."""
        self._bound[locator] = content

    def highest_sequence(self, name: str) -> int:
        """The highest number noted, 0 if none."""
        return self._sequences.get(name, 0)

    def note_sequence(self, name: str, sequence: int) -> None:
        """Remember it, if it is higher."""
        self._sequences[name] = max(sequence, self.highest_sequence(name))

    def stage(self, locator: Locator, expected_bytes: int | None) -> MemoryStaged:
        """Resume or begin a plain download."""
        if locator in self._staging:
            raise StoreBusy(f"{locator.short} is being downloaded already: wait for that task")
        self._staging.add(locator)
        return self._staged.setdefault(
            locator, MemoryStaged(lambda: self._staging.discard(locator))
        )

    def adopt(
        self,
        staged: MemoryStaged,
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
    ) -> MemoryHolding:
        """Turn a staged file into a package."""
        holding = self.begin(
            content, table, manifest, signature,
            name=name, version=version, sequence=sequence, precached=precached, now=now,
        )  # fmt: skip
        for start, stop in staged.written:
            stop = min(stop, table.payload_bytes)
            holding.write(start, staged.read(start, stop))
        staged.discard()
        return holding

    def _fill(self, holding: MemoryHolding, table: PackageTable) -> None:
        found = {
            kept.table.chunk_digest(chunk): kept.holding.read(*kept.table.chunk_span(chunk))
            for kept in self._kept.values()
            for chunk in kept.holding.verified.numbers()
        }
        for chunk in range(table.chunk_count):
            with contextlib.suppress(KeyError):
                data = found[table.chunk_digest(chunk)]
                if holding.write(table.chunk_span(chunk)[0], data).verified:
                    holding.reused_bytes += len(data)

    def _named(self, content: ContentId) -> _Kept:
        if content not in self._kept:
            raise UsageError(f"no package {content.short} in memory")
        return self._kept[content]

    def _change(
        self,
        content: ContentId,
        *,
        pinned: bool | None = None,
        precached: bool | None = None,
        used: float | None = None,
    ) -> None:
        kept = self._named(content)
        entry = kept.entry
        kept.entry = replace(
            entry,
            pinned=entry.pinned if pinned is None else pinned,
            precached=entry.precached if precached is None else precached,
            used=entry.used if used is None else used,
        )
