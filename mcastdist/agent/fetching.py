"""How are a node's orders to fetch carried out? One asyncio task per request, and every end told.

What is fetched, and how, is the business of `fetching_manifests` and `fetching_blocks`. Every
failure ends in a reason code for the node's plan; the disk's own refusals end the node's task, and
so does what we believed impossible.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from mcastdist.errors import ContentError, McastdistError, PeerError, SourceError, StorageError
from mcastdist.http_fetch import Source
from mcastdist.http_fetch.client import AskOthers
from mcastdist.manifest import StalePackage
from mcastdist.node import GetBlocks, GetManifest

from .fetching_blocks import BlockFetch
from .fetching_manifests import ManifestFetch
from .fetching_means import Means
from .package import OpenPackage
from .peer_words import PEERS_NAMED_MAX, as_reached
from .runs import Wanted

Order = GetManifest | GetBlocks


class Fetcher:
    """Carries out GetManifest and GetBlocks."""

    def __init__(self, means: Means) -> None:
        self._clients = (means.client, means.peers)
        self._reports = means.reports
        self._manifests = ManifestFetch(means)
        self._blocks = BlockFetch(means)
        self._tasks: dict[int, asyncio.Task[None]] = {}

    # In

    def get_manifest(self, order: GetManifest, wanted: Wanted) -> None:
        """Start fetching a manifest."""
        self._start(order, partial(self._manifests.fetch, order, wanted))

    def get_blocks(self, order: GetBlocks, package: OpenPackage) -> None:
        """Start fetching blocks."""
        self._start(order, partial(self._blocks.fetch, order, package))

    def cancel(self, request: int) -> None:
        """Stop a request: no end of it is reported, only the bytes that are being written."""
        task = self._tasks.pop(request, None)
        if task is not None:
            task.cancel()

    async def renew_connections(self) -> None:
        """An address of ours is gone: what is asked for by it fails, and may be asked for anew."""
        for client in self._clients:
            await client.renew_connections()

    async def close(self) -> None:
        """Stop all requests."""
        tasks = list(self._tasks.values())
        self._tasks.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._blocks.close()

    # Within

    def _start(self, order: Order, work: Callable[[], Awaitable[None]]) -> None:
        self._tasks[order.request] = asyncio.create_task(self._run(order, work))

    async def _run(self, order: Order, work: Callable[[], Awaitable[None]]) -> None:
        failure: Exception | None = None
        try:
            await work()
        except Exception as error:
            failure = error
        if self._tasks.pop(order.request, None) is not None:  # else it was cancelled meanwhile
            self._report(order, failure)

    def _report(self, order: Order, failure: Exception | None) -> None:
        match failure:
            case None:
                self._reports.finished(order.task, order.request)
            case StorageError():
                self._reports.storage_error(order.task, failure)
            case McastdistError():
                self._report_failure(order, failure)
            case _:
                self._reports.broken(order.task, failure)

    def _report_failure(self, order: Order, error: McastdistError) -> None:
        source_error = error if isinstance(error, SourceError) else None
        self._reports.failed(
            order.task,
            order.request,
            reason_code(error),
            str(error),
            permanent=source_error.permanent if source_error else isinstance(error, ContentError),
            retry_after_s=source_error.retry_after_s if source_error else None,
            ask_instead=named_peers(error, order.source.address),
        )


def named_peers(error: McastdistError, asked: str) -> tuple[Source, ...]:
    """The peers that a busy one named, which was `asked` at this address."""
    names = error.addresses if isinstance(error, AskOthers) else ()
    return tuple(Source("peer", as_reached(name, asked), 1) for name in names[:PEERS_NAMED_MAX])


def reason_code(error: McastdistError) -> str:
    """A stable word for an error: its own code, or its class's name (DigestMismatch)."""
    if isinstance(error, SourceError | StalePackage):
        return error.code
    if isinstance(error, PeerError):
        return "bad_seal"
    name = type(error).__name__
    return "".join("_" + c.lower() if c.isupper() else c for c in name).lstrip("_")
