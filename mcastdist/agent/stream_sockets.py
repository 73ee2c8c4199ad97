"""How do bursts of a stream leave and arrive? Sockets for the two threads of a stream.

On Linux one `sendmsg` carries up to 64 datagrams (UDP_SEGMENT), gathered from header and payload
views without a copy, and one `recvmsg_into` brings a run of them (UDP_GRO): the number of calls,
not of bytes, is what a stream costs. Elsewhere, and where the kernel or a device refuses, the same
methods send and receive datagram by datagram. `stream_outlet` and `stream_inlet` are the two ends
of one interface; here they are put together for all interfaces.
"""

from __future__ import annotations

import collections
import selectors
import socket
import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from .gathering import Gathering
from .interfaces import Chosen
from .socket_options import Address, Group, enlarge_buffer, rejoin
from .stream_inlet import RUN_BYTES_MAX, Inlet, Run
from .stream_outlet import Outlet

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

__all__ = ["BUFFER_BYTES", "Address", "Group", "Run", "StreamReceiver", "StreamSender"]

BUFFER_BYTES = 8 << 20  # a receiver that is held up for 60 ms at 1 Gbit/s loses nothing


class StreamSender:
    """Sends bursts to a data group, on every interface. For one thread."""

    def __init__(self, interfaces: Sequence[Chosen], group: Group, *, ttl: int, fast: bool) -> None:
        """`fast` permits segmented sends. UsageError if a socket cannot be opened."""
        self.counters: collections.Counter[str] = collections.Counter()
        self._outlets: list[Outlet] = []
        try:
            for interface in interfaces:
                outlet = Outlet(interface, group, ttl, fast, self.counters)
                self._outlets.append(outlet)
        except BaseException:
            self.close()
            raise

    @property
    def fast(self) -> bool:
        """True while every interface takes segmented sends, as far as is known."""
        return all(outlet.segmented for outlet in self._outlets)

    def send(self, buffers: Sequence[ReadableBuffer], datagram_bytes: int) -> int:
        """Send datagrams of `datagram_bytes` each (the last may be shorter), on every interface.

        `buffers` alternate header and payload, two for each datagram. Returns how many datagrams
        left on the interface that took the fewest.
        """
        assert len(buffers) % 2 == 0, "every header has its payload"
        return min((outlet.send(buffers, datagram_bytes) for outlet in self._outlets), default=0)

    def close(self) -> None:
        """Close all sockets."""
        for outlet in self._outlets:
            outlet.sock.close()


def _ignore() -> None:
    """Whoever receives need not know that nothing is there."""


class StreamReceiver:
    """Receives a data group on all interfaces. `receive` is for one thread, `close` for any."""

    def __init__(
        self,
        interfaces: Sequence[Chosen],
        group: Group,
        *,
        fast: bool,
        buffer_bytes: int = BUFFER_BYTES,
    ) -> None:
        """`fast` permits coalesced receives. UsageError if a socket cannot be opened."""
        self.fast = fast
        self.buffer_asked = buffer_bytes
        self.buffer_got = 0  # the least of all interfaces
        self._group = group
        self._buffer = memoryview(bytearray(RUN_BYTES_MAX))
        self._gathering = Gathering(0)
        self._closed = False
        self._turn = 0
        self._receiving = threading.Lock()  # so that no socket is closed under a receive
        self._waker, self._woken = socket.socketpair()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._inlets: list[Inlet] = []
        try:
            for interface in interfaces:
                self._open(interface)
        except BaseException:
            self.close()
            raise

    @property
    def kernel_drops(self) -> int:
        """Datagrams the kernel had for us and dropped, since we were too slow (Linux)."""
        return sum(inlet.drops for inlet in self._inlets)

    def receive(self, timeout_s: float, when_empty: Callable[[], None] = _ignore) -> Run | None:
        """The next run, or None after `timeout_s` seconds or when closed.

        `when_empty` is called before it waits: all that came has been given out.
        """
        with self._receiving:
            run = self._read()
            if run is not None or self._closed:
                return run
            when_empty()
            if not self._selector.select(timeout_s):
                return None
            time.sleep(self._gathering.wait_s)
            run = self._read()
            self._gathering.brought(len(run.view) if run is not None else 0)
            return run

    def rejoin(self) -> None:
        """Join the group again on every interface: a switch may have forgotten us."""
        for inlet in self._inlets:
            rejoin(inlet.sock, inlet.interface, self._group)

    def close(self) -> None:
        """End a `receive` under way, then leave the group and close all sockets."""
        if self._closed:
            return
        self._closed = True
        self._waker.send(b"\0")
        with self._receiving:
            self._selector.close()
            for inlet in self._inlets:
                inlet.sock.close()
            self._waker.close()
            self._woken.close()

    def _open(self, interface: Chosen) -> None:
        inlet = Inlet(interface, self._group, self.fast)
        self._inlets.append(inlet)
        got = enlarge_buffer(inlet.sock, self.buffer_asked)
        self.buffer_got = min(self.buffer_got or got, got)
        self._gathering = Gathering(self.buffer_got)
        self.fast = self.fast and inlet.coalescing
        self._selector.register(inlet.sock, selectors.EVENT_READ)

    def _read(self) -> Run | None:
        """What is there already; the interfaces take turns, so that none starves another."""
        if self._closed:
            return None
        for _ in self._inlets:
            self._turn = (self._turn + 1) % len(self._inlets)
            run = self._inlets[self._turn].read(self._buffer)
            if run is not None:
                return run
        return None
