"""How does a burst leave by one interface? In one call if the kernel can cut it, else one by one.

Sending never waits for long: a stream is repaired, not delayed, when a queue stays full.
"""

from __future__ import annotations

import collections
import contextlib
import errno
import selectors
import socket
import struct
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from .interfaces import Chosen
from .socket_options import Group, open_sender, sockaddr

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

SOL_UDP = 17  # this and the option are Linux's, from linux/udp.h
UDP_SEGMENT = 103
SEGMENTS_MAX = 64  # UDP_MAX_SEGMENTS of older kernels; newer ones take 128
SEND_BYTES_MAX = 65_000  # what one UDP message holds, less headers

FULL_WAIT_S = 0.02  # our own send queue is full: 2.5 MB leave in this time at 1 Gbit/s
NO_BUFFERS_WAIT_S = 0.001  # a device's queue is full: nothing tells when it is not, so look again
TRIES = 5

# The kernel has no such option (EINVAL, ENOPROTOOPT, EOPNOTSUPP), the device cannot (EIO), or the
# datagram is longer than the MTU (EINVAL), in which case only plain sends can be fragmented.
CANNOT_SEGMENT = frozenset({errno.EINVAL, errno.EIO, errno.EOPNOTSUPP, errno.ENOPROTOOPT})


class Outlet:
    """One interface's socket, and whether it can segment."""

    def __init__(
        self,
        interface: Chosen,
        group: Group,
        ttl: int,
        segmented: bool,
        counters: collections.Counter[str],
    ) -> None:
        self.sock = open_sender(interface, 0, ttl)
        self._kernel_waits = _let_kernel_wait(self.sock)
        self.segmented = segmented and sys.platform == "linux"
        self._to = sockaddr(interface, (group.host(interface), group.port))
        self._segment_bytes = 0
        self._counters = counters

    def send(self, buffers: Sequence[ReadableBuffer], datagram_bytes: int) -> int:
        """How many datagrams the kernel took."""
        sent = 0
        step = 2 * max(1, min(SEGMENTS_MAX, SEND_BYTES_MAX // datagram_bytes))
        for start in range(0, len(buffers), step):
            burst = buffers[start : start + step]
            if self._prepared(datagram_bytes) and self._send_segmented(burst):
                sent += len(burst) // 2
            elif not self.segmented:
                sent += self._send_singly(burst)
        return sent

    def _prepared(self, datagram_bytes: int) -> bool:
        """True if the kernel cuts what we send into datagrams of this length."""
        if self.segmented and self._segment_bytes != datagram_bytes:
            try:
                self.sock.setsockopt(SOL_UDP, UDP_SEGMENT, datagram_bytes)
                self._segment_bytes = datagram_bytes
            except OSError:
                self._give_up_segmenting()
        return self.segmented

    def _send_segmented(self, burst: Sequence[ReadableBuffer]) -> bool:
        """False if it did not leave; `segmented` tells whether to try it singly."""
        try:
            return self._patiently(burst)
        except OSError as error:
            if error.errno in CANNOT_SEGMENT:
                self._give_up_segmenting()
            else:
                self._counters["send_error"] += len(burst) // 2
            return False

    def _send_singly(self, burst: Sequence[ReadableBuffer]) -> int:
        sent = 0
        for start in range(0, len(burst), 2):
            try:
                sent += self._patiently(burst[start : start + 2])
            except OSError:
                self._counters["send_error"] += 1
        return sent

    def _patiently(self, burst: Sequence[ReadableBuffer]) -> bool:
        """Send, waiting a little for a full queue; False if it stayed full. Other errors rise."""
        for _ in range(TRIES):
            try:
                self.sock.sendmsg(burst, (), 0, self._to)
                return True
            except BlockingIOError:
                if not self._kernel_waits:
                    self._wait_for_room()
            except OSError as error:
                if error.errno != errno.ENOBUFS:
                    raise
                time.sleep(NO_BUFFERS_WAIT_S)
        self._counters["full"] += len(burst) // 2
        return False

    def _wait_for_room(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self.sock, selectors.EVENT_WRITE)
            selector.select(FULL_WAIT_S)

    def _give_up_segmenting(self) -> None:
        self.segmented = False
        self._counters["segmenting_refused"] += 1
        with contextlib.suppress(OSError):
            self.sock.setsockopt(SOL_UDP, UDP_SEGMENT, 0)


def _let_kernel_wait(sock: socket.socket) -> bool:
    """True if a send waits for room in the kernel, for FULL_WAIT_S, and then fails with EAGAIN.

    What waits there is queued the moment there is room. Who waits in `select` is only told so, and
    at 1 Gbit/s half a buffer is gone before a thread that others keep from the interpreter sends.
    """
    if not sys.platform.startswith("linux"):
        return False
    sock.setblocking(True)
    whole, part = divmod(round(FULL_WAIT_S * 1e6), 1_000_000)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", whole, part))
    return True
