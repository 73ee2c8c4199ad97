"""Does one condition of a firewall's rule hold for a packet? True, False, or None: not understood.

Conditions are those of `nft -j` (libnftables-json(5)). A packet stands for all of its kind, from
all of a subnet: an address that covers only some of them does not cover the packet.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Literal

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Sets = Mapping[str, Sequence[Any]]  # elements of the table's named sets and maps

NUMBERS = {6: "tcp", 17: "udp"}  # as meta l4proto shows them where no name is known
TRANSPORTS = ("tcp", "udp", "udplite", "sctp", "dccp", "icmp", "icmpv6", "igmp")


@dataclass(frozen=True, slots=True)
class Packet:
    """What is asked about: the first packet of its kind that crosses an interface."""

    is_incoming: bool
    protocol: Literal["udp", "tcp"]
    port: int  # where it goes
    interface: str
    source: Network
    destination: Network
    is_group: bool = False

    @property
    def version(self) -> int:
        """4 or 6."""
        return self.source.version


def holds(match: Mapping[str, Any], packet: Packet, sets: Sets) -> bool | None:
    """Whether a `match` statement lets the packet go on to the next statement."""
    verdict = is_among(match.get("left"), match.get("right"), packet, sets)
    if verdict is None or match.get("op") not in ("==", "!=", "in"):
        return None
    is_denied: bool = match["op"] == "!="
    return verdict != is_denied


def is_among(left: object, right: object, packet: Packet, sets: Sets) -> bool | None:
    """Whether what `left` looks at in the packet is `right`, or among it."""
    if not isinstance(left, dict):
        return None
    if isinstance(payload := left.get("payload"), dict):
        return _payload(payload, _elements(right, sets), packet)
    if isinstance(meta := left.get("meta"), dict):
        return _meta(str(meta.get("key")), _elements(right, sets), packet)
    if isinstance(ct := left.get("ct"), dict) and ct.get("key") in ("state", "status"):
        return "new" in _elements(right, sets)  # of a first packet all that is known
    return None


def _payload(payload: Mapping[str, Any], among: list[Any], packet: Packet) -> bool | None:
    protocol, field = payload.get("protocol"), payload.get("field")
    if protocol in ("ip", "ip6"):
        if packet.version != (4 if protocol == "ip" else 6):
            return False
        if field in ("saddr", "daddr"):
            address = packet.source if field == "saddr" else packet.destination
            return any(_covers(one, address) for one in among)
        return packet.protocol in _named(among) if field in ("protocol", "nexthdr") else None
    if protocol in TRANSPORTS and protocol != packet.protocol:
        return False
    if protocol in ("th", packet.protocol) and field == "dport":
        return any(_has_port(one, packet.port) for one in among)
    return None


def _meta(key: str, among: list[Any], packet: Packet) -> bool | None:
    if key in ("iifname", "iif", "oifname", "oif"):
        crosses = key.startswith("i") == packet.is_incoming
        return crosses and any(fnmatchcase(packet.interface, str(one)) for one in among)
    if key == "l4proto":
        return packet.protocol in _named(among)
    if key in ("nfproto", "protocol"):
        return ("ipv4" if packet.version == 4 else "ipv6") in among or (
            ("ip" if packet.version == 4 else "ip6") in among
        )
    if key == "pkttype" and packet.is_incoming:
        return ("multicast" if packet.is_group else "host") in among
    return None


def _elements(right: object, sets: Sets) -> list[Any]:
    """What stands on the right side, one by one."""
    if isinstance(right, str) and right.startswith("@"):
        right = list(sets.get(right[1:], ()))
    elif isinstance(right, dict) and "set" in right:
        right = right["set"]
    return [_bare(one) for one in (right if isinstance(right, list) else [right])]


def _bare(element: object) -> object:
    """An element without its timeout, counter and comment."""
    wrapped = element.get("elem") if isinstance(element, dict) else None
    return wrapped.get("val") if isinstance(wrapped, dict) else element


def _named(among: list[Any]) -> list[Any]:
    return [NUMBERS.get(one, one) if isinstance(one, int) else one for one in among]


def _has_port(element: object, port: int) -> bool:
    if isinstance(element, dict) and "range" in element:
        low, high = element["range"]
        return isinstance(low, int) and isinstance(high, int) and low <= port <= high
    return element == port


def _covers(element: object, addresses: Network) -> bool:
    """Whether all of `addresses` are in this address, network or range."""
    try:
        if isinstance(element, dict) and "range" in element:
            low, high = (ipaddress.ip_address(one) for one in element["range"])
            first, last = addresses.network_address, addresses.broadcast_address
            return bool(low <= first and last <= high)  # type: ignore[operator]  # or TypeError
        if isinstance(element, dict) and "prefix" in element:
            element = f"{element['prefix']['addr']}/{element['prefix']['len']}"
        around = ipaddress.ip_network(str(element))
        return addresses.subnet_of(around)  # type: ignore[arg-type]  # or TypeError
    except (TypeError, ValueError):
        return False  # of the other family, or a word
