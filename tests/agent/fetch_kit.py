"""Fetching against origins and peers in this process, and what was reported of it."""

from __future__ import annotations

import itertools
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent_kit import (
    ALICE,
    KEY,
    NOW,
    Published,
    admit,
    held,
    make_library,
    make_opener,
    make_voice,
    until,
)
from fake_node import FakeNode

from mcastdist.agent.fetching import Fetcher
from mcastdist.agent.fetching_means import Means
from mcastdist.agent.library import Library
from mcastdist.agent.origin_server import OriginServer, start_origin
from mcastdist.agent.package import Landed, OpenPackage
from mcastdist.agent.peers import PeerServer
from mcastdist.agent.runs import Wanted
from mcastdist.agent.serving import Serving
from mcastdist.http_fetch import Source
from mcastdist.http_fetch.client import HttpClient
from mcastdist.ids import ContentId, Locator
from mcastdist.node import GetBlocks, GetManifest
from mcastdist.ranges import RangeSet

_requests = itertools.count(1)


@dataclass
class Reported:
    """What came of the requests, as `Reports`."""

    known: list[tuple[OpenPackage, int]] = field(default_factory=list)
    blocks: list[int] = field(default_factory=list)
    landed_bytes: int = 0
    lost: list[int] = field(default_factory=list)
    kinds: set[str] = field(default_factory=set)
    ends: list[tuple[str, int]] = field(default_factory=list)
    failures: list[dict[str, Any]] = field(default_factory=list)
    wan: int = 0

    def package_known(self, task: str, package: OpenPackage, brought_bytes: int = 0) -> None:
        self.known.append((package, brought_bytes))

    def landed(self, task: str, blocks: RangeSet, landed: Landed, kind: str) -> None:
        self.blocks += blocks.numbers()
        self.landed_bytes += landed.new_bytes
        self.lost += landed.lost.numbers()
        self.kinds.add(kind)

    def finished(self, task: str, request: int) -> None:
        self.ends.append(("finished", request))

    def failed(self, task: str, request: int, code: str, sentence: str, **how: Any) -> None:
        self.failures.append({"code": code, "sentence": sentence} | how)
        self.ends.append((code, request))

    def storage_error(self, task: str, error: Exception) -> None:
        self.failures.append({"error": error})
        self.ends.append(("storage", 0))

    def wan_bytes(self, task: str, count: int) -> None:
        self.wan += count

    def broken(self, task: str, error: Exception) -> None:
        self.failures.append({"error": error})
        self.ends.append(("broken", 0))


class Yard:
    """A machine that fetches (library, fetcher), an origin, and peers."""

    def __init__(self, folder: Path, stack: AsyncExitStack) -> None:
        self.folder = folder
        self.stack = stack
        self.library = make_library(folder / "store")
        self.reported = Reported()
        self.origin: OriginServer
        self.means: Means
        self.fetcher: Fetcher

    async def open(self) -> None:
        (self.folder / "origin").mkdir()
        self.origin = await start_origin(self.folder / "origin", "127.0.0.1", 0)
        client = await self.stack.enter_async_context(HttpClient())
        peers = await self.stack.enter_async_context(HttpClient(proxies=False, redirects_max=0))
        self.means = Means(
            client, peers, self.library, KEY, make_voice(), self.reported, lambda: NOW
        )
        self.fetcher = Fetcher(self.means)
        self.stack.push_async_callback(self.origin.close)
        self.stack.push_async_callback(self.fetcher.close)

    async def peer(self, *published: Published) -> tuple[Source, Library, PeerServer]:
        """Somebody else of the cluster, who has these packages."""
        library = make_library(self.folder / f"peer{next(_requests)}")
        for one in published:
            held(library, one)
        serving = Serving(library, {}, rng=random.Random(1))
        serving.node = FakeNode()
        server = PeerServer(
            opener=make_opener(ALICE),
            find=serving.find,
            expected=lambda content: False,
            random_bytes=bytes,
            uploads_max=4,
        )
        port = await server.listen(["127.0.0.1"], 0)
        self.stack.callback(library.close_all)
        self.stack.push_async_callback(server.close)
        return Source("peer", f"127.0.0.1:{port}", 0), library, server

    def put(self, published: Published) -> str:
        """Onto the origin; the manifest's URL."""
        return f"{self.origin.url}{published.put(self.folder / 'origin')}"

    def payload_source(self, published: Published) -> Source:
        self.put(published)
        return Source("origin", f"{self.origin.url}{published.manifest.stem}.payload", 10)

    def package(self, published: Published) -> OpenPackage:
        return admit(self.library, published)

    async def manifest(
        self,
        source: Source,
        *,
        content: ContentId | None = None,
        sha256: bytes | None = None,
        urls: Sequence[str] = (),
    ) -> str:
        """Fetch a manifest; how it ended."""
        order = GetManifest("task", next(_requests), source, content)
        given = tuple(urls) or (source.address,)
        locator = Locator.of_file(sha256) if sha256 else Locator.of_url(given[-1])
        self.fetcher.get_manifest(order, Wanted(locator, given, sha256, precached=False))
        return await self.end()

    async def blocks(self, source: Source, package: OpenPackage, first: int, count: int) -> str:
        """Fetch blocks; how it ended."""
        order = GetBlocks("task", next(_requests), source, first, count)
        self.fetcher.get_blocks(order, package)
        return await self.end()

    async def end(self) -> str:
        """How the next request ends."""
        before = len(self.reported.ends)
        known = len(self.reported.known)
        await until(lambda: len(self.reported.ends) > before)
        assert len(self.reported.known) <= known + 1
        return self.reported.ends[-1][0]


@asynccontextmanager
async def open_yard(folder: Path) -> AsyncIterator[Yard]:
    async with AsyncExitStack() as stack:
        yard = Yard(folder, stack)
        stack.callback(yard.library.close_all)
        await yard.open()
        yield yard
