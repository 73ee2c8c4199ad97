"""How is it with this machine and its subnet? All questions put, and the answers in order.

What asks the disk runs in threads, the subnet is examined meanwhile. A question that cannot be
answered for an unexpected reason is a finding like any other, and the others are answered.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from mcastdist.agent import logs
from mcastdist.agent.api import CacheController, CheckupRequest, Finding
from mcastdist.agent.interfaces import choose, read_inventory
from mcastdist.agent.settings import Settings
from mcastdist.agent.socket_options import aside_host

from .asking import examine_subnet, heard_lately
from .buffers import look_at_buffer
from .clocks import judge_clocks
from .disk import look_at_disk
from .findings import finding, in_order
from .firewall import look_at_firewall
from .keys import look_at_keys
from .links import judge_interfaces
from .names import names_of, shown
from .origin import look_at_origin
from .ports import holder_of, judge_ports, look_at_doors
from .querier import judge_queriers, look_for_queriers
from .reach import judge_loss, judge_reach, judge_snooping
from .stored import look_at_store
from .strangers import judge_strangers, judge_versions

if TYPE_CHECKING:
    from mcastdist.agent.daemon import Agent

log = logs.get("checkup")


async def examine(agent: Agent, request: CheckupRequest, cache: CacheController) -> list[Finding]:
    """All that a running agent can be asked, itself and its neighbours; takes some seconds."""
    settings = agent.settings
    found = await asyncio.gather(
        _guarded("the machine", asyncio.to_thread(examine_machine, settings)),
        _guarded("the ports", asyncio.to_thread(_ports, agent)),
        _guarded("the subnet", _subnet(agent)),
        _guarded("the store", _store(cache)),
        _guarded("the origin", _origin(agent, request.url)),
    )
    return in_order([one for part in found for one in part])


def examine_machine(settings: Settings) -> list[Finding]:
    """What can be seen without an agent. Asks the disk, for up to some seconds."""
    inventory = read_inventory()
    return [
        *judge_interfaces(settings, choose(settings, inventory), inventory),
        *look_at_keys(settings),
        *look_at_buffer(),
        *look_at_disk(settings),
    ]


def examine_as_caller(settings: Settings, names: Sequence[str] | None = None) -> list[Finding]:
    """What root may look at and an agent may not: what switches hear, and the firewall's rules.

    `names`: the interfaces that the running agent uses.
    """
    if names is not None:
        multicast = replace(settings.multicast, interfaces=tuple(names))
        settings = replace(settings, multicast=multicast)
    chosen = choose(settings, read_inventory()).chosen
    return in_order(
        [*look_at_firewall(settings, chosen), *judge_queriers(look_for_queriers(chosen))]
    )


def cannot_run(why: str) -> Finding:
    """No agent could be started, so the subnet could not be examined."""
    return finding(
        "agent_cannot_run",
        f"no agent can run here: {why}",
        "correct that first; the subnet, the ports and the store were not examined",
    )


async def _guarded(what: str, work: Awaitable[list[Finding]]) -> list[Finding]:
    try:
        return await work
    except Exception as error:
        log.error("a question of the examination failed", error, what=what)
        told = f"{what} could not be examined ({type(error).__name__}: {error})"
        return [finding("check_failed", told, "the agent's log shows where; report the fault")]


def _ports(agent: Agent) -> list[Finding]:
    wanted = agent.settings.multicast.port
    addresses = agent.transport.addresses
    astray = any(port != wanted for _, port in addresses)
    holder = holder_of(wanted, os.getpid()) if astray else ""
    return judge_ports(wanted, addresses, agent.http_port, holder)


async def _subnet(agent: Agent) -> list[Finding]:
    trials = agent.driver.trials
    has_aside = all(aside_host(one) is not None for one in agent.interfaces)
    book = await examine_subnet(trials, aside=has_aside)
    lately = heard_lately(trials)
    silent = [one.address[0] for node, one in lately.items() if node not in book.neighbours]
    mismatches = agent.driver.ear.mismatches.shown()
    names = await names_of([*silent, *(str(one["address"]) for one in mismatches)])
    port = agent.settings.multicast.port
    return [
        *judge_reach(book, _named(silent, names), aside=has_aside, port=port),
        *judge_loss(book),
        *judge_snooping(book),
        *judge_clocks(book),
        *judge_strangers(mismatches, names),
        *judge_versions(book.examined),
        *await look_at_doors(book.examined),
    ]


async def _store(cache: CacheController) -> list[Finding]:
    return await look_at_store(await cache.cache_list(), cache.cache_verify)


async def _origin(agent: Agent, url: str | None) -> list[Finding]:
    return await look_at_origin(url, agent.client.probe) if url else []


def _named(addresses: Sequence[str], names: dict[str, str]) -> list[str]:
    return [shown(one, names.get(one, "")) for one in addresses]
