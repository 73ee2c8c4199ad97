"""How does a run of datagrams arrive at one interface? Coalesced by the kernel where it can.

What a run costs is mostly the same however long it is, so a read goes on as long as datagrams of
the same length are waiting: where the kernel does not coalesce, this is what makes runs of them.
"""

from __future__ import annotations

import socket
import struct
import sys
import time
from dataclasses import dataclass

from .interfaces import Chosen
from .socket_options import Address, Group, SockAddr, address_of, open_receiver

LINUX = sys.platform == "linux"
SOL_UDP = 17  # these options are Linux's, from linux/udp.h and asm-generic/socket.h
UDP_GRO = 104
SO_RXQ_OVFL = 40
SO_TIMESTAMPNS = 35
AGE_S_MAX = 1.0  # older than any socket's buffer is deep: somebody has set the clock
CALL_BYTES_MAX = 1 << 16  # what one coalesced receive holds, and the longest single datagram
RUN_BYTES_MAX = 8 * CALL_BYTES_MAX  # 4 ms at 1 Gbit/s: long enough to be cheap
# Room for the three notes the kernel adds: the length of the datagrams, how many it dropped, and
# when it got them (two longs).
TIMESTAMP = struct.Struct("@ll")
ANCILLARY_BYTES = 2 * socket.CMSG_SPACE(4) + socket.CMSG_SPACE(TIMESTAMP.size) if LINUX else 0


@dataclass(frozen=True, slots=True)
class Run:
    """Datagrams that arrived together: each `stride` bytes, the last perhaps shorter.

    `view` is the receiver's own buffer: it is good until the next `receive`. `age_s`: how long the
    kernel has had the last of them. It is our own delay, and must not look like the network's.
    """

    view: memoryview
    stride: int
    address: Address
    age_s: float = 0.0


class Inlet:
    """One interface's socket."""

    def __init__(self, interface: Chosen, group: Group, fast: bool) -> None:
        self.interface = interface
        self.sock = open_receiver(interface, group)
        self.coalescing = LINUX and fast and self._try(SOL_UDP, UDP_GRO)
        self.drops = 0
        self._counts_drops = LINUX and self._try(socket.SOL_SOCKET, SO_RXQ_OVFL)
        self._tells_time = LINUX and self._try(socket.SOL_SOCKET, SO_TIMESTAMPNS)
        self._came_at: float | None = None  # the last datagram, by the clock of the kernel's notes
        self._last: tuple[SockAddr, Address] | None = None
        self._kept: tuple[bytes, int, Address] | None = None  # the start of the next run

    def read(self, buffer: memoryview) -> Run | None:
        """A run, or None if nothing is there; `buffer` holds RUN_BYTES_MAX."""
        first = self._first(buffer)
        if first is None:
            return None
        filled, stride, address = first
        if not stride:
            return Run(buffer[:0], 0, address)  # an empty datagram
        while filled % stride == 0 and filled + CALL_BYTES_MAX <= len(buffer):
            more = self._call(buffer[filled:])
            if more is None:
                break
            is_short_last = more[0] == more[1] < stride
            if more[1] != stride and not is_short_last:
                self._kept = bytes(buffer[filled : filled + more[0]]), more[1], more[2]
                break
            filled += more[0]
        return Run(buffer[:filled], stride, address, self._age_s())

    def _first(self, buffer: memoryview) -> tuple[int, int, Address] | None:
        """What was kept from the last read because it did not fit its run, or something new."""
        if self._kept is None:
            return self._call(buffer)
        data, stride, address = self._kept
        self._kept = None
        buffer[: len(data)] = data
        return len(data), stride, address

    def _call(self, buffer: memoryview) -> tuple[int, int, Address] | None:
        """One receive call: bytes, length of each datagram, sender."""
        try:
            size, ancillary, _flags, source = self._receive(buffer[:CALL_BYTES_MAX])
        except OSError:
            return None  # nothing there; or a refusal, which means nothing to a receiver
        stride = size
        for level, kind, data in ancillary:
            if level == SOL_UDP and kind == UDP_GRO:
                (stride,) = struct.unpack("=i", data)
            elif level == socket.SOL_SOCKET and kind == SO_RXQ_OVFL:
                (self.drops,) = struct.unpack("=I", data)
            elif level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS:
                seconds, nanoseconds = TIMESTAMP.unpack(data)
                self._came_at = seconds + nanoseconds / 1e9
        return size, stride, self._address(source)

    def _age_s(self) -> float:
        if self._came_at is None:
            return 0.0
        age_s = time.time() - self._came_at
        return age_s if 0.0 <= age_s <= AGE_S_MAX else 0.0

    def _receive(
        self, buffer: memoryview
    ) -> tuple[int, list[tuple[int, int, bytes]], int, SockAddr]:
        if not (self.coalescing or self._counts_drops or self._tells_time):
            size, source = self.sock.recvfrom_into(buffer)
            return size, [], 0, source
        return self.sock.recvmsg_into((buffer,), ANCILLARY_BYTES)

    def _address(self, source: SockAddr) -> Address:
        """Nearly always the same sender's, so the last one is kept."""
        if self._last is None or self._last[0] != source:
            self._last = source, address_of(self.interface, source)
        return self._last[1]

    def _try(self, level: int, option: int) -> bool:
        try:
            self.sock.setsockopt(level, option, 1)
        except OSError:
            return False
        return True
