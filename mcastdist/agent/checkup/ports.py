"""Are the ports ours? And do the neighbours' take connections?

The agent goes on with another port where its own is taken, and says which; but firewalls know only
the one of the settings.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import psutil

from mcastdist.agent.api import Finding
from mcastdist.node import Address

from .examination import Neighbour
from .findings import finding
from .names import counted, listed
from .reach import name_of

CONNECT_S = 2.0
CONNECTIONS_MAX = 16  # neighbours that are tried; a firewall's rules are the same for most


def judge_ports(
    wanted: int, addresses: Sequence[Address], http_port: int, holder: str
) -> list[Finding]:
    """`addresses`: where we really are; `holder`: the program that has the UDP port instead."""
    found = []
    astray = [host for host, port in addresses if port != wanted]
    if astray:
        by = f" by {holder}" if holder else ""
        found.append(
            finding(
                "udp_port_taken",
                f"UDP port {wanted} is taken{by} on {listed(astray)}: answers go to another port",
                "stop the other program, or set multicast.port for all machines; two agents on one "
                "machine need no more than that firewalls let the other port through",
            )
        )
    if http_port not in (0, wanted):
        found.append(
            finding(
                "tcp_port_taken",
                f"TCP port {wanted} is taken: peers are served on {http_port}",
                f"free TCP port {wanted}, or let {http_port} through the firewalls",
            )
        )
    return found or [finding("ports_ours", f"UDP and TCP port {wanted} are the agent's")]


def holder_of(port: int, own_pid: int) -> str:
    """The program that has this UDP port, as far as the system tells us."""
    try:
        pids = {
            one.pid
            for one in psutil.net_connections(kind="udp")
            if one.laddr and one.laddr.port == port and one.pid not in (None, own_pid)
        }
        return ", ".join(f"{psutil.Process(pid).name()} ({pid})" for pid in sorted(pids))
    except (psutil.Error, OSError):
        return ""


async def look_at_doors(neighbours: Sequence[Neighbour]) -> list[Finding]:
    """Connect to the neighbours' HTTP ports, where they have one."""
    tried = [one for one in neighbours if one.http_port][:CONNECTIONS_MAX]
    opened = await asyncio.gather(*(_opens(one) for one in tried))
    return judge_doors(tried, opened)


def judge_doors(tried: Sequence[Neighbour], opened: Sequence[bool]) -> list[Finding]:
    """Which doors are shut."""
    shut = [one for one, is_open in zip(tried, opened, strict=True) if not is_open]
    if shut:
        whom = listed([f"{name_of(one)} port {one.http_port}" for one in shut])
        return [
            finding(
                "peers_unreachable",
                f"no HTTP connection to {whom}: nothing can be taken from there",
                "let the TCP port through the firewall there",
            )
        ]
    if not tried:
        return []
    return [
        finding(
            "peers_reachable", f"HTTP connections are taken by {counted(len(tried), 'neighbour')}"
        )
    ]


async def _opens(one: Neighbour) -> bool:
    try:
        async with asyncio.timeout(CONNECT_S):
            _, writer = await asyncio.open_connection(one.address[0], one.http_port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True
