"""How does a manifest get here? From an origin with its signature, or sealed from a peer."""

from __future__ import annotations

import asyncio
import hashlib
from functools import partial

from mcastdist.errors import DigestMismatch, SourceError
from mcastdist.http_fetch import Source
from mcastdist.ids import ContentId
from mcastdist.manifest import MANIFEST_BYTES_MAX, SIGNATURE_BYTES_MAX
from mcastdist.node import GetManifest
from mcastdist.wire import BlockSeal

from .fetching_means import Means
from .peer_words import unpack_manifest
from .plain import PlainDownload
from .runs import Wanted

NOT_THERE = "status_404"
SEALED_BYTES_MAX = MANIFEST_BYTES_MAX + SIGNATURE_BYTES_MAX + 64  # its length, nonce and tag


class ManifestFetch:
    """Carries out GetManifest: the package is known, and open, when it is done."""

    def __init__(self, means: Means) -> None:
        self._means = means

    async def fetch(self, order: GetManifest, wanted: Wanted) -> None:
        """Fetch, check and open. Raises SourceError, ContentError, StorageError."""
        if order.source.kind == "peer":
            assert order.content is not None, "a peer is asked for a content by its id"
            manifest, signature = await self._from_peer(order.source, order.content)
        elif wanted.sha256 is not None:
            await self._plain_file(order, wanted, wanted.sha256)
            return
        else:
            manifest, signature = await self._from_origin(order)
        means = self._means
        package = await asyncio.to_thread(
            partial(
                means.library.admit,
                manifest,
                signature,
                locator=wanted.locator,
                urls=wanted.urls,
                sha256=wanted.sha256,
                precached=wanted.precached,
                now=means.clock(),
            )
        )
        means.reports.package_known(order.task, package)

    async def _from_origin(self, order: GetManifest) -> tuple[bytes, bytes]:
        url, client = order.source.address, self._means.client
        signature = await self._signature(url)
        manifest = await client.get_small(url, bytes_max=MANIFEST_BYTES_MAX)
        self._means.reports.wan_bytes(order.task, len(manifest) + len(signature))
        return manifest, signature

    async def _signature(self, url: str) -> bytes:
        """Raises SourceError, which says of what is no package that it is none."""
        client = self._means.client
        try:
            return await client.get_small(f"{url}.minisig", bytes_max=SIGNATURE_BYTES_MAX)
        except SourceError as error:
            if error.code != NOT_THERE:
                raise
            await client.probe(url)  # if that is not there either, its error says what is missing
            raise SourceError(
                error.source,
                error.code,
                f"{url} is no package, since no signature ({url}.minisig) lies beside it: give the"
                " URL of a .mcd, or --sha256 with that of a plain file",
                permanent=error.permanent,
            ) from error

    async def _from_peer(self, source: Source, content: ContentId) -> tuple[bytes, bytes]:
        path = f"/v1/content/{content.hex()}/manifest"
        body = await self._means.from_peer(source, path, bytes_max=SEALED_BYTES_MAX)
        plain = BlockSeal(self._means.key, content).open_manifest(body)
        manifest, signature = unpack_manifest(plain)
        actual = hashlib.sha256(manifest).digest()
        if actual != content:
            raise DigestMismatch(content, actual, f"the manifest from {source.address}")
        return manifest, signature

    async def _plain_file(self, order: GetManifest, wanted: Wanted, sha256: bytes) -> None:
        means = self._means
        download = PlainDownload(
            client=means.client,
            library=means.library,
            wanted=wanted,
            sha256=sha256,
            clock=means.clock,
            on_bytes=partial(means.reports.wan_bytes, order.task),
        )
        package = await download.run(order.source.address)
        means.reports.package_known(order.task, package, brought_bytes=download.brought_bytes)
