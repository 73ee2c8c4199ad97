"""Where in a firewall's rules a packet is lost, by rules made by hand."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest

from mcastdist.agent.checkup.nft_match import Packet
from mcastdist.agent.checkup.nft_rules import Ruleset, table_of

UDP_TO_US = Packet(
    True, "udp", 7447, "eth0", ipaddress.ip_network("10.0.0.0/24"), ipaddress.ip_network("10.0.0.5")
)


def _to(right: object, *, op: str = "==") -> dict[str, Any]:
    return {"op": op, "left": {"meta": {"key": "l4proto"}}, "right": right}


UDP = {"match": _to(17)}


def test_a_return_that_may_concern_us_makes_the_rest_doubtful() -> None:
    rest: list[dict[str, Any]] = [{"drop": None}]
    marked = {"match": {"op": "==", "left": {"meta": {"key": "mark"}}, "right": 1}}

    assert _input([[marked, {"return": None}], rest]).loses(UDP_TO_US) == ""
    assert _input([[marked], rest]).loses(UDP_TO_US) == "table inet t, chain input"


@pytest.mark.parametrize(
    ("rule", "lost"),
    [
        ([{"jump": {"target": "input"}}], False),  # which nft would refuse
        ([{"goto": {"target": "none"}}], False),
        ([{"match": {"op": "==", "left": {}, "right": 1}}, {"drop": None}], False),
        ([{"match": {"op": "<", "left": {"meta": {"key": "l4proto"}}}}, {"drop": None}], False),
        ([UDP, {"drop": None}], True),
        ([{"match": _to("tcp", op="!=")}, {"reject": None}], True),
        ([UDP, {"queue": None}, {"drop": None}], False),
        ([UDP, {"limit": {"rate": 1}}, {"drop": None}], False),
        ([{"vmap": {"key": {"meta": {"key": "mark"}}, "data": "@marks"}}, {"drop": None}], False),
    ],
)
def test_rules_of_every_kind(rule: list[dict[str, Any]], lost: bool) -> None:
    assert bool(_input([rule]).loses(UDP_TO_US)) == lost


def _input(rules: list[list[dict[str, Any]]]) -> Ruleset:
    """One table with one chain, where these rules stand."""
    place = {"family": "inet", "table": "t"}
    chain = {**place, "name": "input", "hook": "input", "policy": "accept"}
    return Ruleset(
        [{"chain": chain}, *({"rule": {**place, "chain": "input", "expr": one}} for one in rules)]
    )


def test_every_entry_names_its_table() -> None:
    assert table_of({"table": {"family": "ip", "name": "filter"}}) == ("ip", "filter")
    assert table_of({"set": {"family": "ip", "table": "filter", "name": "s"}}) == ("ip", "filter")
