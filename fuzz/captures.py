"""Can a captured frame break who counts it? An entry for `mcastdist pcap`: any bytes on any link.

What is refused is counted, so nothing at all may escape; every frame has a kind in the end, and
what is listed must not move the cursor.
"""

from __future__ import annotations

import struct

import numpy as np

from mcastdist.cli.capture import Account, Frame, Looker, Tally
from mcastdist.cli.capture.listing import line, record
from mcastdist.cli.capture.packets import ETHERNET
from mcastdist.ids import BootId, NodeId, SessionId, cluster_tag
from mcastdist.wire import PARITY_FIRST, PORT, ClusterKey, Sealer, Seek, make_headers
from mcastdist.wire.dissect import Unsealer

KEY = ClusterKey(bytes(range(16)))
CLUSTER = cluster_tag("fuzz")
UNSEALER = Unsealer([KEY])
RAW_IP, LINUX_SLL = 101, 113
IPV4_ENDS = bytes([10, 0, 0, 1, 239, 255, 0, 1])
REQUEST = b"GET /v1/content/00/blocks/1 HTTP/1.1\r\nUser-Agent: mcastdist\r\n\r\n"


def fuzz_one(data: bytes) -> None:
    """Count `data` as a frame, twice in one capture, on each kind of link; and as a datagram."""
    for link in (ETHERNET, RAW_IP, LINUX_SLL):
        account = _counted([Frame(1, 0.0, link, len(data) + 7, data),
                            Frame(2, 0.1, link, len(data), data)])  # fmt: skip
        assert account.frames == 2
        assert sum(count.datagrams for count in account.kinds.values()) >= 2
    if len(data) < 1 << 15:
        _counted([Frame(1, 0.0, ETHERNET, 0, _udp(data))])


def seeds() -> list[bytes]:
    """Frames that are true, for a fuzzer to spoil."""
    control = Sealer(KEY, CLUSTER, NodeId(2), BootId(3)).seal(Seek(bytes(32)))
    headers = make_headers(
        cluster=CLUSTER, sender=NodeId(2), session=SessionId(4), block=1,
        symbols=[0, 1, PARITY_FIRST], sequence=0, sent_us=0, tags=np.zeros((3, 8), np.uint8),
    )  # fmt: skip
    run = b"".join(header.tobytes() + bytes([0xA5]) * 64 for header in headers)
    tcp = struct.pack("!HHIIBBHHH", 40_000, PORT, 1, 1, 5 << 4, 0x18, 1000, 0, 0) + REQUEST
    frames = [_udp(control), _udp(run), _udp(run[:104]), _ipv4(6, tcp)]
    return [*frames, control, run, *(frame[14:] for frame in frames)]


def _counted(frames: list[Frame]) -> Account:
    looker, tally = Looker(PORT, None, UNSEALER), Tally(PORT)
    for frame in frames:
        for sighting in looker.look(frame):
            kind = tally.add(sighting)
            if kind is not None and (sighting.datagram is not None or sighting.cause):
                assert line(sighting, kind).isprintable()
                record(sighting, kind)
    return tally.account()


def _udp(payload: bytes) -> bytes:
    return _ipv4(17, struct.pack("!HHHH", 5000, PORT, 8 + len(payload), 0) + payload)


def _ipv4(protocol: int, data: bytes) -> bytes:
    header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(data), 0, 0, 1, protocol, 0) + IPV4_ENDS
    return bytes(12) + b"\x08\x00" + header + data
