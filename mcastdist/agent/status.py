"""How is the agent, at a glance? Gathered from all its parts, for `api.Controller.status`."""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter

from mcastdist import __version__
from mcastdist.ids import node_name
from mcastdist.node import Task
from mcastdist.timers import NEVER

from .api import AgentStatus, TaskRecord
from .daemon import Agent
from .downloading import shown
from .holdings import store_limits
from .interfaces import Chosen, choose, read_inventory
from .runs import Run
from .settings import Settings
from .unmet import unmet


async def status_of(agent: Agent, records: list[TaskRecord]) -> AgentStatus:
    """The agent as it stands now."""
    return AgentStatus(
        node=node_name(agent.identity.node),
        version=__version__,
        cluster=agent.settings.cluster.id,
        pid=os.getpid(),
        uptime_s=time.monotonic() - agent.opened_at,
        interfaces=[_interface(one) for one in agent.transport.interfaces],
        udp_port=agent.settings.multicast.port,
        http_port=agent.http_port,
        sessions=_sessions(agent),
        tasks=dict(Counter(record.state for record in records)),
        refused=dict(agent.driver.ear.refused + agent.peers.refused),
        mismatches=agent.driver.ear.mismatches.shown(),
        download=shown(agent.client, agent.settings.download, time.localtime(agent.wall())),
        store=await asyncio.to_thread(_store, agent),
        receive_buffer=dict(agent.streams.receive_buffer),
        kernel_drops=agent.streams.kernel_drops,
        fast_path=agent.streams.is_fast,
        fallbacks=_fallbacks(records),
        unmet=await asyncio.to_thread(_unmet, agent.settings),
    )


def _store(agent: Agent) -> dict[str, object]:
    """In a worker thread: this asks the disk."""
    store = agent.library.store
    usage = store.usage()
    return {
        "directory": agent.settings.cache.dir,
        "held_bytes": usage.held_bytes,
        "bytes_max": store_limits(agent.settings).bytes_max,
        "free_bytes": usage.free_bytes,
        "entries": len(store.entries()),
    }


def _unmet(settings: Settings) -> list[dict[str, object]]:
    """As the machine is now, in a worker thread: this asks the system."""
    choice = choose(settings, read_inventory())
    return [{"name": one.name, "why": one.why} for one in unmet(settings, choice)]


def _fallbacks(records: list[TaskRecord]) -> dict[str, int]:
    """Of all tasks together, the most frequent first."""
    total: Counter[str] = Counter()
    for record in records:
        total.update(record.fallbacks)
    return dict(total.most_common())


def _sessions(agent: Agent) -> list[dict[str, object]]:
    pairs = ((run, agent.driver.node.task(run_id)) for run_id, run in agent.driver.runs.items())
    return [_session(run, task) for run, task in pairs if task is not None]


def _session(run: Run, task: Task) -> dict[str, object]:
    shown: dict[str, object] = {"url": run.spec.urls[-1], "state": task.state_word()}
    if task.retry_at != NEVER:
        shown["retry_s_left"] = round(max(0.0, task.retry_at - time.monotonic()), 1)
    if task.representation is not None:
        shown |= {
            "role": "representative",
            "phase": task.representation.phase.name.lower(),
            "receivers": len(task.representation.audience.all()),
            "rate_bps": task.representation.rate_bps,
        }
    elif task.reception is not None:
        shown |= {"role": "receiver", "representative": node_name(task.reception.leader)}
    return shown


def _interface(chosen: Chosen) -> dict[str, object]:
    return {
        "name": chosen.name,
        "family": chosen.family,
        "address": chosen.address,
        "mtu": chosen.mtu,
        "why": chosen.why,
    }
