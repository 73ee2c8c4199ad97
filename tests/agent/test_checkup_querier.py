"""How a querier's question is known on the wire, and what was seen means."""

from __future__ import annotations

import socket
import struct

import pytest
from checkup_kit import codes

from mcastdist.agent.checkup.querier import Look, judge_queriers, query_source

V4 = socket.inet_aton("10.0.0.1")
V6 = socket.inet_pton(socket.AF_INET6, "fe80::1")


def igmp(kind: int, *, protocol: int = 2, options: bytes = b"\x94\x04\x00\x00") -> bytes:
    """An IPv4 packet with the router alert that IGMP has, and 8 bytes of IGMP."""
    first = 0x40 | (20 + len(options)) // 4
    header = struct.pack("!BBHHHBBH4s4s", first, 0, 0, 0, 0, 1, protocol, 0, V4, bytes(4))
    return header + options + bytes([kind]) + bytes(7)


def mld(kind: int, *, following: int = 0) -> bytes:
    """An IPv6 packet with a hop-by-hop header, and 24 bytes of MLD."""
    header = struct.pack("!IHBB16s16s", 0x6000_0000, 0, following, 1, V6, bytes(16))
    hop_by_hop = bytes([58, 0]) + bytes(6) if following == 0 else b""
    return header + hop_by_hop + bytes([kind]) + bytes(23)


@pytest.mark.parametrize(
    ("packet", "family", "source"),
    [
        (igmp(0x11), 4, "10.0.0.1"),
        (igmp(0x11, options=b""), 4, "10.0.0.1"),
        (igmp(0x22), 4, None),  # a report
        (igmp(0x11, protocol=17), 4, None),
        (mld(130), 6, "fe80::1"),
        (mld(130, following=58), 6, "fe80::1"),
        (mld(143), 6, None),
        (mld(130, following=17), 6, None),
        (b"", 4, None),
        (b"", 6, None),
        (igmp(0x11)[:22], 4, None),
        (mld(130)[:41], 6, None),
    ],
)
def test_only_a_query_tells_who_asks(packet: bytes, family: int, source: str | None) -> None:
    assert query_source(packet, family) == source


def test_every_cut_of_a_packet_is_survived() -> None:
    for whole, family in ((igmp(0x11), 4), (mld(130), 6)):
        for size in range(len(whole)):
            assert query_source(whole[:size], family) in (None, "10.0.0.1", "fe80::1")


def test_what_was_seen_is_told_for_each_interface() -> None:
    found = judge_queriers(
        [
            Look("eth0", 4, frozenset({"10.0.0.1"})),
            Look("eth1", 6),
            Look("eth2", 4, refused="Operation not permitted"),
        ]
    )

    assert codes(found) == ["querier_heard", "no_querier_heard", "querier_not_looked_for"]
    assert "an IGMP querier was heard: 10.0.0.1" in found[0].sentence
    assert "MLD" in found[1].sentence
    assert "Operation not permitted" in found[2].sentence
    assert "CAP_NET_RAW" in found[2].advice
