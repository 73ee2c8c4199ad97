"""Captures made by hand: frames as the wire has them, files as tcpdump and dumpcap write them."""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from mcastdist.cli.capture import Frame
from mcastdist.ids import BootId, NodeId, SessionId, cluster_tag
from mcastdist.wire import (
    PARITY_FIRST,
    PORT,
    ClusterKey,
    Message,
    Sealer,
    Seek,
    make_headers,
)

KEY = ClusterKey(bytes(range(16)))
CLUSTER_ID = "acme"
CLUSTER = cluster_tag(CLUSTER_ID)
NODE = NodeId(0x1111_2222_3333_4444)
BOOT = BootId(7)
SESSION = SessionId(0xABCDEF01)
SENDER, RECEIVER, GROUP = "10.0.0.1", "10.0.0.2", "239.255.3.4"
BEGAN = 1_700_000_000.0
SYMBOL_BYTES = 100
UDP_HEADERS_BYTES = 42
STREAM_WIRE_BYTES = UDP_HEADERS_BYTES + 40 + SYMBOL_BYTES
PARITY = PARITY_FIRST + 9
SEEK = Seek(bytes(range(32)))


def udp(
    payload: bytes, source: str = SENDER, target: str = GROUP, port: int = PORT, sport: int = 5000
) -> bytes:
    """An Ethernet frame with a UDP datagram over IPv4 or IPv6."""
    return _ip(17, struct.pack("!HHHH", sport, port, 8 + len(payload), 0) + payload, source, target)


def tcp(
    payload: bytes,
    source: str = RECEIVER,
    target: str = SENDER,
    sport: int = 40_000,
    port: int = 80,
) -> bytes:
    """An Ethernet frame with a TCP segment."""
    header = struct.pack("!HHIIBBHHH", sport, port, 1, 1, 5 << 4, 0x18, 1000, 0, 0)
    return _ip(6, header + payload, source, target)


def _ip(protocol: int, data: bytes, source: str, target: str) -> bytes:
    one, other = ipaddress.ip_address(source), ipaddress.ip_address(target)
    ends = one.packed + other.packed
    if one.version == 6:
        header = struct.pack("!IHBB", 6 << 28, len(data), protocol, 1) + ends
        return bytes(12) + b"\x86\xdd" + header + data
    header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(data), 0, 0, 1, protocol, 0) + ends
    return bytes(12) + b"\x08\x00" + header + data


def stream(*symbols: int, block: int = 0, sequence: int = 0) -> list[bytes]:
    """Stream datagrams of one burst."""
    headers = make_headers(
        cluster=CLUSTER, sender=NODE, session=SESSION, block=block, symbols=symbols,
        sequence=sequence, sent_us=1, tags=np.zeros((len(symbols), 8), np.uint8),
    )  # fmt: skip
    return [header.tobytes() + bytes([0xA5]) * SYMBOL_BYTES for header in headers]


def control(message: Message = SEEK, key: ClusterKey = KEY) -> bytes:
    """A sealed control datagram."""
    return Sealer(key, CLUSTER, NODE, BOOT).seal(message)


def frame(data: bytes, number: int = 1, *, link: int = 1, wire_bytes: int | None = None) -> Frame:
    """As the reader gives it, a tenth of a second after the one before."""
    return Frame(number, BEGAN + (number - 1) / 10, link, wire_bytes or len(data), data)


def numbered(frames: Iterable[bytes]) -> list[Frame]:
    """One after another."""
    return [frame(data, number) for number, data in enumerate(frames, 1)]


def pcap(frames: Sequence[bytes], *, link: int = 1, snap_bytes: int = 1 << 18) -> bytes:
    """A pcap file, with microseconds, a tenth of a second between frames."""
    parts = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, snap_bytes, link)]
    for index, data in enumerate(frames):
        at, tenths = divmod(index, 10)
        taken = data[:snap_bytes]
        parts.append(struct.pack("<IIII", int(BEGAN) + at, tenths * 100_000, len(taken), len(data)))
        parts.append(taken)
    return b"".join(parts)


def pcapng(frames: Sequence[bytes], *, link: int = 1) -> bytes:
    """A pcapng file with one interface, and the statistics that dumpcap ends with."""
    parts = [_block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))]
    parts.append(_block(1, struct.pack("<HHI", link, 0, 0)))
    for index, data in enumerate(frames):
        ticks = int((BEGAN + index / 10) * 1_000_000)
        header = struct.pack("<IIIII", 0, ticks >> 32, ticks & 0xFFFF_FFFF, len(data), len(data))
        parts.append(_block(6, header + data))
    parts.append(_block(5, struct.pack("<III", 0, 0, 0)))
    return b"".join(parts)


def _block(kind: int, body: bytes) -> bytes:
    body += bytes(-len(body) % 4)
    length = struct.pack("<I", 12 + len(body))
    return struct.pack("<I", kind) + length + body + length


def everything() -> list[bytes]:
    """A little of each kind: 3 data, 1 again, 2 parity, 1 copy, 1 control, 4 of HTTP, refused."""
    burst = [*stream(0, 1, 2), *stream(PARITY, PARITY + 1, sequence=3), *stream(1, sequence=5)]
    return [
        udp(control()),
        *map(udp, burst),
        udp(burst[0]),
        tcp(b"GET /v1/content/00/blocks/1 HTTP/1.1\r\n\r\n", port=7000),
        tcp(bytes(500), SENDER, RECEIVER, sport=7000, port=40_000),
        tcp(b"GET /x HTTP/1.1\r\nUser-Agent: mcastdist\r\n\r\n", sport=40_001, target="9.9.9.9"),
        tcp(bytes(700), "9.9.9.9", RECEIVER, sport=80, port=40_001),
        udp(b"\x02S" + bytes(100)),
        udp(b"hello", port=53),
        bytes(12) + b"\x08\x06" + bytes(28),
    ]


def write(path: Path, data: bytes) -> Path:
    """`data` in a file."""
    path.write_bytes(data)
    return path
