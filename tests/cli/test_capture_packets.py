"""Packets out of frames: both families, links, tags, cuts, and frames that hold none."""

from __future__ import annotations

import struct

import capture_kit as kit
import pytest

from mcastdist.cli.capture.packets import Packet, packet_in, shown_address

PAYLOAD = b"payload of twenty-two."
WHOLE = kit.udp(PAYLOAD)


def packet(data: bytes, **about: int) -> Packet:
    """The packet that must be in it."""
    found = packet_in(kit.frame(data, **about))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("source", "target", "headers"),
    [("10.0.0.1", "239.255.3.4", 42), ("fd00::1", "ff12::6d01", 62)],
)
def test_udp_of_both_families(source: str, target: str, headers: int) -> None:
    found = packet(kit.udp(PAYLOAD, source, target))

    assert (shown_address(found.source), shown_address(found.target)) == (source, target)
    assert (found.source_port, found.target_port) == (5000, 7447)
    assert (found.payload, found.payload_bytes) == (PAYLOAD, len(PAYLOAD))
    assert (found.header_bytes, found.wire_bytes) == (headers, headers + len(PAYLOAD))


def test_tcp_begins_behind_its_options() -> None:
    plain = kit.tcp(b"1234GET")
    with_options = plain[:46] + bytes([6 << 4]) + plain[47:]

    assert packet(plain).payload == b"1234GET"
    assert packet(with_options).payload == b"GET"


def test_what_fills_a_short_frame_is_no_payload() -> None:
    assert packet(kit.udp(b"ab") + bytes(16)).payload == b"ab"


def test_vlan_tags_are_passed_over() -> None:
    tagged = WHOLE[:12] + b"\x88\xa8\x00\x01\x81\x00\x00\x02" + WHOLE[12:]

    found = packet(tagged)
    assert (found.payload, found.wire_bytes) == (PAYLOAD, len(WHOLE) + 8)


@pytest.mark.parametrize(("link", "head"), [(101, 0), (0, 4), (113, 16), (276, 20), (228, 0)])
def test_other_links_count_as_ethernet(link: int, head: int) -> None:
    found = packet(bytes(head) + WHOLE[14:], link=link)

    assert (found.payload, found.wire_bytes, found.header_bytes) == (PAYLOAD, len(WHOLE), 42)


def test_a_frame_that_was_cut_keeps_the_length_of_its_payload() -> None:
    found = packet(WHOLE[:50], wire_bytes=len(WHOLE))

    assert (found.payload, found.payload_bytes) == (PAYLOAD[:8], len(PAYLOAD))


def test_ipv6_options_are_passed_over() -> None:
    whole = kit.udp(PAYLOAD, "fd00::1", "ff12::1")
    length = struct.pack("!H", len(whole) - 54 + 8)
    options = bytes([17, 0]) + bytes(6)
    hop_by_hop = whole[:18] + length + bytes([0]) + whole[21:54] + options + whole[54:]

    assert packet(hop_by_hop).payload == PAYLOAD


def test_a_run_too_long_for_its_length_field_has_its_payload() -> None:
    whole = kit.udp(PAYLOAD)
    without_lengths = whole[:16] + bytes(2) + whole[18:38] + bytes(2) + whole[40:]

    assert packet(without_lengths).payload == PAYLOAD


@pytest.mark.parametrize(
    "data",
    [
        b"",
        bytes(14),
        bytes(12) + b"\x08\x06" + bytes(28),
        WHOLE[:14] + b"\x55" + WHOLE[15:],
        WHOLE[:20] + b"\x20\x00" + WHOLE[22:],
        WHOLE[:20] + b"\x00\x07" + WHOLE[22:],
        WHOLE[:23] + b"\x01" + WHOLE[24:],
    ],
    ids=["nothing", "no type", "ARP", "version 5", "first fragment", "last fragment", "ICMP"],
)
def test_frames_without_a_packet_of_ours(data: bytes) -> None:
    assert packet_in(kit.frame(data, wire_bytes=60)) is None


@pytest.mark.parametrize(
    "whole", [WHOLE, kit.tcp(b"x"), kit.udp(PAYLOAD, "fd00::1", "ff12::1")], ids=["4", "tcp", "6"]
)
def test_a_frame_cut_anywhere_breaks_nothing(whole: bytes) -> None:
    for end in range(len(whole)):
        packet_in(kit.frame(whole[:end], wire_bytes=len(whole)))
