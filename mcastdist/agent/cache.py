"""What is in the cache, and what may be done to it? `api.CacheController` over a library."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable

from mcastdist.errors import ContentError, UsageError
from mcastdist.ids import ContentId
from mcastdist.store import Entry

from .api import CacheEntry, CacheReport
from .library import Library
from .package import OpenPackage

JUST_OPENED_S = 10.0  # by then a task that has a package opened is known to use it
DAMAGED_MANIFEST = 1  # in place of a count of chunks: the package is of no use until fetched again


class Cache:
    """The cache commands; the same with and without a running agent.

    An agent that runs overrides the three hooks at the end.
    """

    def __init__(self, library: Library, *, wall: Callable[[], float] = time.time) -> None:
        self._library = library
        self._wall = wall

    async def cache_list(self) -> list[CacheEntry]:
        """Every package in the store."""
        return [_shown(entry) for entry in await self._entries()]

    async def cache_pin(self, content: str, pinned: bool) -> CacheEntry:
        """Keep a package whatever its age, or let it age again."""
        found = await self._find(content)
        store = self._library.store
        await asyncio.to_thread(store.pin if pinned else store.unpin, found.content)
        found = await self._find(found.content.hex())
        return _shown(found)

    async def cache_remove(self, content: str) -> CacheReport:
        """Remove a package that nothing uses now."""
        found = await self._find(content)
        if self._is_in_use(found.content):
            raise UsageError(
                f"package {found.content.short} is in use by a task; cancel the task first"
            )
        await asyncio.to_thread(self._library.discard, found.content)
        self._gone(found.content)
        return CacheReport(removed=[found.content.hex()], freed_bytes=found.payload_bytes)

    async def cache_verify(self, content: str | None) -> CacheReport:
        """Hash everything again; what is damaged is forgotten and fetched by the next task."""
        chosen = [await self._find(content)] if content else await self._entries()
        report = CacheReport()
        for entry in chosen:
            name = entry.content.hex()
            report.checked.append(name)
            bad_chunks = await self._verify(entry.content)
            if bad_chunks:
                report.damaged[name] = bad_chunks
        return report

    async def cache_gc(self) -> CacheReport:
        """Remove what is too old, or too much."""
        used = [one.content for one in await self._entries() if self._is_in_use(one.content)]
        await asyncio.to_thread(self._library.close_idle, used, idle_s=JUST_OPENED_S)
        freed = await asyncio.to_thread(self._library.store.gc, self._wall())
        for content in freed.removed:
            self._gone(content)
        removed = [content.hex() for content in freed.removed]
        return CacheReport(removed=removed, freed_bytes=freed.freed_bytes)

    # For an agent that runs

    def _is_in_use(self, content: ContentId) -> bool:
        """True if a task works on this package."""
        return False

    def _gone(self, content: ContentId) -> None:
        """This package is not here any more."""

    def _damaged(self, package: OpenPackage, chunks: list[int]) -> None:
        """These chunks are not here any more."""

    # Within

    async def _verify(self, content: ContentId) -> int:
        """How many chunks were bad."""
        found = None
        with contextlib.suppress(ContentError):  # trusted no more, or no manifest at all
            found = await asyncio.to_thread(self._hash, content)
        if found is None:
            self._gone(content)
            return DAMAGED_MANIFEST
        package, bad = found
        if bad:
            self._damaged(package, bad)
        return len(bad)

    def _hash(self, content: ContentId) -> tuple[OpenPackage, list[int]] | None:
        """A package and its bad chunks. It takes minutes, and no task may be using it: so lent."""
        with self._library.lent(content, now=self._wall()) as package:
            return None if package is None else (package, package.holding.verify_all())

    async def _entries(self) -> list[Entry]:
        return await asyncio.to_thread(self._library.store.entries)

    async def _find(self, given: str) -> Entry:
        """A package by content id, a unique beginning of it, or name-version."""
        found = [
            one
            for one in await self._entries()
            if given
            and (one.content.hex().startswith(given) or f"{one.name}-{one.version}" == given)
        ]
        if len(found) != 1:
            problem = "no package" if not found else "more than one package"
            raise UsageError(
                f"{problem} in the cache is {given!r}; `mcastdist cache list` shows them"
            )
        return found[0]


def _shown(entry: Entry) -> CacheEntry:
    return CacheEntry(
        content=entry.content.hex(),
        name=entry.name,
        version=entry.version,
        payload_bytes=entry.payload_bytes,
        held_bytes=entry.held_bytes,
        complete=entry.complete,
        pinned=entry.pinned,
        precached=entry.precached,
        created=entry.created,
        used=entry.used,
        expires_from_cache=entry.expires,
    )
