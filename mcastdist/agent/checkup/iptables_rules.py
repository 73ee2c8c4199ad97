"""What does `iptables-save` print, in the words of `nft -j`? So that one reader is enough for both.

`nft` shows the rules that iptables wrote with their extensions unread ("xt"), and those of the
kernel's older kind not at all. An option that is not known here stays unread too.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import Any

VERDICTS = {"ACCEPT": "accept", "DROP": "drop", "REJECT": "reject", "RETURN": "return"}
VERDICTS |= {"QUEUE": "queue", "NFQUEUE": "queue", "DNAT": "dnat", "REDIRECT": "redirect"}
SAID = {"-m", "--comment", "--reject-with", "--log-prefix", "--log-level"}  # no condition in itself
Entry = dict[str, Any]


def entries_of(text: str, family: str, *, beside: str = "") -> list[Entry]:
    """Chains and rules; `beside` sets the tables' names apart from others of the same family."""
    entries: list[Entry] = []
    table = ""
    for line in text.splitlines():
        place = {"family": family, "table": table}
        if line.startswith("*"):
            table = line[1:].strip() + beside
        elif line.startswith(":"):
            name, policy, *_ = line[1:].split()
            base = {"hook": name.lower(), "policy": policy.lower()} if policy != "-" else {}
            entries.append({"chain": {**place, "name": name, **base}})
        elif line.startswith("-A "):
            _, chain, *options = shlex.split(line)
            entries.append({"rule": {**place, "chain": chain, "expr": _rule(options, family)}})
    return entries


def _rule(options: list[str], family: str) -> list[Entry]:
    return [
        one for name, value, is_not in _pairs(options) for one in _read(name, value, is_not, family)
    ]


def _pairs(options: list[str]) -> Iterator[tuple[str, str, bool]]:
    """Each option with its words, and whether a `!` stands before it."""
    at = 0
    while at < len(options):
        is_not = options[at] == "!"
        at += is_not
        name, at = options[at], at + 1
        words = options[at : at + 1] if name in SAID else []  # whatever it looks like
        at += len(words)
        while at < len(options) and not options[at].startswith("-") and options[at] != "!":
            words.append(options[at])
            at += 1
        yield name, " ".join(words), is_not


def _read(name: str, value: str, is_not: bool, family: str) -> list[Entry]:
    if name in SAID:
        return []
    if name == "-g":
        return [{"goto": {"target": value}}]
    if name == "-j":
        return [{VERDICTS[value]: None}] if value in VERDICTS else [{"jump": {"target": value}}]
    condition = _condition(name, value, family)
    if condition is None:
        return [{"xt": name}]
    left, right = condition
    return [{"match": {"op": "!=" if is_not else "==", "left": left, "right": right}}]


def _condition(name: str, value: str, family: str) -> tuple[Entry, object] | None:
    """What is looked at, and what it must be."""
    if name in ("-i", "-o"):
        key = "iifname" if name == "-i" else "oifname"
        return {"meta": {"key": key}}, value[:-1] + "*" if value.endswith("+") else value
    if name == "-p":
        return {"meta": {"key": "l4proto"}}, int(value) if value.isdecimal() else value
    if name in ("-s", "-d"):
        field = "saddr" if name == "-s" else "daddr"
        return {"payload": {"protocol": family, "field": field}}, value
    if name in ("--dport", "--dports"):
        ports = [_port(one) for one in value.split(",")]
        return {"payload": {"protocol": "th", "field": "dport"}}, {"set": ports}
    if name in ("--ctstate", "--state"):
        return {"ct": {"key": "state"}}, value.lower().split(",")
    if name == "--pkt-type":
        return {"meta": {"key": "pkttype"}}, {"unicast": "host"}.get(value, value)
    return None


def _port(text: str) -> int | Mapping[str, list[int]]:
    low, _, high = text.partition(":")
    return {"range": [int(low), int(high)]} if high else int(low)
