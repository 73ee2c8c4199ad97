"""An agent put together and taken apart, and several of them on one segment."""

from __future__ import annotations

import asyncio
import os
import threading
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from agent_kit import KEY, PATIENCE_S, Site, noise, publish, sha256, until

from mcastdist.agent.api import TaskRecord, TaskRequest
from mcastdist.agent.controller import AgentController
from mcastdist.agent.daemon import open_agent
from mcastdist.errors import StoreBusy, UsageError
from mcastdist.ids import BootId, Locator, cluster_tag
from mcastdist.tracing import EventLog
from mcastdist.wire import Sealer, Seek

PUBLISHED = publish({"a": noise("a", 6 << 20), "b": noise("b", 2 << 20)})


async def fetch(agent: AgentController, url: str, dest: Path, **more: object) -> TaskRecord:
    record = await agent.start(TaskRequest(url=url, dest=str(dest), **more))
    async with asyncio.timeout(PATIENCE_S):
        async for now in agent.watch(record.id):
            record = now
    return record


async def test_a_segment_pays_once(site: Site) -> None:
    url = site.publish(PUBLISHED)
    async with site.agent() as one, site.agent() as two, site.agent() as three:
        records = await asyncio.gather(
            *(
                fetch(agent, url, site.folder / f"out{n}")
                for n, agent in enumerate((one, two, three))
            )
        )
    assert [record.state for record in records] == ["delivered"] * 3
    assert sorted(record.role for record in records) == ["receiver", "receiver", "representative"]
    assert site.served(".payload") == len(PUBLISHED.payload)
    assert site.served(".mcd") == len(PUBLISHED.data)
    for record in records:
        assert sum(record.bytes_by_source.values()) == len(PUBLISHED.payload)
    receivers = [record for record in records if record.role == "receiver"]
    assert all(record.bytes_by_source["multicast"] > 0 for record in receivers)
    for number in range(3):
        assert (site.folder / f"out{number}" / "a").read_bytes() == PUBLISHED.payload[: 6 << 20]


async def test_a_plain_file_for_two_under_two_urls(site: Site) -> None:
    data = noise("plain", 3 << 20)
    for name in ("setup.exe", "mirror.bin"):
        (site.folder / "origin" / name).write_bytes(data)
    digest = sha256(data).hex()
    async with site.agent() as one, site.agent() as two:
        records = await asyncio.gather(
            fetch(one, f"{site.origin.url}setup.exe", site.folder / "out", sha256=digest),
            fetch(two, f"{site.origin.url}mirror.bin", site.folder / "out", sha256=digest),
        )
    assert [record.state for record in records] == ["delivered"] * 2
    assert records[0].content == records[1].content
    assert sorted(path.name for path in (site.folder / "out").iterdir()) == [
        "mirror.bin",
        "setup.exe",
    ]
    assert site.served() == len(data)


async def test_who_has_it_gives_it_to_who_comes_much_later(site: Site) -> None:
    url = site.publish(PUBLISHED)
    async with site.agent() as one:
        await fetch(one, url, site.folder / "out")
        await until(lambda: not one._agent.driver.node.is_engaged)
        one._agent.library.close(PUBLISHED.content)
        served = site.served()
        async with site.agent() as two:
            record = await fetch(two, url, site.folder / "later")

    assert record.state == "delivered"
    assert record.bytes_by_source["peer"] == len(PUBLISHED.payload)
    assert site.served() == served


async def test_what_is_in_the_store_is_offered_after_a_restart(site: Site) -> None:
    url = site.publish(PUBLISHED)
    settings = site.settings()
    async with AsyncExitStack() as stack:
        agent = await open_agent(settings, stack, trace=None)
        await fetch(AgentController(agent), url, site.folder / "out")
    trace = EventLog()
    async with AsyncExitStack() as stack:
        agent = await open_agent(settings, stack, trace=trace)
        assert agent.library.opened(PUBLISHED.content) is None
        locator = agent.library.store.locators()[0][0]
        agent.driver.node.receive(
            Seek(locator, b""), agent.identity.node + 1, ("127.0.0.9", 1), now=0.0
        )
        agent.driver._turns.settle()
        await until(lambda: list(trace.named("node.offer")))


