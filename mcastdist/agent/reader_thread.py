"""How is a UDP socket read where the event loop cannot watch it? Windows' default loop cannot."""

from __future__ import annotations

import asyncio
import contextlib
import select
import socket
import threading
from collections.abc import Callable

from .socket_options import SockAddr

WAKE_S = 0.2  # how long the thread of a closed socket may linger
DATAGRAM_BYTES = 1 << 16  # no UDP datagram is longer


class ReaderThread(threading.Thread):
    """Reads one non-blocking socket and hands copies to the loop, until it is closed."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        sock: socket.socket,
        deliver: Callable[[memoryview, SockAddr], None],
    ) -> None:
        super().__init__(name="mcastdist-control", daemon=True)
        self._loop = loop
        self._sock = sock
        self._deliver = deliver
        self.start()

    def run(self) -> None:
        """Until the socket is closed, which select and recvfrom tell each in its own way."""
        while self._sock.fileno() >= 0:
            with contextlib.suppress(OSError, ValueError):
                if select.select([self._sock], [], [], WAKE_S)[0]:
                    data, source = self._sock.recvfrom(DATAGRAM_BYTES)
                    self._hand_over(memoryview(data), source)

    def _hand_over(self, data: memoryview, source: SockAddr) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._deliver, data, source)


def needs_thread(loop: asyncio.AbstractEventLoop) -> bool:
    """True if `loop` has no readers."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            loop.add_reader(probe, lambda: None)
        except NotImplementedError:  # which is how a loop says that it has none: Windows' proactor
            return True
        loop.remove_reader(probe)
        return False
