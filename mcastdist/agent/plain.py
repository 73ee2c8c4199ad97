"""How does a plain file become a package? Downloaded whole, hashed, and cut here (PROTOCOL.md, 9).

There is no manifest at the origin, only a digest in the task. The file is staged in the store, and
resumed there after an interruption; when its digest is the one that was asked for, its chunk table
is made and it becomes a package like any other, which peers get with the manifest made here.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from functools import partial

from mcastdist.errors import DigestMismatch, StoreBusy
from mcastdist.http_fetch.client import HttpClient
from mcastdist.ids import Digest
from mcastdist.manifest import Chunker, Manifest, SafePath, chunk_bytes_max, plain_manifest
from mcastdist.store import Staged

from .library import Library
from .package import OpenPackage
from .runs import Wanted

READ_BYTES = 1 << 20
ADVICE = "compare --sha256 with what its publisher says, for the file there is another one"
# What a kill or a power cut may cost is the lesser of the two: on a fast link the bytes, which a
# disk takes within a second or so; on a slow one the seconds, too many to keep a disk busy.
SYNC_BYTES = 64 << 20
SYNC_S = 10.0
STAGE_WAIT_S = 0.1
STAGE_TRIES = 50  # a write under way on a slow disk
# One name and no sources, so that equal files are one content, from whatever URL they came.
NAME_IN_MANIFEST = SafePath("file")


class PlainDownload:
    """The download of one plain file. `brought_bytes`: what the origin gave this time."""

    def __init__(
        self,
        *,
        client: HttpClient,
        library: Library,
        wanted: Wanted,
        sha256: bytes,
        clock: Callable[[], float],
        on_bytes: Callable[[int], None],
    ) -> None:
        self._client = client
        self._library = library
        self._wanted = wanted
        self._sha256 = sha256
        self._clock = clock
        self._on_bytes = on_bytes
        self.brought_bytes = 0

    async def run(self, url: str) -> OpenPackage:
        """The file at `url` as an open package.

        Raises SourceError, DigestMismatch, StorageError. Without an error nothing is left staged;
        after one, what came is kept for the next attempt, unless it was wrong.
        """
        staged = await self._stage()
        try:
            manifest = await self._download(staged, url)
            return await self._adopt(staged, manifest)
        except BaseException:
            await asyncio.to_thread(staged.close)
            raise

    async def _stage(self) -> Staged:
        """The staged file; a request that was just cancelled may need a moment to let go of it."""
        for _ in range(STAGE_TRIES):
            with contextlib.suppress(StoreBusy):
                return await asyncio.to_thread(self._stage_now)
            await asyncio.sleep(STAGE_WAIT_S)
        return await asyncio.to_thread(self._stage_now)

    def _stage_now(self) -> Staged:
        return self._library.store.stage(self._wanted.locator, None)

    async def _adopt(self, staged: Staged, manifest: Manifest) -> OpenPackage:
        return await asyncio.to_thread(
            partial(
                self._library.adopt,
                staged,
                manifest,
                locator=self._wanted.locator,
                urls=self._wanted.urls,
                precached=self._wanted.precached,
                now=self._clock(),
            )
        )

    async def _download(self, staged: Staged, url: str) -> Manifest:
        """Until it is whole and right; what was resumed and is wrong is had again, once."""
        was_resumed = staged.size > 0
        await self._fetch(staged, url)
        manifest = await asyncio.to_thread(manifest_of, staged)
        actual = manifest.files[0].sha256
        if actual == self._sha256:
            return manifest
        size = staged.size
        await asyncio.to_thread(staged.restart)
        if was_resumed:  # the file there may have changed between the two halves
            return await self._download(staged, url)
        raise DigestMismatch(self._sha256, actual, f"{url} ({size} bytes)", ADVICE)

    async def _fetch(self, staged: Staged, url: str) -> None:
        arrival = _Arrival(staged, self._clock)

        async def keep(offset: int, data: bytes | memoryview) -> None:
            self._on_bytes(len(data))
            self.brought_bytes += len(data)
            await asyncio.to_thread(arrival.write, offset, data)

        try:
            await self._client.fetch(
                url, first=staged.size, stop=None, expected_bytes=None, validator=None, sink=keep
            )
        finally:
            await asyncio.to_thread(staged.sync)


class _Arrival:
    """Bytes on their way into a staged file; what has been there for a while is durable."""

    def __init__(self, staged: Staged, clock: Callable[[], float]) -> None:
        self._staged = staged
        self._clock = clock
        self._synced_at = clock()
        self._unsynced_bytes = 0

    def write(self, offset: int, data: bytes | memoryview) -> None:
        """Keep `data`, and now and then make all durable that came before."""
        self._staged.write(offset, data)
        self._unsynced_bytes += len(data)
        now = self._clock()
        is_recent = 0 <= now - self._synced_at < SYNC_S  # a clock may be set back
        if self._unsynced_bytes >= SYNC_BYTES or not is_recent:
            self._staged.sync()
            self._synced_at, self._unsynced_bytes = now, 0


def manifest_of(staged: Staged) -> Manifest:
    """The manifest that everybody makes of these bytes."""
    size = staged.size
    chunker = Chunker(chunk_bytes_max(size))
    chunker.begin_file(size)
    for start in range(0, size, READ_BYTES):
        chunker.update(staged.read(start, min(start + READ_BYTES, size)))
    digest = chunker.end_file()
    return plain_manifest(NAME_IN_MANIFEST, size, Digest(digest), chunker.finish())
