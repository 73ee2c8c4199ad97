"""Single conditions of a firewall's rules: they hold, they do not, or they are not understood."""

from __future__ import annotations

import ipaddress
from dataclasses import replace
from typing import Any

import pytest

from mcastdist.agent.checkup.nft_match import Packet, holds

US, SUBNET = ipaddress.ip_network("10.0.0.5"), ipaddress.ip_network("10.0.0.0/24")
INCOMING = Packet(True, "udp", 7447, "eth0", SUBNET, US)
OUTGOING = replace(INCOMING, is_incoming=False, source=US, destination=SUBNET)
FROM_V6 = replace(
    INCOMING,
    source=ipaddress.ip_network("fe80::/64"),
    destination=ipaddress.ip_network("fe80::5"),
)
SETS = {"ports": [{"elem": {"val": 7447, "comment": "agents"}}, 80]}


def payload(protocol: str, field: str) -> dict[str, Any]:
    return {"payload": {"protocol": protocol, "field": field}}


def meta(key: str) -> dict[str, Any]:
    return {"meta": {"key": key}}


@pytest.mark.parametrize(
    ("left", "right", "holding"),
    [
        (payload("udp", "dport"), 7447, True),
        (payload("udp", "dport"), 7448, False),
        (payload("th", "dport"), {"set": [22, {"range": [7000, 8000]}]}, True),
        (payload("udp", "dport"), {"range": [7448, 8000]}, False),
        (payload("udp", "dport"), "@ports", True),
        (payload("udp", "dport"), "@unknown", False),
        (payload("udp", "sport"), 7447, None),
        (payload("tcp", "dport"), 7447, False),
        (payload("icmp", "type"), "echo-request", False),
        (payload("ip", "saddr"), {"prefix": {"addr": "10.0.0.0", "len": 8}}, True),
        (payload("ip", "saddr"), "10.0.0.7", False),  # some of them, not all
        (payload("ip", "saddr"), {"range": ["10.0.0.0", "10.0.1.0"]}, True),
        (payload("ip", "daddr"), {"set": ["10.0.0.4", "10.0.0.5"]}, True),
        (payload("ip", "daddr"), "somewhere", False),
        (payload("ip6", "daddr"), "fe80::5", False),
        (payload("ip", "protocol"), "udp", True),
        (payload("ip", "ttl"), 1, None),
        (meta("iifname"), "eth*", True),
        (meta("oifname"), "eth0", False),
        (meta("l4proto"), 17, True),
        (meta("l4proto"), {"set": ["tcp", "icmp"]}, False),
        (meta("nfproto"), "ipv4", True),
        (meta("protocol"), "ip6", False),
        (meta("pkttype"), "host", True),
        (meta("mark"), 1, None),
        ({"ct": {"key": "state"}}, ["established", "new"], True),
        ({"ct": {"key": "state"}}, "established", False),
        ({"ct": {"key": "status"}}, "dnat", False),
        ({"ct": {"key": "mark"}}, 1, None),
        ({"fib": {"result": "type"}}, "local", None),
        ("something", 1, None),
    ],
)
def test_what_comes(left: object, right: object, holding: bool | None) -> None:
    assert holds({"op": "==", "left": left, "right": right}, INCOMING, SETS) is holding
    denied = None if holding is None else not holding
    assert holds({"op": "!=", "left": left, "right": right}, INCOMING, SETS) is denied


def test_what_goes() -> None:
    def held(left: object, right: object) -> bool | None:
        return holds({"op": "==", "left": left, "right": right}, OUTGOING, SETS)

    assert held(meta("oifname"), "eth0") is True
    assert held(meta("iif"), "eth0") is False
    assert held(meta("pkttype"), "host") is None


def test_ipv6() -> None:
    prefix = {"prefix": {"addr": "fe80::", "len": 10}}
    among = {"op": "==", "left": payload("ip6", "saddr"), "right": prefix}

    assert holds(among, FROM_V6, SETS) is True
    assert holds({**among, "right": {"range": ["10.0.0.0", "10.0.0.9"]}}, FROM_V6, SETS) is False
    assert holds({**among, "op": "<"}, FROM_V6, SETS) is None