async def test_the_trace_names_a_task_by_the_id_its_user_knows(site: Site) -> None:
    url = site.publish(PUBLISHED)
    trace = EventLog()
    async with AsyncExitStack() as stack:
        agent = await open_agent(site.settings(), stack, trace=trace)
        record = await fetch(AgentController(agent), url, site.folder / "out")
    (begun,), (ended,) = trace.named("agent.task"), trace.named("agent.task_ended")
    assert begun.fields == {
        "task": record.id, "locator": Locator.of_url(url), "file": url.rpartition("/")[2],
    }  # fmt: skip
    assert (ended.fields["task"], ended.fields["state"]) == (record.id, "delivered")


async def test_everything_is_closed_in_the_end(site: Site) -> None:
    url = site.publish(PUBLISHED)
    async with site.agent() as first:  # what is made once for the process stays
        await fetch(first, url, site.folder / "out")
    descriptors, threads = len(os.listdir("/proc/self/fd")), threading.active_count()
    async with site.agent() as one, site.agent() as two:
        await asyncio.gather(
            fetch(one, url, site.folder / "one"), fetch(two, url, site.folder / "two")
        )
    assert len(os.listdir("/proc/self/fd")) <= descriptors
    assert threading.active_count() <= threads + 8  # those of `to_thread` stay


async def test_leaving_hands_over_and_the_other_completes(site: Site) -> None:
    url = site.publish(PUBLISHED)
    async with site.agent() as stays:
        async with site.agent(election__weight=90, download__rate_limit_bps=30_000_000) as leaves:
            await leaves.start(TaskRequest(url=url, dest=None))
            task = asyncio.create_task(fetch(stays, url, site.folder / "out"))
            await until(lambda: site.served(".payload") > 2 << 20)
        record = await task

    assert record.state == "delivered"
    assert record.role == "representative"
    assert site.served(".payload") < 2 * len(PUBLISHED.payload)


async def test_a_twin_is_named_and_makes_us_draw_another_id(site: Site) -> None:
    """As after copying a disk: another agent with our node id speaks on the segment."""
    async with site.agent() as controller:
        agent = controller._agent
        own, cluster = agent.identity.node, agent.settings.cluster.id
        twin = Sealer(KEY, cluster_tag(cluster), own, BootId(agent.identity.boot ^ 1))
        for _ in range(2):
            datagram = memoryview(twin.seal(Seek(Locator.of_url("http://o/x"), b"")))
            agent.driver.ear.hear(datagram, ("127.0.0.9", 7447))
        status = await controller.status()

        next_time = agent.identity.state.node_id()
        assert next_time != own
        assert status.node == f"{own:016x}"  # a session under way keeps its name
        assert status.mismatches == [{"address": "127.0.0.9", "cause": "twin", "count": 2}]


async def test_two_agents_do_not_share_a_store(site: Site) -> None:
    settings = site.settings()
    async with AsyncExitStack() as stack:
        await open_agent(settings, stack, trace=None)
        with pytest.raises(StoreBusy):
            async with AsyncExitStack() as second:
                await open_agent(settings, second, trace=None)


@pytest.mark.parametrize("missing", ["cluster__id", "cluster__key_file"])
async def test_what_is_required_is_named_and_nothing_is_left_open(site: Site, missing: str) -> None:
    with pytest.raises(UsageError, match=missing.replace("__", r"\.")):
        async with AsyncExitStack() as stack:
            await open_agent(site.settings(**{missing: ""}), stack, trace=None)


async def test_a_bad_ca_file_is_named_and_the_store_is_free_again(site: Site) -> None:
    settings = site.settings(download__ca_file=site.folder / "none.pem")
    for _ in range(2):
        with pytest.raises(UsageError, match="ca_file"):
            async with AsyncExitStack() as stack:
                await open_agent(settings, stack, trace=None)


async def test_a_trace_is_written(site: Site) -> None:
    url = site.publish(PUBLISHED)
    async with site.agent(trace__file=site.folder / "trace.jsonl") as agent:
        await fetch(agent, url, site.folder / "out")

    assert "node.complete" in (site.folder / "trace.jsonl").read_text()


async def test_runs_that_are_over_are_forgotten(site: Site) -> None:
    url = site.publish(PUBLISHED)
    async with site.agent() as controller:
        agent = controller._agent
        record = await fetch(controller, url, site.folder / "out")
        agent.forget_runs()
        assert agent.used() == {PUBLISHED.content}  # the session is still on

        await until(lambda: not agent.driver.node.is_engaged)
        agent.forget_runs()
        assert agent.used() == set()
        assert agent.driver.runs == {}
        assert (await controller.task(record.id)).held_bytes == len(PUBLISHED.payload)
