"""What does the system say of a TCP connection, and how is its window bounded? Linux only.

`TCP_INFO` has the round trip as a receiver sees it, from the time stamps in what comes;
`TCP_WINDOW_CLAMP` is the most we advertise. Neither macOS nor Windows has the like.
"""

from __future__ import annotations

import contextlib
import socket
import sys
from struct import Struct
from typing import Protocol

from .yielding import Look

CAN_BOUND = sys.platform == "linux" and hasattr(socket, "TCP_WINDOW_CLAMP")
INFO_BYTES = 240
UNBOUND_BYTES = 1 << 30  # as much as TCP can say: the system's own tuning decides again
# linux/tcp.h, struct tcp_info: tcpi_rcv_rtt and tcpi_min_rtt in microseconds, and between them
# tcpi_bytes_received.
RECEIVER_ROUND_TRIP = Struct("=92xI")
RECEIVED = Struct("=128xQ")
LEAST_ROUND_TRIP = Struct("=148xI")
OUT_OF_ORDER = Struct("=224xI")  # tcpi_rcv_ooopack, since Linux 5.4


class Socket(Protocol):
    """As much of a socket as asyncio shows."""

    def getsockopt(self, level: int, option: int, buffer_bytes: int, /) -> bytes: ...
    def setsockopt(self, level: int, option: int, value: int, /) -> None: ...


def look_at(sock: Socket) -> Look | None:
    """How the connection is; None if the system does not say."""
    with contextlib.suppress(OSError):
        info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, INFO_BYTES)
        if len(info) >= LEAST_ROUND_TRIP.size:
            (round_trip_us,) = RECEIVER_ROUND_TRIP.unpack_from(info)
            (received_bytes,) = RECEIVED.unpack_from(info)
            (least_us,) = LEAST_ROUND_TRIP.unpack_from(info)
            gaps = OUT_OF_ORDER.unpack_from(info)[0] if len(info) >= OUT_OF_ORDER.size else 0
            return Look(round_trip_us / 1e6, least_us / 1e6, received_bytes, gaps)
    return None


def bound(sock: Socket, window_bytes: int | None) -> None:
    """Advertise no more than this from now on; None leaves it to the system again."""
    clamp = UNBOUND_BYTES if window_bytes is None else window_bytes
    with contextlib.suppress(OSError):  # it may have been closed meanwhile
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_WINDOW_CLAMP, clamp)
