"""Which interfaces are used, and why not the others? And what do they carry?"""

from __future__ import annotations

from collections.abc import Sequence

from mcastdist.agent.api import Finding
from mcastdist.agent.interfaces import Choice, Chosen, Inventory
from mcastdist.agent.settings import Settings

from .findings import finding

MTU_MIN = 1_280  # RFC 8200, section 5: what every IPv6 link carries


def judge_interfaces(settings: Settings, choice: Choice, inventory: Inventory) -> list[Finding]:
    """What was chosen, what was not, and what each carries."""
    families: dict[str, set[int]] = {
        one.name: {each.version for each in one.addresses} for one in inventory.interfaces
    }
    found = [_used(one, families.get(one.name, set())) for one in choice.chosen]
    if not choice.chosen:
        found.append(_nothing_left())
    for rejected in choice.rejected:
        missing = rejected.name in settings.multicast.interfaces
        code = "interface_missing" if missing else "interface_unused"
        advice = "correct multicast.interfaces, or bring it up" if missing else ""
        found.append(finding(code, f"{rejected.name}: {rejected.why}", advice))
    if not settings.multicast.enabled:
        found.append(_switched_off())
    return [*found, *judge_mtus(choice.chosen)]


def judge_mtus(chosen: Sequence[Chosen]) -> list[Finding]:
    """What the interfaces carry, one compared with the other."""
    found = [
        finding(
            "mtu_small",
            f"{one.name} has an MTU of {one.mtu:,} bytes",
            f"raise it to {MTU_MIN:,} or more; control datagrams of up to 1,200 bytes would be cut",
        )
        for one in chosen
        if one.mtu < MTU_MIN
    ]
    if len({one.mtu for one in chosen}) > 1:
        mtus = ", ".join(f"{one.name} {one.mtu:,}" for one in chosen)
        found.append(
            finding(
                "mtus_differ",
                f"the interfaces' MTUs differ ({mtus}): streams keep to the smallest",
                "leave the smallest out (multicast.interfaces) if it is not needed",
            )
        )
    return found


def _used(one: Chosen, families: set[int]) -> Finding:
    other = 6 if one.family == 4 else 4
    unused = f"; its IPv{other} is not used" if other in families else ""
    return finding(
        "interface_used",
        f"{one.name}: {one.address}/{one.prefix}, MTU {one.mtu:,}, IPv{one.family}: "
        f"{one.why}{unused}",
    )


def _nothing_left() -> Finding:
    return finding(
        "no_interface",
        "no interface can be used, so there is no subnet to share with",
        "bring one up, or name one in multicast.interfaces",
    )


def _switched_off() -> Finding:
    return finding(
        "multicast_off",
        "multicast.enabled is off: this machine takes from peers and the origin alone",
        "switch it on, unless that is meant",
    )
