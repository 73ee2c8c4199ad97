"""Which streams are open on this machine? Their threads, opened and closed for the driver.

Their code needs numpy, which an agent at rest does without: it is loaded in a worker when the first
task begins, and has long been there when the election is over and the first stream opens.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import TYPE_CHECKING

from mcastdist.ids import ClusterTag, ContentId
from mcastdist.node import Stream
from mcastdist.wire import data_group

from . import logs
from .interfaces import Chosen
from .package import OpenPackage
from .settings import Settings
from .stream_sockets import Group
from .streaming import StreamReports

if TYPE_CHECKING:
    from .stream_receiving import ReceivingStream
    from .stream_sending import SendingStream

WORKERS = 2  # open, hash and write release the GIL; more would only compete with the loops

log = logs.get("stream")


class Streams:
    """All open streams of one agent."""

    def __init__(
        self, *, settings: Settings, cluster: ClusterTag, interfaces: Sequence[Chosen], port: int
    ) -> None:
        """`interfaces` may change; streams opened later use those that are there then."""
        self._settings = settings
        self._cluster = cluster
        self._interfaces = interfaces
        self._port = port
        self._sending: dict[int, SendingStream] = {}
        self._receiving: dict[int, ReceivingStream] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="block")
        self._is_loaded = False
        self._drops_before = 0
        self.receive_buffer = {"asked": 0, "got": 0}
        self.is_fast = settings.multicast.fast_path  # as far as we know

    # In

    def expect(self) -> None:
        """There is a task, so there may be a stream: load what it needs, in the background."""
        if not self._is_loaded:
            self._is_loaded = True
            self._workers.submit(_load)

    def open(self, stream: Stream, package: OpenPackage, reports: StreamReports) -> None:
        """Open the sockets of a stream and start its threads. UsageError if that cannot be."""
        if stream.sender is not None:
            self._open_sending(stream, package, reports)
        else:
            self._open_receiving(stream, package, reports)

    def close(self, stream: Stream) -> None:
        """Stop a stream's threads; they end in the background."""
        receiving = self._receiving.pop(id(stream), None)
        if receiving is not None:
            self._drops_before += receiving.kernel_drops
        for threads in (self._sending.pop(id(stream), None), receiving):
            if threads is not None:
                task = asyncio.create_task(self._close(threads))
                self._closing.add(task)
                task.add_done_callback(self._closing.discard)

    def rejoin(self, stream: Stream) -> None:
        """Join the data group again."""
        if id(stream) in self._receiving:
            self._receiving[id(stream)].rejoin()

    async def close_all(self) -> None:
        """Stop all streams and wait for their threads."""
        open_now: list[SendingStream | ReceivingStream] = [
            *self._sending.values(),
            *self._receiving.values(),
        ]
        self._sending.clear()
        self._receiving.clear()
        await asyncio.gather(*self._closing, *(self._close(threads) for threads in open_now))
        await asyncio.to_thread(self._workers.shutdown, wait=True, cancel_futures=True)

    # Out

    @property
    def kernel_drops(self) -> int:
        """Datagrams this machine's kernel dropped, over all streams so far."""
        return self._drops_before + sum(one.kernel_drops for one in self._receiving.values())

    def drop_shares(self) -> list[tuple[Stream, int]]:
        """Of each stream we receive, how many of a million the kernel dropped since last asked."""
        return [(one.stream, one.drops_per_million()) for one in self._receiving.values()]

    # Within

    def _open_sending(self, stream: Stream, package: OpenPackage, reports: StreamReports) -> None:
        from .stream_sending import SendingStream

        sending = SendingStream(
            stream,
            package,
            interfaces=list(self._interfaces),
            group=self._group(stream.content),
            ttl=self._settings.multicast.ttl,
            fast=self._settings.multicast.fast_path,
            reports=reports,
        )
        self._sending[id(stream)] = sending
        self.is_fast = sending.fast

    def _open_receiving(self, stream: Stream, package: OpenPackage, reports: StreamReports) -> None:
        from .stream_receiving import ReceivingStream

        receiving = ReceivingStream(
            stream,
            package,
            interfaces=list(self._interfaces),
            group=self._group(stream.content),
            fast=self._settings.multicast.fast_path,
            workers=self._workers,
            reports=reports,
        )
        self._receiving[id(stream)] = receiving
        sockets = receiving.sockets
        self.receive_buffer = {"asked": sockets.buffer_asked, "got": sockets.buffer_got}
        self.is_fast = sockets.fast

    async def _close(self, threads: SendingStream | ReceivingStream) -> None:
        try:
            await asyncio.to_thread(threads.close)
        except Exception as error:
            log.error("a stream could not be closed", error)

    def _group(self, content: ContentId) -> Group:
        multicast = self._settings.multicast
        return Group(
            v4=data_group(self._cluster, content, multicast.group_v4),
            v6=data_group(self._cluster, content, multicast.group_v6),
            port=self._port,
        )


def _load() -> None:
    for name in ("stream_receiving", "stream_sending"):
        import_module(f".{name}", __package__)
