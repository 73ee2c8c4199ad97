"""How does a stream get into the store? One loop that receives, workers that open and write.

The workers of all streams are a few, and bounded: when they are behind, the receive loop waits, the
kernel's buffer fills, and its drops are reported as this machine's own, not as the network's loss.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from mcastdist.node import Stream
from mcastdist.repair import Fountain
from mcastdist.session import Assembly, NotEnough, Receiver, Spoilt

from . import logs
from .interfaces import Chosen
from .package import OpenPackage
from .preloading import Preloader
from .stream_sockets import Group, StreamReceiver
from .streaming import (
    IDLE_WAIT_S,
    JOIN_S_MAX,
    StreamReports,
    node_of,
    start_thread,
    supplier_of,
)

ASSEMBLIES_MAX = 12  # complete blocks that wait for a worker: 12 MiB, and then the loop waits
MILLION = 1_000_000

log = logs.get("stream")


class ReceivingStream:
    """The threads of one stream that we receive."""

    def __init__(
        self,
        stream: Stream,
        package: OpenPackage,
        *,
        interfaces: Sequence[Chosen],
        group: Group,
        fast: bool,
        workers: ThreadPoolExecutor,
        reports: StreamReports,
    ) -> None:
        """UsageError if a socket cannot be opened."""
        assert stream.receiver is not None
        self.stream = stream
        self._receiver: Receiver = stream.receiver
        self._package = package
        self._reports = reports
        self._workers = workers
        self._slots = threading.BoundedSemaphore(ASSEMBLIES_MAX)
        self._parity = Fountain()
        self._over = threading.Event()
        self._preloader = Preloader(stream, package)
        self._datagrams = 0
        self._told = (0, 0)  # datagrams and drops at the last `drops_per_million`
        self.sockets = StreamReceiver(interfaces, group, fast=fast)
        self._thread = start_thread("stream-recv", self._receive_all, stream, reports)

    @property
    def kernel_drops(self) -> int:
        """Datagrams the kernel had and dropped because we were behind."""
        return self.sockets.kernel_drops

    def drops_per_million(self) -> int:
        """The share of what came since the last call that the kernel dropped."""
        came, dropped = self._datagrams, self.kernel_drops
        came_before, dropped_before = self._told
        self._told = came, dropped
        fresh = dropped - dropped_before
        return fresh * MILLION // max(1, came - came_before + fresh)

    def rejoin(self) -> None:
        """Ask the switch for the group once more."""
        self.sockets.rejoin()

    def close(self) -> None:
        """Leave the group and wait for the loop to have stopped."""
        self._over.set()
        self.sockets.close()
        self._thread.join(JOIN_S_MAX)
        if self._thread.is_alive():
            log.warning("a thread of a stream does not stop", thread=self._thread.name)

    # Within: the receive loop

    def _receive_all(self) -> None:
        """A run of datagrams at a time; complete blocks to the workers."""
        while not self._over.is_set():
            run = self.sockets.receive(IDLE_WAIT_S, self._idle)
            with self.stream.lock:
                if run is not None:
                    self._datagrams += -(-len(run.view) // max(1, run.stride))
                    came_at = time.monotonic() - run.age_s
                    self._receiver.receive_burst(run.view, run.stride, came_at)
                complete = self._receiver.drain()
                position = self._receiver.position
            if self._preloader.begin(position):
                self._work(self._preloader.load)
            for assembly in complete:
                if not self._hand_over(assembly):
                    return

    def _idle(self) -> None:
        with self.stream.lock:
            self._receiver.progress.idle(time.monotonic())

    def _hand_over(self, assembly: Assembly) -> bool:
        """Wait for a free worker; False if the stream is over before there is one."""
        while not self._slots.acquire(timeout=IDLE_WAIT_S):
            if self._over.is_set():
                return False
        return self._work(self._open_and_keep, assembly)

    def _work(self, do: Callable[..., None], *arguments: object) -> bool:
        try:
            self._workers.submit(self._guarded, do, *arguments)
        except RuntimeError:
            return False  # the workers have gone home: the agent closes
        return True

    # Within: in a worker

    def _guarded(self, do: Callable[..., None], *arguments: object) -> None:
        try:
            do(*arguments)
        except Exception as error:
            if not self._over.is_set():
                self._reports.stream_trouble(self.stream, error)

    def _open_and_keep(self, assembly: Assembly) -> None:
        try:
            if not self._over.is_set():
                self._keep(assembly)
        finally:
            self._slots.release()

    def _keep(self, assembly: Assembly) -> None:
        """One block: decode, open, write, verify its chunks."""
        try:
            plain = assembly.open(self.stream.seal or self._package.seal, self._parity)
        except Spoilt as spoilt:
            with self.stream.lock:
                self._receiver.spoilt(assembly.block, spoilt.forged)
            return
        except NotEnough:
            return  # the receiver keeps what it has, and asks for more
        start, _ = self.stream.geometry.block_span(assembly.block)
        landed = self._package.write(
            start,
            plain,
            supplier_of(assembly.senders),
            is_passing=not self._package.is_read_soon,
        )
        share = {"multicast": assembly.source_bytes, "parity": assembly.parity_bytes}
        liar = node_of(landed.culprit)
        with self.stream.lock:
            self._receiver.opened(assembly.block)
            assembly.release()
            if liar is not None:
                self._receiver.refuse(liar, time.monotonic())
        self._reports.stream_block(self.stream, assembly.block, landed, share)
