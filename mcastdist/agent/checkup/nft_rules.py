"""Where in a firewall's rules is a packet lost? Rules as `nft -j list ruleset` prints them.

A packet passes if every chain at its hooks lets it. Of a rule that is not understood the better is
believed: if it accepts, it accepts our packet; if it drops, it drops something else. So what is
found to be lost is lost, for some at least, and not everything that is lost is found.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .nft_match import Packet, holds, is_among

DEPTH_MAX = 16  # the kernel's own bound for jumps
MAYBE_RETURN = "maybe return"  # what follows in the chain may not concern the packet
FAMILIES = {4: ("inet", "ip"), 6: ("inet", "ip6")}
HOOKS = {True: ("prerouting", "input"), False: ("output", "postrouting")}
# Statements that let every packet go on.
HARMLESS = frozenset({"counter", "log", "mangle", "notrack", "comment", "ct helper", "set"})
LOSING = frozenset({"drop", "reject"})
# Whatever else ends a rule: what it hands the packet to is not for these rules to say.
ENDS = LOSING | {"accept", "return", "jump", "goto", "queue", "dnat", "snat", "redirect", "fwd"}

Rule = Sequence[Mapping[str, Any]]
Table = tuple[str, str]  # family and name


@dataclass(slots=True)
class Chain:
    """One chain; `hook` and `policy` are those of a base chain."""

    name: str
    hook: str = ""
    policy: str = "accept"
    rules: list[Rule] = field(default_factory=list)


class Ruleset:
    """All tables of this machine."""

    def __init__(self, nftables: Sequence[Mapping[str, Any]]) -> None:
        self._chains: dict[Table, dict[str, Chain]] = defaultdict(dict)
        self._sets: dict[Table, dict[str, Sequence[Any]]] = defaultdict(dict)
        for entry in nftables:
            for kind, told in entry.items():
                self._read(kind, told, table_of(entry))

    def loses(self, packet: Packet) -> str:
        """Where it is lost, as people say it; empty if it passes."""
        for (family, name), chains in self._chains.items():
            if family not in FAMILIES[packet.version]:
                continue
            walk = _Walk(packet, chains, self._sets[family, name])
            for chain in chains.values():
                if chain.hook in HOOKS[packet.is_incoming] and walk.fate(chain) == "drop":
                    return f"table {family} {name}, chain {chain.name}"
        return ""

    def _read(self, kind: str, told: Mapping[str, Any], table: Table) -> None:
        if kind == "chain":
            chain = Chain(told["name"], told.get("hook", ""), told.get("policy", "accept"))
            self._chains[table][chain.name] = chain
        elif kind == "rule" and (known := self._chains[table].get(told["chain"])) is not None:
            known.rules.append(told.get("expr", ()))
        elif kind in ("set", "map"):
            self._sets[table][told["name"]] = told.get("elem", ())


def table_of(entry: Mapping[str, Any]) -> Table:
    """The table in which a chain, a rule or a set stands."""
    [told] = entry.values()
    return str(told.get("family")), str(told.get("table", told.get("name")))


@dataclass(slots=True)
class _Walk:
    """One packet's way through one table."""

    packet: Packet
    chains: Mapping[str, Chain]
    sets: Mapping[str, Sequence[Any]]

    def fate(self, base: Chain) -> str:
        return self._through(base, is_sure=True, depth=0) or base.policy

    def _through(self, chain: Chain, *, is_sure: bool, depth: int) -> str:
        """`accept` or `drop`; empty if the packet comes out at the end."""
        for rule in chain.rules if depth < DEPTH_MAX else ():
            verdict = self._apply(rule, is_sure=is_sure, depth=depth)
            if verdict == "return":
                return ""
            if verdict == MAYBE_RETURN:
                is_sure = False
            elif verdict:
                return verdict
        return ""

    def _apply(self, rule: Rule, *, is_sure: bool, depth: int) -> str:
        for kind, told in (pair for statement in rule for pair in statement.items()):
            if kind == "match":
                verdict = holds(told, self.packet, self.sets)
                if verdict is False:
                    return ""
                is_sure = is_sure and verdict is True
            elif kind == "vmap":
                return self._apply_map(told, is_sure=is_sure, depth=depth)
            elif kind in ENDS:
                return self._end(kind, told, is_sure=is_sure, depth=depth)
            elif kind not in HARMLESS:
                is_sure = False
        return ""

    def _end(self, kind: str, told: Any, *, is_sure: bool, depth: int) -> str:
        if kind in ("jump", "goto"):
            target = self.chains.get(told["target"])
            if target is None:
                return ""
            came = self._through(target, is_sure=is_sure, depth=depth + 1)
            return came or (_returned(is_sure) if kind == "goto" else "")
        if kind == "return":
            return _returned(is_sure)
        if kind in LOSING:
            return "drop" if is_sure else ""
        return "accept"

    def _apply_map(self, vmap: Mapping[str, Any], *, is_sure: bool, depth: int) -> str:
        """What a verdict map has for the packet, or may have."""
        data = vmap.get("data")
        pairs = data.get("set", ()) if isinstance(data, dict) else self.sets.get(str(data)[1:], ())
        for key, verdict in (pair for pair in pairs if isinstance(pair, list) and len(pair) == 2):
            held = is_among(vmap.get("key"), key, self.packet, self.sets)
            for kind, told in verdict.items() if held is not False else ():
                ended = self._end(kind, told, is_sure=is_sure and held is True, depth=depth)
                if ended or held:
                    return ended
        return ""


def _returned(is_sure: bool) -> str:
    return "return" if is_sure else MAYBE_RETURN
