"""Is an IGMP or MLD querier on this subnet? Looked for on the wire, where the system lets us.

A switch that snoops forgets who is in a group unless a querier asks, every two minutes. We need not
wait so long: who leaves a group is followed by the querier's question whether anybody else is still
in it. So we join a group of our own, leave it, and listen for a moment. That takes a packet socket
(CAP_NET_RAW, on Linux); without one we say what could not be looked at.
"""

from __future__ import annotations

import random
import select
import socket
import struct
import time
from collections.abc import Sequence
from typing import NamedTuple

from mcastdist.agent.api import Finding
from mcastdist.agent.interfaces import Chosen
from mcastdist.agent.socket_options import Group, join, leave

from .findings import finding
from .names import listed

JOINED_S = 0.3  # a switch must have seen us join before it can miss us
LISTEN_S = 2.5  # queriers repeat their question after a second (RFC 3376, 8.8)
ALL_PACKETS_OF = {4: 0x0800, 6: 0x86DD}  # linux/if_ether.h
SOL_PACKET, PACKET_ADD_MEMBERSHIP, PACKET_MR_ALLMULTI = 263, 1, 2  # linux/if_packet.h
PACKET_OUTGOING = 4
IGMP, IGMP_QUERY = 2, 0x11
HOP_BY_HOP, ICMPV6, MLD_QUERY = 0, 58, 130
TRIAL_V4, TRIAL_V6 = "239.255.{}.{}", "ff12::6d:{:x}{:02x}"


class Look(NamedTuple):
    """What was seen on one interface; `refused`: why nothing could be looked at."""

    interface: str
    family: int
    queriers: frozenset[str] = frozenset()
    refused: str = ""


def look_for_queriers(interfaces: Sequence[Chosen]) -> list[Look]:
    """Look on each interface, for LISTEN_S in all. Blocks."""
    sockets: list[tuple[Chosen, socket.socket]] = []
    looks = []
    for one in interfaces:
        try:
            sockets.append((one, _tap(one)))
        except (OSError, AttributeError) as error:  # no right to, or a system without such sockets
            looks.append(
                Look(one.name, one.family, refused=getattr(error, "strerror", "") or "n/a")
            )
    try:
        for one, _ in sockets:
            _visit_a_group(one)
        heard = _listen(sockets, LISTEN_S)
    finally:
        for _, sock in sockets:
            sock.close()
    return looks + [Look(one.name, one.family, frozenset(heard[sock])) for one, sock in sockets]


def judge_queriers(looks: Sequence[Look]) -> list[Finding]:
    """What was seen, and what could not be looked at."""
    return [_judge(one) for one in looks]


def query_source(packet: bytes, family: int) -> str | None:
    """Who asked, if this IP packet is a querier's question."""
    try:
        return _igmp_source(packet) if family == 4 else _mld_source(packet)
    except (struct.error, IndexError, ValueError):
        return None  # cut short, or not what it says it is


def _igmp_source(packet: bytes) -> str | None:
    header_bytes = (packet[0] & 0x0F) * 4
    if packet[9] != IGMP or packet[header_bytes] != IGMP_QUERY:
        return None
    return socket.inet_ntop(socket.AF_INET, packet[12:16])


def _mld_source(packet: bytes) -> str | None:
    following, at = packet[6], 40
    if following == HOP_BY_HOP:
        following, at = packet[40], 40 + (packet[41] + 1) * 8
    if following != ICMPV6 or packet[at] != MLD_QUERY:
        return None
    return socket.inet_ntop(socket.AF_INET6, packet[8:24])


def _tap(one: Chosen) -> socket.socket:
    """Everything of the interface's family, with groups that nobody here is in."""
    kind = ALL_PACKETS_OF[one.family]
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(kind))
    try:
        sock.bind((one.name, kind))
        request = struct.pack("=iHH8s", one.index, PACKET_MR_ALLMULTI, 0, b"")
        sock.setsockopt(SOL_PACKET, PACKET_ADD_MEMBERSHIP, request)
        sock.setblocking(False)
    except OSError:
        sock.close()
        raise
    return sock


def _visit_a_group(one: Chosen) -> None:
    """Join a group that nobody uses, and leave it."""
    rng = random.Random()
    third, fourth = rng.randrange(1, 254), rng.randrange(1, 254)
    group = Group(TRIAL_V4.format(third, fourth), TRIAL_V6.format(third, fourth), 0)
    family = socket.AF_INET if one.family == 4 else socket.AF_INET6
    with socket.socket(family, socket.SOCK_DGRAM) as member:
        try:
            join(member, one, group)
        except OSError:
            return  # then we only hear a querier that speaks by itself
        time.sleep(JOINED_S)
        leave(member, one, group)


def _listen(
    sockets: Sequence[tuple[Chosen, socket.socket]], seconds: float
) -> dict[socket.socket, set[str]]:
    heard: dict[socket.socket, set[str]] = {sock: set() for _, sock in sockets}
    families = {sock: one.family for one, sock in sockets}
    until = time.monotonic() + seconds
    while sockets and (left_s := until - time.monotonic()) > 0 and not all(heard.values()):
        for sock in select.select(list(heard), [], [], left_s)[0]:
            packet, address = sock.recvfrom(2_048)
            source = query_source(packet, families[sock])
            if source is not None and address[2] != PACKET_OUTGOING:
                heard[sock].add(source)
    return heard


def _judge(look: Look) -> Finding:
    what = "IGMP" if look.family == 4 else "MLD"
    if look.refused:
        return finding(
            "querier_not_looked_for",
            f"{look.interface}: whether there is an {what} querier could not be looked at "
            f"({look.refused})",
            "run `mcastdist doctor` as root or with CAP_NET_RAW, on Linux",
        )
    if look.queriers:
        return finding(
            "querier_heard",
            f"{look.interface}: an {what} querier was heard: {listed(sorted(look.queriers))}",
        )
    return finding(
        "no_querier_heard",
        f"{look.interface}: no {what} querier answered when we left a trial group",
        "nothing, if no switch here snoops; where one does, switch its querier on",
    )
