"""A client that asks and then does not read: what a peer is that is frozen, or has vanished."""

from __future__ import annotations

import asyncio
import socket
import struct
from asyncio.trsock import TransportSocket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

BUFFER_BYTES = 4096  # on loopback the system would take megabytes of what nobody reads
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: a close is a reset


def hold_little(listening: socket.socket | TransportSocket) -> None:
    """Connections that are accepted from now on inherit that."""
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER_BYTES)


@asynccontextmanager
async def unread(port: int, path: str, authorization: str = "") -> AsyncIterator[None]:
    """Ask for `path`; at the end, hang up in the middle of the answer."""
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        sock.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(sock, ("127.0.0.1", port))
        lines = [f"GET {path} HTTP/1.1", "Host: h", f"Authorization: {authorization}", "", ""]
        await loop.sock_sendall(sock, "\r\n".join(lines).encode())
        yield
