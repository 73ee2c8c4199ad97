"""The agent at a glance."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest
from agent_kit import ALICE, BOB, URL, held, make_library, make_run, noise, publish
from fake_node import fake_task
from segments import interfaces

from mcastdist.agent.api import TaskRequest
from mcastdist.agent.records import new_record
from mcastdist.agent.settings import load
from mcastdist.agent.status import status_of
from mcastdist.wire import Phase


@pytest.fixture
def agent(tmp_path: Path) -> Any:
    library = make_library(tmp_path)
    held(library, publish({"a": noise("a", 1000)}))
    run = make_run()
    tasks = {run.spec.id: fake_task(leader=BOB)}
    tasks[run.spec.id].state_word = lambda: "receiving"
    yield SimpleNamespace(
        settings=load(None, {}, ["cluster.id=here", f"cache.dir={tmp_path}"]),
        identity=SimpleNamespace(node=ALICE),
        library=library,
        transport=SimpleNamespace(interfaces=interfaces(4, 1)),
        driver=SimpleNamespace(
            runs={run.spec.id: run, "over": make_run("http://o/x.mcd")},
            node=SimpleNamespace(task=tasks.get),
            ear=SimpleNamespace(refused=Counter(key=2), mismatches=Mock(shown=lambda: [])),
        ),
        peers=SimpleNamespace(refused=Counter(key=1, missing=4)),
        streams=SimpleNamespace(
            receive_buffer={"asked": 2, "got": 1}, kernel_drops=3, is_fast=True
        ),
        client=SimpleNamespace(rate_limit_bps=0, is_background=True, queue_s=0.0),
        http_port=7447,
        opened_at=0.0,
        wall=lambda: 1_700_000_000.0,
        tasks=tasks,
    )
    library.close_all()


async def test_all_its_parts_are_asked(agent: Any) -> None:
    request = TaskRequest(url=URL)
    records = [new_record("t1", request), new_record("t2", request)]
    records[0].fallbacks = {"origin_dns": 1, "peer_timeout": 1}
    records[1].fallbacks = {"peer_timeout": 2}
    status = await status_of(agent, records)

    assert status.fallbacks == {"peer_timeout": 3, "origin_dns": 1}
    assert status.node == f"{ALICE:016x}"
    assert status.cluster == "here"
    assert status.tasks == {"seeking": 2}
    assert status.refused == {"key": 3, "missing": 4}  # on UDP and by HTTP
    assert status.kernel_drops == 3
    assert status.receive_buffer == {"asked": 2, "got": 1}
    assert (status.store["entries"], status.store["held_bytes"]) == (1, 1000)
    assert status.download["mode"] == "background"
    assert status.interfaces[0]["name"] == "lo"
    assert status.uptime_s > 0


async def test_sessions_are_those_that_are_on(agent: Any) -> None:
    (session,) = (await status_of(agent, [])).sessions
    assert session == {
        "url": URL,
        "state": "receiving",
        "role": "receiver",
        "representative": f"{BOB:016x}",
    }

    (task,) = agent.tasks.values()
    audience = SimpleNamespace(all=lambda: [1, 2])
    task.representation = SimpleNamespace(phase=Phase.STREAMING, audience=audience, rate_bps=9)
    (session,) = (await status_of(agent, [])).sessions
    assert (session["role"], session["phase"], session["receivers"], session["rate_bps"]) == (
        "representative", "streaming", 2, 9,
    )  # fmt: skip


async def test_interfaces_that_were_asked_for_and_are_not_used_are_told(agent: Any) -> None:
    agent.settings = load(None, {}, ["multicast.interfaces=eth99"])
    (told,) = (await status_of(agent, [])).unmet

    assert told["name"] == "eth99"
