"""What an agent answers when it is asked: a real one, with no neighbours."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from agent_kit import PATIENCE_S, Site, end, held, noise, publish, sha256, until, until_held

from mcastdist.agent.api import TaskRequest
from mcastdist.agent.controller import AgentController
from mcastdist.errors import StorageError, UsageError
from mcastdist.ids import Locator
from mcastdist.store import Disk, File

PUBLISHED = publish({"a": noise("a", 3 << 20)}, folders=["empty"])


@pytest.fixture
async def agent(site: Site) -> AsyncIterator[AgentController]:
    async with site.agent() as agent:
        yield agent


def request(site: Site, url: str, dest: str | None = "out", **more: object) -> TaskRequest:
    return TaskRequest(url=url, dest=dest and str(site.folder / dest), **more)


def held_bytes(agent: AgentController, url: str) -> int:
    """What the run of this URL holds."""
    package = agent._agent.driver.runs[Locator.of_url(url).hex()].package
    return package.holding.held_bytes if package else 0


async def test_a_task_alone_is_downloaded_and_delivered(site: Site, agent: AgentController) -> None:
    url = site.publish(PUBLISHED)
    record = await end(agent, await agent.start(request(site, url)))

    assert (record.state, record.name, record.role) == ("delivered", "app", "representative")
    assert (site.folder / "out" / "a").read_bytes() == PUBLISHED.payload
    assert (site.folder / "out" / "empty").is_dir()
    assert record.bytes_by_source["origin"] == record.held_bytes == len(PUBLISHED.payload)
    assert site.served(".payload") == len(PUBLISHED.payload)
    assert [one.state for one in await agent.tasks()] == ["delivered"]


async def test_what_was_precached_is_delivered_without_the_network(
    site: Site, agent: AgentController
) -> None:
    url = site.publish(PUBLISHED)
    cached = await end(agent, await agent.start(request(site, url, None)))
    await agent.linger(0.0)
    (entry,) = await agent.cache_list()
    served = site.served()
    record = await end(agent, await agent.start(request(site, url)))

    assert cached.state == "cached"
    assert entry.precached
    assert record.state == "delivered"
    assert site.served() == served


async def test_what_was_fetched_before_can_be_pre_cached(
    site: Site, agent: AgentController
) -> None:
    """Also while it is still open, and when it is only found in the cache."""
    url = site.publish(PUBLISHED)
    await end(agent, await agent.start(request(site, url)))
    (before,) = await agent.cache_list()
    record = await end(agent, await agent.start(request(site, url, None)))
    (after,) = await agent.cache_list()

    assert record.state == "cached"
    assert (before.precached, after.precached) == (False, True)


async def test_what_an_open_session_brought_before_is_no_download_of_the_next_task(
    site: Site, agent: AgentController
) -> None:
    url = site.publish(PUBLISHED)
    cached = await end(agent, await agent.start(request(site, url, None)))
    record = await end(agent, await agent.start(request(site, url)))

    assert cached.bytes_by_source["origin"] == len(PUBLISHED.payload) <= cached.wan_bytes
    assert (record.bytes_by_source["cache"], record.wan_bytes) == (len(PUBLISHED.payload), 0)


async def test_two_tasks_for_one_url_at_once_are_one_download(
    site: Site, agent: AgentController
) -> None:
    url = site.publish(PUBLISHED)
    records = await asyncio.gather(*(agent.start(request(site, url, f"out{n}")) for n in range(4)))
    ends = await asyncio.gather(*(end(agent, record) for record in records))

    assert [record.state for record in ends] == ["delivered"] * 4
    assert len({record.id for record in ends}) == 4
    assert site.served(".payload") == len(PUBLISHED.payload)


async def test_a_plain_file_and_its_name(site: Site, agent: AgentController) -> None:
    data = noise("plain", 1 << 20)
    (site.folder / "origin" / "set up.exe").write_bytes(data)
    url = f"{site.origin.url}set%20up.exe"
    wish = request(site, url, sha256=sha256(data).hex())
    record = await end(agent, await agent.start(wish))

    assert (record.state, record.name) == ("delivered", "set up.exe")
    assert (site.folder / "out" / "set up.exe").read_bytes() == data
    assert record.bytes_by_source["origin"] == len(data)
    assert record.bytes_by_source["cache"] == 0


async def test_a_plain_file_that_is_another(site: Site, agent: AgentController) -> None:
    (site.folder / "origin" / "x").write_bytes(b"something else")
    wish = request(site, f"{site.origin.url}x", sha256="00" * 32)
    record = await end(agent, await agent.start(wish))

    assert (record.state, record.reason, record.failure) == (
        "failed", "digest_mismatch", "content",
    )  # fmt: skip
    assert not (site.folder / "out").exists()


async def test_nothing_is_removed_while_a_task_begins_that_may_have_found_it_here(
    agent: AgentController,
) -> None:
    held(agent._library, PUBLISHED)
    async with agent.dispatch.beginning:
        removing = asyncio.ensure_future(agent.cache_remove("app-1"))
        await asyncio.wait([removing], timeout=0.2)
        assert not removing.done()

    assert (await removing).removed == [PUBLISHED.content.hex()]


@pytest.mark.parametrize("first_bytes", [1 << 20, 1 << 19], ids=["apart", "over two blocks"])
async def test_what_the_disk_could_not_sync_is_fetched_again(
    site: Site, monkeypatch: pytest.MonkeyPatch, first_bytes: int
) -> None:
    """Else the task is said to be cached and lacks some, or waits for ever."""
    files = {"a": noise("a", first_bytes), "b": noise("b", (4 << 20) - first_bytes)}
    url = site.publish(publish(files, chunk_bytes=1 << 20))
    to_refuse: list[str] = []
    sync_data = Disk.sync_data

    def refuse_once(disk: Disk, file: File) -> None:
        if file.path.name in to_refuse:
            to_refuse.clear()
            raise StorageError(f"{file.path}: input/output error")
        sync_data(disk, file)

    monkeypatch.setattr(Disk, "sync_data", refuse_once)
    async with site.agent(download__rate_limit_bps=16_000_000) as agent:
        record = await agent.start(request(site, url, None))
        await until_held(agent, record.id, 1 << 19)
        to_refuse.append("payload")
        record = await end(agent, record)
        (entry,) = await agent.cache_list()

    assert not to_refuse
    assert (record.state, entry.complete) == ("cached", True)


async def test_what_is_not_there(site: Site, agent: AgentController) -> None:
    url = f"{site.origin.url}nothing.mcd"
    record = await end(agent, await agent.start(request(site, url)))

    assert (record.state, record.reason, record.failure) == ("failed", "status_404", "unavailable")
    assert "nothing.mcd" in record.sentence


async def test_suspend_resume_cancel(site: Site) -> None:
    url = site.publish(PUBLISHED)
    async with site.agent(download__rate_limit_bps=4_000_000) as agent:
        record = await agent.start(request(site, url))
        await until(lambda: site.served(".payload") > 200_000)
        suspended = await agent.suspend(record.id)
        assert suspended.state == "suspended"
        assert not (await agent.status()).sessions
        with pytest.raises(UsageError, match="not suspended"):
            await agent.resume((await agent.start(request(site, "http://127.0.0.1:9/y"))).id)

        held_bytes = (await agent.cache_list())[0].held_bytes
        assert (await agent.resume(record.id)).state != "suspended"
        await until(lambda: agent._agent.driver.node.task(Locator.of_url(url).hex()) is not None)
        cancelled = await agent.cancel(record.id[:6])
        assert cancelled.state == "cancelled"
        assert (await agent.cancel(record.id)).state == "cancelled"
        with pytest.raises(UsageError, match="nothing to suspend"):
            await agent.suspend(record.id)
        assert (await agent.cache_list())[0].held_bytes >= held_bytes


async def test_a_resumed_task_goes_on_from_what_it_has(site: Site) -> None:
    url = site.publish(PUBLISHED)
    async with site.agent(download__rate_limit_bps=20_000_000) as agent:
        record = await agent.start(request(site, url))
        # Between two blocks: of one that is being written docs/faults.md says what falls short.
        being_written = agent._agent.driver.hands.fetcher._blocks._writes
        await until(lambda: held_bytes(agent, url) > 1 << 20 and not being_written)
        await agent.suspend(record.id)
        await agent.resume(record.id)
        record = await end(agent, record)

    assert record.state == "delivered"
    assert record.bytes_by_source["cache"] == 0  # what it brought before it rested is its own
    assert record.bytes_by_source["origin"] == len(PUBLISHED.payload)
    assert record.wan_bytes >= len(PUBLISHED.payload)
    assert site.served(".payload") < 1.6 * len(PUBLISHED.payload)


async def test_a_second_task_joins_when_all_is_here(site: Site, agent: AgentController) -> None:
    url = site.publish(PUBLISHED)
    await end(agent, await agent.start(request(site, url)))
    assert agent._agent.driver.node.is_engaged  # the session is not over yet
    record = await end(agent, await agent.start(request(site, url, "again")))

    assert record.state == "delivered"
    assert (site.folder / "again" / "a").exists()


async def test_damage_found_while_delivering_is_fetched_again(
    site: Site, agent: AgentController
) -> None:
    url = site.publish(PUBLISHED)
    await end(agent, await agent.start(request(site, url, None)))
    payload = next(Path((await agent.settings())["cache.dir"]).rglob("payload"))
    with payload.open("r+b") as file:
        file.seek(1 << 20)
        file.write(b"flipped")
    record = await end(agent, await agent.start(request(site, url)))

    assert record.state == "delivered"
    assert (site.folder / "out" / "a").read_bytes() == PUBLISHED.payload
    assert site.served(".payload") < 1.5 * len(PUBLISHED.payload)


async def test_watching_everything_shows_what_comes_later(
    site: Site, agent: AgentController
) -> None:
    url = site.publish(PUBLISHED)
    seen: list[tuple[str, str]] = []

    async def watch() -> None:
        async for record in agent.watch():
            seen.append((record.id, record.state))
            if record.is_final:
                return

    watching = asyncio.create_task(watch())
    await asyncio.sleep(0)
    record = await agent.start(request(site, url))
    await asyncio.wait_for(watching, PATIENCE_S)

    assert seen[-1] == (record.id, "delivered")
    assert seen[0][1] != "delivered"


async def test_a_task_that_ends_while_its_watcher_is_busy_is_seen_to_end(
    site: Site, agent: AgentController
) -> None:
    record = await agent.start(request(site, site.publish(PUBLISHED)))
    watching = agent.watch(record.id)
    assert not (await anext(watching)).is_final
    await agent.cancel(record.id)

    assert [one.state async for one in watching] == ["cancelled"]


async def test_no_two_tasks_have_the_same_id(
    site: Site, agent: AgentController, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = iter(["aa", "aa", "aa", "bb"])
    monkeypatch.setattr("secrets.token_hex", lambda count: next(drawn))
    for _ in range(2):
        await agent.start(request(site, f"{site.origin.url}nothing.mcd"))

    assert [record.id for record in await agent.tasks()] == ["aa", "bb"]


async def test_status_and_settings(site: Site, agent: AgentController) -> None:
    url = site.publish(PUBLISHED)
    await end(agent, await agent.start(request(site, url, None)))
    status = await agent.status()

    assert status.tasks == {"cached": 1}
    assert status.store["entries"] == 1
    assert status.udp_port == site.port
    assert status.http_port > 0
    assert [one["name"] for one in status.interfaces] == ["lo"]
    assert status.sessions[0]["role"] == "representative"
    assert (await agent.settings())["multicast.port"] == site.port


async def test_settings_are_read_again(site: Site, tmp_path: Path) -> None:
    from mcastdist.agent.run import embedded_agent
    from mcastdist.agent.settings import load

    settings = site.settings()
    file = tmp_path / "agent.toml"
    file.write_text("[repair]\nuploads_max = 3\n")
    async with embedded_agent(load(file, {}, settings.origin.overrides)) as agent:
        assert agent._agent.peers.uploads_max == 3
        more = "[download]\nallow_peers = false\n[multicast]\nenabled = false\n"
        file.write_text(f"[repair]\nuploads_max = 5\n{more}")
        answer = await agent.reload()

        assert {"repair.uploads_max", "download.allow_peers"} <= set(answer["applied"])
        assert agent._agent.peers.uploads_max == 5
        assert not agent._agent.peers.is_open
        trials = agent._agent.driver.trials
        assert not trials._about(trials.settings).multicast


async def test_what_needs_a_restart_is_told_until_it_is_put_back(
    site: Site, tmp_path: Path
) -> None:
    from mcastdist.agent.run import embedded_agent
    from mcastdist.agent.settings import load

    file = tmp_path / "agent.toml"
    file.write_text("[multicast]\nttl = 1\n")
    async with embedded_agent(load(file, {}, site.settings().origin.overrides)) as agent:
        file.write_text("[multicast]\nttl = 2\n")
        for _ in range(2):
            assert (await agent.reload())["needs_restart"] == ["multicast.ttl"]
            assert (await agent.settings())["multicast.ttl"] == 1  # which is in force
        file.write_text("[multicast]\nttl = 1\n")
        assert (await agent.reload())["needs_restart"] == []


async def test_ids_that_name_nothing_or_too_much(site: Site, agent: AgentController) -> None:
    for task_id in ("", "zz"):
        with pytest.raises(UsageError, match=r"no task|more than one"):
            await agent.task(task_id)


async def test_an_override_that_is_none(site: Site, agent: AgentController) -> None:
    for settings in ({"nonsense": 1}, {"cache.dir": "/x"}):
        with pytest.raises(UsageError):
            await agent.start(request(site, "http://o/x.mcd", settings=settings))
    assert await agent.tasks() == []
