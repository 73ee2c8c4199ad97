"""An agent as a daemon with a control socket, and a store with no agent at all."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import AsyncMock, Mock

import pytest
from agent_kit import PATIENCE_S, Site, noise, publish
from daemon_kit import connected, daemon

from mcastdist.agent import run as run_module
from mcastdist.agent.api import TaskRequest
from mcastdist.agent.run import _log_unexpected, lacks_interface, offline_cache, refresh_interfaces
from mcastdist.agent.settings import load
from mcastdist.errors import StoreBusy

PUBLISHED = publish({"a": noise("a", 1 << 20)})


async def test_a_daemon_takes_tasks_reloads_and_goes_when_told(site: Site) -> None:
    url = site.publish(PUBLISHED)
    settings = site.settings(log__level="info", log__format="json")
    async with daemon(settings) as process:
        async with await connected(settings) as client:
            record = await client.start(TaskRequest(url=url, dest=str(site.folder / "out")))
            async with asyncio.timeout(PATIENCE_S):
                async for now in client.watch(record.id):
                    record = now
            status = await client.status()
            process.send_signal(signal.SIGHUP)
            with pytest.raises(StoreBusy):
                async with offline_cache(settings):
                    pass
        process.terminate()
        _, said = await asyncio.wait_for(process.communicate(), PATIENCE_S)

    assert record.state == "delivered"
    assert status.pid == process.pid
    assert process.returncode == 0
    text = said.decode()
    for sentence in ("ready", "task delivered", "settings read again", "stops"):
        assert f'"sentence":"{sentence}"' in text
    assert "Traceback" not in text
    async with offline_cache(settings) as cache:
        assert [entry.name for entry in await cache.cache_list()] == ["app"]
        assert (await cache.cache_verify(None)).damaged == {}
        assert (await cache.cache_remove("app-1")).freed_bytes == len(PUBLISHED.payload)


@pytest.mark.skipif(sys.platform != "linux", reason="looks at what the kernel has mapped")
async def test_an_agent_at_rest_has_not_loaded_what_only_streams_need(site: Site) -> None:
    """Numpy is a fifth of what an agent would take from the machine whose guest it is."""
    url, settings = site.publish(PUBLISHED), site.settings()
    async with daemon(settings) as process:
        maps = Path(f"/proc/{process.pid}/maps")
        async with await connected(settings) as client:
            await client.status()
            at_rest = maps.read_text()
            await client.start(TaskRequest(url=url))
            async with asyncio.timeout(PATIENCE_S):
                while "numpy" not in maps.read_text():
                    await asyncio.sleep(0.02)

    assert "_rust" in at_rest  # of cryptography: it is this agent's memory that we see
    assert "numpy" not in at_rest


async def test_a_store_that_was_never_made_is_empty(site: Site) -> None:
    async with offline_cache(site.settings()) as cache:
        assert await cache.cache_list() == []


async def test_an_embedded_agent_does_not_wait_for_better_times(site: Site) -> None:
    async with site.agent() as agent:
        assert agent._agent.settings.download.retry_backoff_min == ()


@pytest.mark.parametrize(
    ("given", "taken"), [("info", "error"), ("debug", "debug"), ("warning", "warning")]
)
def test_a_command_logs_only_what_broke_unless_asked(
    given: str, taken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    levels: list[str] = []
    monkeypatch.setattr(run_module.logs, "set_up", lambda log: levels.append(log.level))
    settings = load(None, {}, [f"log.level={given}"])
    run_module._log_only_what_is_wrong(settings)
    assert levels == []  # the tests' own handlers are there

    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    run_module._log_only_what_is_wrong(settings)
    assert levels == [taken]


async def test_interfaces_that_come_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = [SimpleNamespace(name="eth1", address="10.0.0.1")]
    monkeypatch.setattr(run_module, "read_inventory", lambda: None)
    monkeypatch.setattr(run_module, "choose", lambda *_: SimpleNamespace(chosen=fresh))
    renew = AsyncMock()
    agent = Mock(
        interfaces=[SimpleNamespace(name="eth0", address="10.0.0.9")],
        driver=Mock(hands=Mock(fetcher=Mock(renew_connections=renew))),
        http_port=7447,
        transport=Mock(refresh=Mock(return_value=["eth1: busy"])),
        peers=Mock(listen=AsyncMock()),
        reconfigure=AsyncMock(),
    )
    await refresh_interfaces(agent)

    assert agent.interfaces == fresh
    agent.transport.refresh.assert_called_once_with(fresh)
    agent.peers.listen.assert_awaited_once_with(["10.0.0.1"], 7447)
    agent.reconfigure.assert_awaited_once_with()
    renew.assert_awaited_once_with()  # for 10.0.0.9 is gone

    await refresh_interfaces(agent)
    renew.assert_awaited_once_with()


async def test_what_came_before_the_watch_was_open_is_not_missed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    eth0, eth1 = SimpleNamespace(name="eth0"), SimpleNamespace(name="eth1")
    refresh = AsyncMock()
    monkeypatch.setattr(run_module, "read_inventory", lambda: None)
    monkeypatch.setattr(run_module, "choose", lambda *_: SimpleNamespace(chosen=[eth0, eth1]))
    monkeypatch.setattr(run_module, "InterfaceWatch", Mock())
    monkeypatch.setattr(run_module, "refresh_interfaces", refresh)
    for seen_at_first, times in (([eth0], 1), ([eth0, eth1], 0)):
        refresh.reset_mock()
        async with AsyncExitStack() as stack:
            run_module._watch_interfaces(Mock(interfaces=seen_at_first), stack)
            await asyncio.sleep(0.2)
        assert refresh.await_count == times


async def test_a_first_look_that_fails_does_not_end_the_watching(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    looked = asyncio.Event()
    monkeypatch.setattr(run_module, "read_inventory", Mock(side_effect=ValueError("gone")))
    monkeypatch.setattr(run_module, "InterfaceWatch", Mock())
    monkeypatch.setattr(
        run_module, "refresh_interfaces", AsyncMock(side_effect=lambda _: looked.set())
    )
    async with AsyncExitStack() as stack:
        run_module._watch_interfaces(Mock(interfaces=[]), stack)
        await asyncio.wait_for(looked.wait(), 10)
    assert "could not be looked at" in caplog.text


def test_who_had_more_interfaces_lacks_one_until_it_is_back() -> None:
    eth0, eth1 = SimpleNamespace(name="eth0"), SimpleNamespace(name="eth1")

    assert lacks_interface(Mock(interfaces=[]), set())
    assert lacks_interface(Mock(interfaces=[eth1]), {"eth0", "eth1"})
    assert not lacks_interface(Mock(interfaces=[eth0, eth1]), {"eth0", "eth1"})


def test_what_nobody_caught_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    try:
        raise ZeroDivisionError("lost")
    except ZeroDivisionError as error:
        _log_unexpected(Mock(), {"message": "a task was lost", "exception": error})
    _log_unexpected(Mock(), {})

    assert "a task was lost" in caplog.text
    assert "Traceback" in caplog.text
    assert "something unexpected" in caplog.text
