"""What becomes of tasks when the daemon is stopped or killed, and started again."""

from __future__ import annotations

import asyncio
import contextlib
import stat
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from agent_kit import (
    PATIENCE_S,
    Site,
    package_named,
    until_held,
)
from daemon_kit import connected, daemon
from figure_book import Figure

from mcastdist.agent.api import TaskRecord, TaskRequest
from mcastdist.agent.control import ControlClient
from mcastdist.agent.settings import Settings, load
from mcastdist.errors import McastdistError

SLOW = {"download__rate_limit_bps": 4_000_000, "tasks__active_max": 1}
SECRET = "hunter2"


def again(settings: Settings, *changes: str) -> Settings:
    """The same agent, with other settings."""
    return load(None, {}, [*settings.origin.overrides, *changes])


@asynccontextmanager
async def running(
    settings: Settings, *, kill: bool = False
) -> AsyncIterator[tuple[asyncio.subprocess.Process, ControlClient]]:
    """The daemon and a client, until it is killed, or told to go."""
    Path(settings.control.socket).unlink(missing_ok=True)
    async with daemon(settings) as process:
        async with await connected(settings) as client:
            yield process, client
        if not kill:
            process.terminate()
            await asyncio.wait_for(process.communicate(), PATIENCE_S)


async def end(client: ControlClient, task_id: str) -> TaskRecord:
    async with asyncio.timeout(PATIENCE_S):
        async for record in client.watch(task_id):
            if record.is_final:
                return record
    raise AssertionError("the watch ended before the task")


async def give(site: Site, client: ControlClient, name: str, **more: Any) -> str:
    url = site.publish(package_named(name))
    return (await client.start(TaskRequest(url=url, dest=str(site.folder / name), **more))).id


@pytest.mark.parametrize("kill", [True, False], ids=["killed", "stopped"])
async def test_tasks_go_on_after_a_restart(site: Site, kill: bool, figure: Figure) -> None:
    settings = site.settings(**SLOW)
    async with running(settings, kill=kill) as (_, client):
        active = await give(site, client, "active", settings={"election.weight": 7})
        queued = await give(site, client, "queued", priority="high")
        resting = await give(site, client, "resting")
        gone = await give(site, client, "gone")
        await client.suspend(resting)
        await client.cancel(gone)
        before = await until_held(client, active, 1 << 20)

    fresh = again(settings, "download.rate_limit_bps=0", "tasks.active_max=8")
    started_at = time.monotonic()
    async with running(fresh) as (_, client):
        listed = {record.id: record for record in await client.tasks()}
        assert list(listed) == [active, queued, resting, gone]
        assert (listed[resting].state, listed[gone].state) == ("suspended", "cancelled")
        assert listed[gone].ended is not None
        assert listed[queued].priority == "high"
        first, second = await end(client, active), await end(client, queued)
        figure("two of 3 MiB delivered after the start, s", time.monotonic() - started_at)
        await client.resume(resting)
        third = await end(client, resting)

    assert {record.state for record in (first, second, third)} == {"delivered"}
    assert first.seconds >= before.seconds if not kill else first.seconds > 0
    assert sum(first.bytes_by_source.values()) == first.held_bytes
    for name in ("active", "queued", "resting"):
        assert (site.folder / name / "a").read_bytes() == package_named(name).payload
    if not kill:  # what it had brought before is still its own
        assert first.bytes_by_source["cache"] == 0
        assert first.wan_bytes >= len(package_named("active").payload)


async def test_what_has_ended_is_still_known(site: Site) -> None:
    settings = site.settings()
    async with running(settings) as (_, client):
        done = await end(client, await give(site, client, "small"))
    async with running(settings) as (_, client):
        assert await client.task(done.id) == done


async def test_the_journal_is_private_and_the_log_tells_no_password(site: Site) -> None:
    settings = site.settings(log__level="debug", **SLOW)
    async with daemon(settings) as process:
        async with await connected(settings) as client:
            await client.start(TaskRequest(url=f"http://user:{SECRET}@127.0.0.1:9/x.mcd"))
        process.terminate()
        _, said = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    journal = Path(settings.node.state_dir) / "tasks.journal"

    assert SECRET.encode() not in said
    assert SECRET.encode() in journal.read_bytes()  # without it the task could not go on
    assert stat.S_IMODE(journal.stat().st_mode) == 0o600
    assert stat.S_IMODE(journal.parent.stat().st_mode) == 0o700


async def test_a_damaged_journal_is_told_of_and_does_not_keep_the_agent_from_starting(
    site: Site,
) -> None:
    settings = site.settings(log__format="json", **SLOW)
    async with running(settings, kill=True) as (_, client):
        first, second = [await give(site, client, name) for name in ("first", "second")]
    journal = Path(settings.node.state_dir) / "tasks.journal"
    journal.write_bytes(journal.read_bytes().replace(b"first-1.mcd", b"other-1.mcd"))

    Path(settings.control.socket).unlink(missing_ok=True)
    async with daemon(again(settings)) as process:
        async with await connected(settings) as client:
            assert [record.id for record in await client.tasks()] == [second]
        process.terminate()
        _, said = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    assert b"tasks may be missing" in said
    assert str(journal.with_name("tasks.journal.damaged1")).encode() in said
    assert first.encode() in journal.with_name("tasks.journal.damaged1").read_bytes()


async def test_killed_while_tasks_are_given_each_that_was_answered_is_kept(
    site: Site, figure: Figure
) -> None:
    settings = site.settings(**SLOW)
    answered: list[str] = []

    async def give_many(client: ControlClient) -> None:
        with contextlib.suppress(McastdistError):
            for number in range(1_000):
                wish = TaskRequest(url=f"{site.origin.url}{number}.mcd")
                answered.append((await client.start(wish)).id)

    Path(settings.control.socket).unlink(missing_ok=True)
    async with daemon(settings) as process, await connected(settings) as client:
        giving = asyncio.create_task(give_many(client))
        await asyncio.sleep(0.3)
        process.kill()
        await giving
    async with running(settings) as (_, client):
        kept = [record.id for record in await client.tasks()]

    figure("tasks answered", len(answered))
    figure("of them lost", len(set(answered) - set(kept)))
    assert answered
    assert kept[: len(answered)] == answered
    assert len(kept) <= len(answered) + 1
