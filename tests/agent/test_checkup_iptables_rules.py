"""Rules of `iptables-save` in the words of nft."""

from __future__ import annotations

from typing import Any

import pytest

from mcastdist.agent.checkup.iptables_rules import entries_of

PORT = {"payload": {"protocol": "th", "field": "dport"}}


def rule(options: str) -> list[dict[str, Any]]:
    [entry] = entries_of(f"# Generated\n*filter\n-A INPUT {options}\nCOMMIT\n", "ip")
    expression: list[dict[str, Any]] = entry["rule"]["expr"]
    return expression


def test_chains_have_hooks_and_policies() -> None:
    text = "*filter\n:INPUT DROP [0:0]\n:mine - [0:0]\n-A mine -j DROP\n"
    base, own, rule_of_own = entries_of(text, "ip6", beside=" too")

    place = {"family": "ip6", "table": "filter too"}
    assert base == {"chain": {**place, "name": "INPUT", "hook": "input", "policy": "drop"}}
    assert own == {"chain": {**place, "name": "mine"}}
    assert rule_of_own == {"rule": {**place, "chain": "mine", "expr": [{"drop": None}]}}


@pytest.mark.parametrize(
    ("options", "left", "op", "right"),
    [
        ("-i eth+", {"meta": {"key": "iifname"}}, "==", "eth*"),
        ("! -o eth0", {"meta": {"key": "oifname"}}, "!=", "eth0"),
        ("-p udp", {"meta": {"key": "l4proto"}}, "==", "udp"),
        ("-p 17", {"meta": {"key": "l4proto"}}, "==", 17),
        (
            "-s 10.0.0.0/8",
            {"payload": {"protocol": "ip", "field": "saddr"}},
            "==",
            "10.0.0.0/8",
        ),
        ("--dport 7447", PORT, "==", {"set": [7447]}),
        (
            "-m multiport ! --dports 22,7000:7100",
            PORT,
            "!=",
            {"set": [22, {"range": [7000, 7100]}]},
        ),
        ("-m state --state NEW,INVALID", {"ct": {"key": "state"}}, "==", ["new", "invalid"]),
        ("-m pkttype --pkt-type unicast", {"meta": {"key": "pkttype"}}, "==", "host"),
    ],
)
def test_conditions(options: str, left: object, op: str, right: object) -> None:
    assert rule(options) == [{"match": {"op": op, "left": left, "right": right}}]


def test_ends_of_rules() -> None:
    assert rule("-j REJECT --reject-with tcp-reset") == [{"reject": None}]
    assert rule("-g mine") == [{"goto": {"target": "mine"}}]
    assert rule('-j LOG --log-prefix "-j DROP "') == [{"jump": {"target": "LOG"}}]  # goes on
    assert rule('-m comment --comment "a word" -j RETURN') == [{"return": None}]


def test_an_unknown_option_is_kept_as_unread() -> None:
    assert rule("-m recent --update --seconds 60 -j DROP") == [
        {"xt": "--update"},
        {"xt": "--seconds"},
        {"drop": None},
    ]
