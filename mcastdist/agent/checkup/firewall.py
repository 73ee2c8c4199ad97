"""Does this machine's own firewall let through what agents say to one another?

Read from nftables and from iptables. That takes root; without it, or where rules are not to be had
in a form that says enough, we say what could not be looked at.
"""

from __future__ import annotations

import ipaddress
import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

from mcastdist.agent.api import Finding
from mcastdist.agent.interfaces import Chosen
from mcastdist.agent.settings import Settings

from .findings import finding
from .iptables_rules import Entry, entries_of
from .names import listed
from .nft_match import Network, Packet
from .nft_rules import Ruleset, Table, table_of

ASKED_S_MAX = 5.0
PATHS = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"))
OLD_TABLES = (Path("/proc/net/ip_tables_names"), Path("/proc/net/ip6_tables_names"))
SAVES = {"ip": "iptables", "ip6": "ip6tables"}
BESIDE = " of the old kind"


class Rules(NamedTuple):
    """What was seen, in the words of nft; `unseen`: what was not, and why."""

    nftables: Sequence[dict[str, Any]] = ()
    unseen: tuple[str, ...] = ()


def look_at_firewall(settings: Settings, interfaces: Sequence[Chosen]) -> list[Finding]:
    """Ask for the rules, and judge them; without an interface there is nothing to lose."""
    return judge_firewall(read_rules(), settings, interfaces) if interfaces else []


def read_rules() -> Rules:
    """All that the system tells this process of its firewall."""
    shown, refused = _ask("nft", "-j", "list", "ruleset")
    try:
        nftables = json.loads(shown)["nftables"] if shown else []
    except (ValueError, KeyError) as error:
        nftables, refused = [], f"nft: {error!r}"
    saved = [one for family, name in SAVES.items() for one in _saved(family, f"{name}-save")]
    of_iptables = {table_of(one) for one in saved}
    shown_by_nft = [one for one in nftables if table_of(one) not in of_iptables]
    unseen = [f"nftables: {refused}"] if refused else []
    unseen += [f"table {family} {name}" for family, name in _unread(shown_by_nft)]
    if any(_tables(path) for path in OLD_TABLES):
        old = [one for f, name in SAVES.items() for one in _saved(f, f"{name}-legacy-save", BESIDE)]
        unseen += [] if old else ["rules of iptables of the old kind"]
        saved += old
    return Rules([*shown_by_nft, *saved], tuple(unseen))


def judge_firewall(rules: Rules, settings: Settings, interfaces: Sequence[Chosen]) -> list[Finding]:
    """What is lost where; and what could not be looked at."""
    found = list(_losses(Ruleset(rules.nftables), settings, interfaces))
    if rules.unseen:
        told = f"not all rules of the firewall could be looked at ({listed(list(rules.unseen))})"
        advice = "run `mcastdist doctor` as root, where nft, or what wrote the rules, is installed"
        return [*found, finding("firewall_not_looked_at", told, advice)]
    told = f"no rule of the firewall here is seen to lose port {settings.multicast.port}"
    return found or [finding("firewall_open", told)]


def packets(settings: Settings, one: Chosen) -> list[tuple[str, Packet]]:
    """What agents say to one another across this interface, with a name for each."""
    multicast = settings.multicast
    own = ipaddress.ip_network(one.address)
    group = ipaddress.ip_network(multicast.group_v4 if one.family == 4 else multicast.group_v6)

    def crossing(protocol: Literal["udp", "tcp"], source: Network, to: Network) -> Packet:
        return Packet(
            is_incoming=source is not own,
            protocol=protocol,
            port=multicast.port,
            interface=one.name,
            source=source,
            destination=to,
            is_group=to is group,
        )

    return [
        ("UDP to the group", crossing("udp", one.network, group)),
        ("UDP to us", crossing("udp", one.network, own)),
        ("TCP to us", crossing("tcp", one.network, own)),
        ("UDP of ours to the group", crossing("udp", own, group)),
        ("UDP of ours to others", crossing("udp", own, one.network)),
        ("TCP of ours to others", crossing("tcp", own, one.network)),
    ]


def _losses(
    ruleset: Ruleset, settings: Settings, interfaces: Sequence[Chosen]
) -> Iterator[Finding]:
    """One finding for each place and interface, with all that is lost there."""
    port = settings.multicast.port
    for one in interfaces:
        lost: dict[str, list[str]] = {}
        for what, packet in packets(settings, one):
            if place := ruleset.loses(packet):
                lost.setdefault(place, []).append(what)
        for place, whats in lost.items():
            yield finding(
                "firewall_drops",
                f"{one.name}: the firewall here drops {listed(whats)}, port {port} ({place})",
                f"let UDP and TCP port {port} through there, from and to the subnet, and "
                f"{'IGMP' if one.family == 4 else 'MLD'}; 'nft list ruleset' shows the rules",
            )


def _ask(program: str, *arguments: str) -> tuple[str, str]:
    """What it prints, and why it does not."""
    path = shutil.which(program, path=PATHS)
    if path is None:
        return "", f"{program} is not installed"
    try:
        asked = subprocess.run(
            [path, *arguments], capture_output=True, text=True, check=True, timeout=ASKED_S_MAX
        )
    except subprocess.CalledProcessError as error:
        return "", (str(error.stderr).strip().splitlines() or [f"{program} fails"])[0]
    except (OSError, subprocess.TimeoutExpired) as error:
        return "", str(error)
    return asked.stdout, ""


def _saved(family: str, program: str, beside: str = "") -> list[Entry]:
    return entries_of(_ask(program)[0], family, beside=beside)


def _unread(nftables: Sequence[Entry]) -> list[Table]:
    """The tables in which something stands that only iptables can read."""
    rules = [one for one in nftables if "rule" in one]
    unread = {table_of(one) for one in rules if any("xt" in each for each in one["rule"]["expr"])}
    return sorted(unread)


def _tables(path: Path) -> list[str]:
    try:
        return path.read_text("ascii").split()
    except OSError:
        return []  # no such kind of rules here, or not ours to see
