"""How does a stream leave this machine? One loop that sends, one that seals ahead of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

from mcastdist.errors import UnavailableError
from mcastdist.node import Stream
from mcastdist.repair import Fountain
from mcastdist.session import Sender, seal_block

from . import logs
from .interfaces import Chosen
from .package import OpenPackage
from .stream_sockets import Group, StreamSender
from .streaming import IDLE_WAIT_S, JOIN_S_MAX, StreamReports, start_thread

SLEEP_S_MIN = 0.0002  # below this a sleep costs more than it waits
FAST_BURST_DATAGRAMS = 44  # one segmented send is at most 64 KB
MISSING_WAIT_S = 0.5  # a block that has to be fetched again takes a while

log = logs.get("stream")


class SendingStream:
    """The threads of one stream that we send."""

    def __init__(
        self,
        stream: Stream,
        package: OpenPackage,
        *,
        interfaces: Sequence[Chosen],
        group: Group,
        ttl: int,
        fast: bool,
        reports: StreamReports,
    ) -> None:
        """UsageError if a socket cannot be opened."""
        assert stream.sender is not None
        self._stream = stream
        self._sender: Sender = stream.sender
        self._package = package
        self._reports = reports
        self._parity = Fountain()
        self._sockets = StreamSender(interfaces, group, ttl=ttl, fast=fast)
        self._work = threading.Event()
        self._feed = threading.Event()
        self._over = threading.Event()
        stream.changed = self._changed
        self._threads = [
            start_thread("stream-send", self._send_all, stream, reports),
            start_thread("stream-seal", self._feed_all, stream, reports),
        ]

    @property
    def fast(self) -> bool:
        """True while segmented sends work."""
        return self._sockets.fast

    def close(self) -> None:
        """Stop, and wait for the threads to have stopped."""
        self._over.set()
        self._changed()
        for thread in self._threads:
            thread.join(JOIN_S_MAX)
            if thread.is_alive():
                log.warning("a thread of a stream does not stop", thread=thread.name)
        self._sockets.close()
        # Else they would name each other for ever: some 20 MiB of sealed blocks, which the garbage
        # collector takes for a handful of objects and leaves alone for minutes, at rest for longer.
        self._stream.changed = _nobody_cares

    def _changed(self) -> None:
        self._work.set()
        self._feed.set()

    def _send_all(self) -> None:
        """The send loop: a burst when it is due, a sleep otherwise."""
        while not self._over.is_set():
            self._work.clear()
            now = time.monotonic()
            with self._stream.lock:
                burst = self._sender.next_burst(now, FAST_BURST_DATAGRAMS)
                wake_at = self._sender.wake_at()
                hungry = bool(self._sender.wants())
            if hungry:
                self._feed.set()
            if burst is not None:
                self._sockets.send(burst.buffers, burst.datagram_bytes)
            wait_s = min(wake_at - time.monotonic(), IDLE_WAIT_S)
            if wait_s >= IDLE_WAIT_S:  # also after a burst: the next block may not be sealed yet
                self._work.wait(wait_s)
            elif wait_s > SLEEP_S_MIN:
                time.sleep(wait_s)

    def _feed_all(self) -> None:
        """Seal what the sender wants next, ahead of need."""
        while not self._over.is_set():
            self._feed.wait(IDLE_WAIT_S)
            self._feed.clear()
            with self._stream.lock:
                wanted = list(self._sender.wants())
            for block in wanted:
                if self._over.is_set() or not self._provide(block):
                    break

    def _provide(self, block: int) -> bool:
        """False if the block is not here: damage was found in it, and it is fetched again."""
        try:
            plain = self._package.read_block(block)
        except UnavailableError:
            self._reports.stream_lost(self._stream, block)
            self._over.wait(MISSING_WAIT_S)
            return False
        with self._stream.lock:
            ids = self._sender.parity_ahead(block)
        sealed = seal_block(
            self._package.seal, self._stream.geometry, block, plain, parity=self._parity, ids=ids
        )
        with self._stream.lock:
            self._sender.provide(sealed)
        self._work.set()
        return True


def _nobody_cares() -> None:
    """The stream is over."""
