"""What lies in a captured frame? Addresses, ports and payload of UDP and TCP, read by hand.

A capture of a busy minute has a million frames, so nothing is built that is not counted. What is
not IP, is a fragment, or is cut off before its payload has no packet.
"""

from __future__ import annotations

import ipaddress
import struct
from typing import NamedTuple

TCP, UDP = 6, 17
ETHERNET_BYTES = 14
VLAN_TAGS = frozenset({b"\x81\x00", b"\x88\xa8"})
ETHER_TYPES = frozenset({b"\x08\x00", b"\x86\xdd"})  # IPv4, IPv6
IPV6_OPTIONS = frozenset({0, 43, 60})  # hop by hop, routing, destination: they tell the next one

ETHERNET = 1
# What stands before IP, in bytes, by the number of the link's type (tcpdump.org/linktypes.html).
LINK_BYTES = {ETHERNET: ETHERNET_BYTES, 0: 4, 12: 0, 14: 0, 101: 0, 108: 4, 113: 16, 228: 0,
              229: 0, 276: 20}  # fmt: skip

_PORTS_LENGTH = struct.Struct("!HHH")


class Frame(NamedTuple):
    """One frame of a capture."""

    number: int  # from 1, as other programs count too
    at: float  # seconds since 1970
    link: int
    wire_bytes: int  # before it was cut short for the capture
    data: bytes


class Packet(NamedTuple):
    """UDP or TCP as it was captured."""

    protocol: int
    source: bytes
    target: bytes
    source_port: int
    target_port: int
    payload: bytes  # perhaps less than there was
    payload_bytes: int  # as much as there was
    header_bytes: int  # on the wire, in front of the payload
    wire_bytes: int  # of the frame, with an Ethernet header if it came without


def packet_in(frame: Frame) -> Packet | None:
    """The packet in a frame, if there is one."""
    start = _ip_start(frame)
    if start is None or len(frame.data) <= start:
        return None
    data, version = frame.data, frame.data[start] >> 4
    found = _ipv4(data, start) if version == 4 else _ipv6(data, start) if version == 6 else None
    if found is None:
        return None
    protocol, source, target, at, stop = found
    stop = stop if stop > at else frame.wire_bytes  # a joined run may have no length (jumbograms)
    extra = 0 if frame.link == ETHERNET else ETHERNET_BYTES - LINK_BYTES[frame.link]
    if protocol == UDP and len(data) >= at + 8:
        header = at + 8
    elif protocol == TCP and len(data) >= at + 20:
        header = at + (data[at + 12] >> 4) * 4
    else:
        return None
    source_port, target_port, length = _PORTS_LENGTH.unpack_from(data, at)
    if protocol == UDP and length >= 8:
        stop = min(stop, at + length)
    return Packet(
        protocol, source, target, source_port, target_port, data[header:stop],
        max(stop - header, 0), header + extra, frame.wire_bytes + extra,
    )  # fmt: skip


def shown_address(address: bytes) -> str:
    """4 or 16 bytes as people write them."""
    return str(ipaddress.ip_address(address))


def _ip_start(frame: Frame) -> int | None:
    start = LINK_BYTES[frame.link]
    if frame.link != ETHERNET:
        return start
    data = frame.data
    while data[start - 2 : start] in VLAN_TAGS:
        start += 4
    return start if data[start - 2 : start] in ETHER_TYPES else None


def _ipv4(data: bytes, start: int) -> tuple[int, bytes, bytes, int, int] | None:
    """(protocol, source, target, where its header begins, where the packet ends)."""
    if len(data) < start + 20:
        return None
    flags = int.from_bytes(data[start + 6 : start + 8], "big")
    if flags & 0x3FFF:  # a fragment: the first has no whole datagram, the others no ports
        return None
    length = int.from_bytes(data[start + 2 : start + 4], "big")
    at = start + (data[start] & 0xF) * 4
    source, target = data[start + 12 : start + 16], data[start + 16 : start + 20]
    return data[start + 9], source, target, at, start + length


def _ipv6(data: bytes, start: int) -> tuple[int, bytes, bytes, int, int] | None:
    if len(data) < start + 40:
        return None
    length = int.from_bytes(data[start + 4 : start + 6], "big")
    source, target = data[start + 8 : start + 24], data[start + 24 : start + 40]
    following, at = data[start + 6], start + 40
    while following in IPV6_OPTIONS and len(data) >= at + 2:
        following, at = data[at], at + (data[at + 1] + 1) * 8
    return following, source, target, at, start + 40 + length if length else 0
