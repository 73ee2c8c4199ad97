"""The same controller on the other end: answers, errors, doors, and an agent that goes away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fake_controller import (
    CLOCKS_AGREE,
    CONTENT_A,
    FakeController,
    agent_status,
    entry,
    record,
)

from mcastdist.agent.api import CheckupRequest, TaskRequest
from mcastdist.agent.control import ControlClient, ControlServer, serve
from mcastdist.errors import McastdistError, StoreBusy, UnavailableError, UsageError


@pytest.fixture
def agent() -> FakeController:
    controller = FakeController()
    controller.records["t1"] = record()
    controller.entries[CONTENT_A] = entry()
    return controller


@pytest.fixture
async def server(agent: FakeController, tmp_path: Path) -> AsyncIterator[ControlServer]:
    running = await serve(
        agent,
        listen="127.0.0.1:0",
        unix_socket=tmp_path / "control.sock",
        token_file=tmp_path / "control.token",
    )
    yield running
    await running.close()


@pytest.fixture(params=["unix", "tcp"])
async def client(
    request: pytest.FixtureRequest, server: ControlServer, tmp_path: Path
) -> AsyncIterator[ControlClient]:
    async with ControlClient.connect(
        listen=server.address if request.param == "tcp" else None,
        unix_socket=tmp_path / "control.sock" if request.param == "unix" else None,
        token_file=tmp_path / "control.token",
    ) as connected:
        yield connected


async def test_every_question_is_answered_alike(
    agent: FakeController, client: ControlClient
) -> None:
    assert await client.reachable()
    assert await client.status() == agent_status()
    assert await client.tasks() == [record()]
    assert await client.task("t1") == record()
    assert (await client.suspend("t1")).state == "suspended"
    assert (await client.resume("t1")).state == "seeking"
    assert (await client.cancel("t1")).state == "cancelled"
    assert await client.cache_list() == [entry()]
    assert (await client.cache_pin(CONTENT_A, True)).pinned
    assert not (await client.cache_pin(CONTENT_A, False)).pinned
    assert (await client.cache_verify(None)).checked == [CONTENT_A]
    assert (await client.cache_verify(CONTENT_A)).checked == [CONTENT_A]
    assert (await client.cache_gc()).removed == []
    assert (await client.cache_remove(CONTENT_A)).removed == [CONTENT_A]
    assert await client.settings() == await agent.settings()
    assert await client.reload() == await agent.reload()
    assert await client.checkup(CheckupRequest()) == [CLOCKS_AGREE]


async def test_start_and_watch(agent: FakeController, client: ControlClient) -> None:
    request = TaskRequest(url="http://o/p.mcd", dest="/srv/ü", settings={"election.weight": 0})
    started = await client.start(request)
    assert started.dest == "/srv/ü"
    assert agent.called("start") == [(request,)]
    states = [changed.state async for changed in client.watch(started.id)]
    assert states == ["receiving", "delivered"]


async def test_errors_are_raised_as_what_they_were(
    agent: FakeController, client: ControlClient
) -> None:
    agent.failing["cache_gc"] = StoreBusy("process 7 holds the store")
    with pytest.raises(StoreBusy, match="process 7"):
        await client.cache_gc()
    with pytest.raises(UsageError, match="no task 'nope'"):
        await client.task("nope")
    agent.failing["tasks"] = RuntimeError("a bug")
    with pytest.raises(McastdistError, match="RuntimeError"):
        await client.tasks()


@pytest.mark.parametrize("task_id", ["../status", "a/b", "a?b=c", "a#b", "%2e%2e", "ü", " "])
async def test_an_id_never_becomes_another_path(
    agent: FakeController, client: ControlClient, task_id: str
) -> None:
    with pytest.raises(UsageError):
        await client.task(task_id)
    assert agent.called("task") in ([(task_id,)], [])


async def test_an_error_while_watching_is_raised(
    agent: FakeController, client: ControlClient
) -> None:
    agent.failing["after_script"] = StoreBusy("another process took it")
    with pytest.raises(StoreBusy, match="another process"):
        async for _ in client.watch("t1"):
            pass


async def test_an_agent_that_stops_while_watched_is_unavailable(
    agent: FakeController, server: ControlServer, client: ControlClient
) -> None:
    agent.script, agent.hang = [record()], True
    watched = client.watch("t1")
    assert (await anext(watched)).state == "receiving"
    closing = asyncio.create_task(server.close())
    with pytest.raises(UnavailableError, match="stopped answering"):
        await anext(watched)
    await closing


async def test_an_agent_that_has_gone_is_unavailable(
    server: ControlServer, client: ControlClient
) -> None:
    assert await client.reachable()
    await server.close()
    with pytest.raises(UnavailableError, match="stopped answering"):
        await client.tasks()
