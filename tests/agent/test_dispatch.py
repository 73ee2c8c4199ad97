"""Which tasks are at work, and which wait: real agents on the loopback."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any
from weakref import WeakKeyDictionary

import pytest
from agent_kit import (
    PATIENCE_S,
    Site,
    end,
    package_named,
    until,
)
from figure_book import Figure

from mcastdist.agent.api import TaskRecord, TaskRequest
from mcastdist.agent.chores import start
from mcastdist.agent.control import ControlClient, serve
from mcastdist.agent.controller import AgentController
from mcastdist.agent.daemon import open_agent
from mcastdist.agent.runs import Run
from mcastdist.errors import StorageError
from mcastdist.node.patience import HELD_BACK_S

SLOW_BPS = 1_000_000  # a package of ours takes half a minute: at work as long as a test goes on
MANY = 1_000
BEGUN: WeakKeyDictionary[AgentController, list[str]] = WeakKeyDictionary()


@asynccontextmanager
async def busy(site: Site, **changes: object) -> AsyncIterator[AgentController]:
    """An agent with room for one task, which it has."""
    given = {"tasks__active_max": 1, "download__rate_limit_bps": SLOW_BPS}
    async with site.agent(**(given | changes)) as agent:
        note_beginnings(agent)
        await agent.start(TaskRequest(url=site.publish(package_named("slow"))))
        yield agent


async def add(agent: AgentController, url: str, priority: Any = "normal") -> TaskRecord:
    return await agent.start(TaskRequest(url=url, priority=priority))


async def states(agent: AgentController) -> list[str]:
    return [record.state for record in await agent.tasks()]


def note_beginnings(agent: AgentController) -> None:
    driver, names = agent._driver, []
    begin = driver.start

    def start(run: Run) -> None:
        names.append(run.spec.urls[-1].rpartition("/")[2])
        begin(run)

    driver.start = start  # type: ignore[method-assign]  # it does what it always did
    BEGUN[agent] = names


def begun(agent: AgentController) -> list[str]:
    """The last part of the URL of every run, as they began."""
    return BEGUN[agent]


async def test_who_waits_says_why_and_begins_when_there_is_room(site: Site) -> None:
    async with busy(site) as agent:
        waiting = await add(agent, site.publish(package_named("next")))
        assert (waiting.state, waiting.reason) == ("queued", "queued")
        assert "tasks.active_max" in waiting.sentence
        assert (await agent.status()).tasks["queued"] == 1

        (slow, _) = await agent.tasks()
        await agent.cancel(slow.id)
        record = await agent.task(waiting.id)
        assert record.state != "queued"
        assert (record.reason, record.sentence) == ("", "")


async def test_the_urgent_go_first_then_the_older_and_nobody_is_stopped(
    site: Site, figure: Figure
) -> None:
    async with busy(site) as agent:
        for name, priority in (
            ("low", "low"), ("first", "normal"), ("second", "normal"), ("urgent", "high"),
        ):  # fmt: skip
            await add(agent, f"{site.origin.url}{name}", priority)
        assert begun(agent) == ["slow-1.mcd"]

        slow = (await agent.tasks())[0]
        room_at = time.monotonic()
        await agent.cancel(slow.id)  # and the origin lacks the others, so each ends at once
        await until(lambda: len(begun(agent)) == 2)
        figure("the first begins after there is room, s", time.monotonic() - room_at)
        await until(lambda: len(begun(agent)) == 5)

    assert begun(agent)[1:] == ["urgent", "first", "second", "low"]


async def test_a_second_wish_for_the_same_makes_it_more_urgent(site: Site) -> None:
    async with busy(site) as agent:
        for name in ("one", "two"):
            await add(agent, f"{site.origin.url}{name}")
        again = await add(agent, f"{site.origin.url}two", "high")
        assert again.state == "queued"
        await agent.cancel((await agent.tasks())[0].id)
        await until(lambda: len(begun(agent)) == 3)

    assert begun(agent)[1:] == ["two", "one"]


async def test_what_is_in_the_cache_needs_no_turn(site: Site) -> None:
    url = site.publish(package_named("small"))
    async with site.agent() as agent:
        await end(agent, await agent.start(TaskRequest(url=url)))
        here = (await agent.settings())["cache.dir"]
    async with busy(site, cache__dir=here) as agent:
        assert (await end(agent, await add(agent, url))).state == "cached"
        assert "queued" not in await states(agent)


async def test_a_stream_is_joined_ahead_of_ones_turn(site: Site) -> None:
    published = package_named("streamed")
    url = site.publish(published)
    async with busy(site) as agent, site.agent() as other:
        waiting = await add(agent, url)
        assert waiting.state == "queued"
        theirs = await end(other, await other.start(TaskRequest(url=url)))
        ours = await end(agent, waiting)

        assert (theirs.state, ours.state) == ("cached", "cached")
        assert (theirs.role, ours.role) == ("representative", "receiver")
        assert (await states(agent))[0] not in ("queued", "cached")  # what was at work still is
    assert site.served("streamed-1.payload") == len(published.payload)


async def test_a_queued_task_is_suspended_resumed_and_cancelled(site: Site, figure: Figure) -> None:
    async with busy(site) as agent:
        one, two = [await add(agent, f"{site.origin.url}{name}") for name in ("one", "two")]
        assert (await agent.suspend(one.id)).state == "suspended"
        assert (await agent.task(two.id)).state == "queued"
        assert (await agent.resume(one.id)).state == "queued"
        assert (await agent.cancel(two.id)).state == "cancelled"
        await agent.suspend(one.id)

        await agent.cancel((await agent.tasks())[0].id)
        assert await states(agent) == ["cancelled", "suspended", "cancelled"]
        assert len(begun(agent)) == 1

        resumed_at = time.monotonic()
        await agent.resume(one.id)  # with room it goes on at once
        figure("goes on after, s", time.monotonic() - resumed_at)
        assert begun(agent)[1:] == ["one"]


async def test_an_active_task_that_is_suspended_makes_room_and_queues_when_resumed(
    site: Site,
) -> None:
    async with busy(site) as agent:
        slow, other = (
            (await agent.tasks())[0],
            await add(agent, site.publish(package_named("other"))),
        )
        await agent.suspend(slow.id)
        assert (await agent.task(other.id)).state not in ("queued", "suspended")
        assert (await agent.resume(slow.id)).state == "queued"


async def test_more_room_is_taken_up_when_settings_are_read_again(site: Site) -> None:
    from mcastdist.agent.run import embedded_agent
    from mcastdist.agent.settings import load

    file = site.folder / "agent.toml"
    file.write_text("[tasks]\nactive_max = 1\n")
    settings = site.settings(download__rate_limit_bps=SLOW_BPS)
    async with embedded_agent(load(file, {}, settings.origin.overrides)) as agent:
        note_beginnings(agent)
        for name in ("slow", "next", "last"):
            await agent.start(TaskRequest(url=site.publish(package_named(name))))
        file.write_text("[tasks]\nactive_max = 2\n")
        assert "tasks.active_max" in (await agent.reload())["applied"]
        await until(lambda: len(begun(agent)) == 2)

        assert (await states(agent)).count("queued") == 1


class Counted:
    """Counts calls of some methods, which do what they always did."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls: Counter[str] = Counter()
        self._monkeypatch = monkeypatch

    def count(self, owner: object, name: str) -> None:
        inner: Callable[..., Any] = getattr(owner, name)

        def counted(*arguments: Any, **named: Any) -> Any:
            self.calls[name] += 1
            return inner(*arguments, **named)

        self._monkeypatch.setattr(owner, name, counted)


