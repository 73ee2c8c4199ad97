"""Which packets does the lab lose? Its faults, written down for nft(8).

The switch loses them, before they leave by a port: at random for one host (`losses`), or by rule
(`no_multicast`, `parted`: what a segment does not carry). Random loss comes last, on whatever
leaves by the port, so that it also takes what the router sends; and it comes before the host's
network card joins datagrams into runs, so that it takes them one by one.

The text replaces what was there before, in one step.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

PERMILLE = 1000

# The empty table first, so that deleting it never fails; nft applies the whole text or nothing.
REPLACED = "table bridge lab\ndelete table bridge lab\n"


@dataclass(frozen=True, slots=True)
class Loss:
    """Of what leaves by a port, `permille` is lost: of UDP only, or of all IP."""

    permille: int
    every_protocol: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.permille <= PERMILLE:
            raise ValueError(f"loss is given in 0 to {PERMILLE} permille, not {self.permille}")


@dataclass(slots=True)
class Faults:
    """What is wrong with the switch, by the names of its ports."""

    losses: dict[str, Loss] = field(default_factory=dict)
    no_multicast: set[str] = field(default_factory=set)
    parted: list[tuple[Collection[str], Collection[str]]] = field(default_factory=list)


def switch_rules(faults: Faults) -> str:
    """Drop what `faults` says; between ports nothing that goes to the router."""
    forward = [
        rule
        for left, right in faults.parted
        if left and right
        for rule in (_between(left, right), _between(right, left))
    ]
    if faults.no_multicast:
        # Of multicast only UDP: without neighbour discovery there would be no IPv6 at all.
        ports = _set(faults.no_multicast)
        forward += [
            f"{side} {ports} {group} meta l4proto udp counter drop"
            for side in ("iifname", "oifname")
            for group in ("ip daddr 224.0.0.0/4", "ip6 daddr ff00::/8")
        ]
    leaving = [_lost(ports, loss) for loss, ports in _alike(faults.losses).items() if loss.permille]
    return _table({"forward": forward, "postrouting": leaving})


def _alike(losses: Mapping[str, Loss]) -> dict[Loss, list[str]]:
    """The ports of each loss: one rule for all of them, since each datagram asks each rule."""
    alike: dict[Loss, list[str]] = {}
    for port, loss in losses.items():
        alike.setdefault(loss, []).append(port)
    return alike


def _lost(ports: Collection[str], loss: Loss) -> str:
    """ARP always passes: a lab in which addresses are not found tests the kernel, not us."""
    what = "meta protocol { ip, ip6 }" if loss.every_protocol else "meta l4proto udp"
    everything = loss.permille == PERMILLE
    chance = "" if everything else f"numgen random mod {PERMILLE} < {loss.permille} "
    return f"oifname {_set(ports)} {what} {chance}counter drop"


def _between(left: Collection[str], right: Collection[str]) -> str:
    return f"iifname {_set(left)} oifname {_set(right)} counter drop"


def _set(names: Collection[str]) -> str:
    return "{ " + ", ".join(f'"{name}"' for name in sorted(names)) + " }"


def _table(chains: Mapping[str, Sequence[str]]) -> str:
    """A hook costs something for each packet: one without rules is left away."""
    bodies = "".join(
        f"  chain {hook} {{\n    type filter hook {hook} priority 0;\n"
        + "".join(f"    {rule}\n" for rule in rules)
        + "  }\n"
        for hook, rules in chains.items()
        if rules
    )
    return f"{REPLACED}table bridge lab {{\n{bodies}}}\n"