@asynccontextmanager
async def asked_from_outside(agent: AgentController, site: Site) -> AsyncIterator[ControlClient]:
    door, token = site.folder / "door", site.folder / "token"
    server = await serve(agent, listen=None, unix_socket=door, token_file=token)
    try:
        async with ControlClient.connect(listen=None, unix_socket=door, token_file=token) as client:
            yield client
    finally:
        await server.close()


async def test_a_thousand_queued_tasks_cost_no_more_each_than_one(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = Counted(monkeypatch)
    async with busy(site) as agent, asked_from_outside(agent, site) as client:
        for owner, name in (
            (agent._book, "refresh"),
            (agent._book.entries, "of_run"),
            (agent._agent.library, "known"),
            (agent._driver.node, "start"),
            (agent._driver.node, "wake"),
            (agent.dispatch, "_is_at_work"),
        ):
            counted.count(owner, name)
        ids = [
            (await client.start(TaskRequest(url=f"{site.origin.url}{number}"))).id
            for number in range(MANY)
        ]
        calls = dict(counted.calls)
        assert (await states(agent)).count("queued") == MANY
        assert calls.pop("wake", 0) < MANY  # the node goes on with its task, as it would alone
        assert "start" not in calls
        assert all(times <= 4 * MANY for times in calls.values()), calls

        counted.calls.clear()
        for task_id in ids[: MANY // 2]:
            await client.cancel(task_id)
        assert (await states(agent)).count("queued") == MANY // 2
        assert "start" not in counted.calls
        assert counted.calls["of_run"] <= 4 * MANY
        assert counted.calls["_is_at_work"] <= 4 * MANY


async def test_a_task_that_rests_makes_room_and_goes_on_only_where_there_is_some(
    site: Site,
) -> None:
    settings = site.settings(
        tasks__active_max=1, download__rate_limit_bps=SLOW_BPS, multicast__enabled="false",
        download__retry_backoff_min="[0.01]",
    )  # fmt: skip
    async with AsyncExitStack() as stack:
        agent = AgentController(await open_agent(settings, stack, trace=None))
        start(stack, agent.dispatch.tend())
        dead = await add(agent, "http://127.0.0.1:9/x.mcd")
        slow = await add(agent, site.publish(package_named("slow")))
        assert slow.state == "queued"
        async with asyncio.timeout(PATIENCE_S):
            while (await agent.task(slow.id)).state != "downloading":
                await asyncio.sleep(0.02)
            while (await agent.task(dead.id)).retry_s_left < HELD_BACK_S / 4:
                await asyncio.sleep(0.02)
        assert (await agent.task(dead.id)).state == "waiting"
        assert (await agent.task(dead.id)).fallbacks["waits_to_retry:refused"] == 1


async def test_who_is_cancelled_while_its_cache_is_looked_at_never_waits(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with busy(site) as agent:

        async def cancelled_meanwhile(locator: object) -> None:
            agent._book.end(list(agent._book.entries)[-1], "cancelled", "cancelled")

        monkeypatch.setattr(agent.dispatch, "_known", cancelled_meanwhile)
        record = await add(agent, f"{site.origin.url}x")
        assert record.state == "cancelled"
        await agent.dispatch.look()
        assert begun(agent) == ["slow-1.mcd"]


async def test_a_store_that_cannot_be_read_fails_its_task_alone(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with site.agent() as agent:

        async def broken(locator: object) -> None:
            raise StorageError("the disk is gone")

        monkeypatch.setattr(agent.dispatch, "_known", broken)
        record = await add(agent, f"{site.origin.url}x")

    assert (record.state, record.failure, record.sentence) == (
        "failed", "storage", "the disk is gone",
    )  # fmt: skip


async def test_an_override_that_became_wrong_ends_its_task_alone(site: Site) -> None:
    async with busy(site) as agent:
        waiting = await add(agent, f"{site.origin.url}x")
        agent._book.entries.find(waiting.id).request.settings["nonsense"] = 1
        await agent.cancel((await agent.tasks())[0].id)
        record = await agent.task(waiting.id)

    assert (record.state, record.reason, record.failure) == ("failed", "usage_error", "usage")
    assert "nonsense" in record.sentence


async def test_machines_that_take_their_tasks_in_another_order_pay_once_for_each(
    site: Site,
) -> None:
    packages = [package_named(f"p{number}") for number in range(5)]
    urls = [site.publish(one) for one in packages]
    async with AsyncExitStack() as stack:
        agents = [
            await stack.enter_async_context(site.agent(tasks__active_max=1)) for _ in range(3)
        ]
        given = [
            [(agent, await add(agent, url)) for url in urls[turned:] + urls[:turned]]
            for turned, agent in enumerate(agents)
        ]
        ends = [await end(agent, record) for tasks in given for agent, record in tasks]

    assert [record.state for record in ends] == ["cached"] * len(ends)
    for published in packages:
        assert site.served(f"{published.manifest.stem}.payload") == len(published.payload)
