"""What is done again and again, whatever goes wrong in between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import AsyncMock, Mock

import pytest
from agent_kit import BLOCK, admit, fill, make_library, make_run, noise, publish
from fake_node import FakeNode

from mcastdist.agent import chores
from mcastdist.agent.api import CacheReport
from mcastdist.agent.chores import beat, close_idle, commit, every, keep_house, start
from mcastdist.errors import NoSpace, StorageError
from mcastdist.ranges import RangeSet
from mcastdist.store import Disk, File

PUBLISHED = publish({"a": noise("a", 1 << 20)})


async def settled() -> None:
    """Let all that can go on without waiting go on."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_a_chore_that_fails_is_done_again(caplog: pytest.LogCaptureFixture) -> None:
    done = asyncio.Event()
    turns: list[str] = []

    async def chore() -> None:
        turns.append("turn")
        if len(turns) == 1:
            raise NoSpace(1, 0, "no room")
        if len(turns) == 2:
            raise ZeroDivisionError
        done.set()

    async with AsyncExitStack() as stack:
        start(stack, every(0.0, chore))
        await asyncio.wait_for(done.wait(), 10)
    assert next(record.fields for record in caplog.records) == {"why": "no room"}
    assert "ZeroDivisionError" in caplog.text


async def test_a_chore_that_waits_for_something_is_done_once_for_it() -> None:
    """So an agent at rest sleeps; and what comes while the chore is done has another turn."""
    after, turns = asyncio.Event(), list[str]()

    async def chore() -> None:
        turns.append("turn")
        if len(turns) == 2:
            after.set()

    async with AsyncExitStack() as stack:
        start(stack, every(0.0, chore, after=after))
        await settled()
        assert turns == []

        after.set()
        await settled()
        assert turns == ["turn"]

        after.set()
        await settled()
        assert turns == ["turn"] * 3


async def test_chores_end_with_the_agent() -> None:
    async with AsyncExitStack() as stack:
        before = len(asyncio.all_tasks())
        start(stack, every(1000.0, AsyncMock()))
        assert len(asyncio.all_tasks()) == before + 1
    assert len(asyncio.all_tasks()) == before


@pytest.fixture
async def agent(tmp_path: Path) -> AsyncIterator[Mock]:
    library = make_library(tmp_path)
    run = make_run()
    run.know(admit(library, PUBLISHED))
    yield Mock(
        library=library,
        driver=Mock(runs={run.spec.id: run}, written=asyncio.Event(), node=FakeNode()),
        used=Mock(return_value={PUBLISHED.content}),
    )
    library.close_all()


async def test_what_was_received_is_made_durable_once(agent: Mock) -> None:
    (run,) = agent.driver.runs.values()
    fill(run.package, PUBLISHED.payload)
    run.dirty_bytes = 5
    await commit(agent)

    assert run.dirty_bytes == 0
    assert agent.library.store.entries()[0].complete
    run.package = Mock(holding=Mock(has_lost_bytes=False))
    await commit(agent)
    run.package.holding.commit.assert_not_called()


async def test_a_disk_that_refuses_is_asked_again_and_is_in_nobody_s_way(agent: Mock) -> None:
    (run,) = agent.driver.runs.values()
    fill(run.package, PUBLISHED.payload)
    run.dirty_bytes = 5
    full = make_run("http://origin/full.mcd")
    full.package, full.dirty_bytes = Mock(holding=Mock(has_lost_bytes=False)), 7
    full.package.holding.commit.side_effect = NoSpace(1, 0, "no room")
    agent.driver.runs = {"full": full, **agent.driver.runs}

    with pytest.raises(NoSpace):
        await commit(agent)

    assert (full.dirty_bytes, run.dirty_bytes) == (7, 0)
    assert agent.driver.written.is_set()
    assert agent.library.store.entries()[0].complete


async def test_what_the_disk_lost_is_told_at_once_and_what_comes_of_it_later_too(
    agent: Mock, monkeypatch: pytest.MonkeyPatch
) -> None:
    big = publish({"a": noise("a", 4 * BLOCK)}, name="big")
    package = admit(agent.library, big)
    (run,) = agent.driver.runs.values()
    run.know(package)
    known = SimpleNamespace(held=RangeSet())
    agent.driver.node.tasks[run.spec.id] = SimpleNamespace(package=known)
    fill(package, big.payload, [(0, BLOCK)])
    package.holding.commit()
    fill(package, big.payload, [(BLOCK, 3 * BLOCK)])
    known.held = RangeSet([(0, 3)])

    def refuse(disk: Disk, file: File) -> None:
        raise StorageError(f"{file.path}: input/output error")

    with monkeypatch.context() as broken:
        broken.setattr(Disk, "sync_data", refuse)
        run.dirty_bytes = 5
        with pytest.raises(StorageError):
            await commit(agent)
    agent.driver.lost.assert_called_once_with(run.spec.id, RangeSet([(1, 3)]))

    fill(package, big.payload, [(BLOCK, 2 * BLOCK)])
    known.held = RangeSet([(0, 2), (3, 4)])  # a write that was under way then has ended now
    run.dirty_bytes = 0
    await commit(agent)
    agent.driver.lost.assert_called_with(run.spec.id, RangeSet([(3, 4)]))

    fill(package, big.payload, [(2 * BLOCK, 4 * BLOCK)])
    known.held = RangeSet([(0, 4)])
    await commit(agent)
    assert agent.driver.lost.call_count == 2
    assert package.holding.complete


async def test_only_what_nobody_uses_is_let_go(
    agent: Mock, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_back = Mock()
    monkeypatch.setattr(chores, "give_back", given_back)
    monkeypatch.setattr(chores, "IDLE_S", 0.0)
    await close_idle(agent)
    assert agent.library.opened(PUBLISHED.content) is not None
    agent.forget_runs.assert_called_once_with()
    given_back.assert_not_called()  # there is nothing new

    agent.used.return_value = set()
    await close_idle(agent)
    assert agent.library.opened(PUBLISHED.content) is None
    given_back.assert_called_once_with()

    agent.forget_runs.side_effect = agent.driver.runs.clear
    await close_idle(agent)
    assert given_back.call_count == 2


async def test_the_hours_are_kept(agent: Mock) -> None:
    await chores.look_at_clock(agent)

    agent.look_at_clock.assert_called_once_with()


async def test_tidying_is_told_if_something_went(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    cache = Mock(cache_gc=AsyncMock(return_value=CacheReport()))
    await keep_house(cache)
    assert "cache cleaned" not in caplog.text

    cache.cache_gc.return_value = CacheReport(removed=["x"], freed_bytes=7)
    await keep_house(cache)
    assert "cache cleaned" in caplog.text


async def test_the_heart_beats() -> None:
    notifier = Mock()
    await beat(notifier)

    notifier.watchdog.assert_called_once_with()


async def test_a_daemon_without_a_watchdog_does_not_beat() -> None:
    for watchdog_s, tasks in ((0.0, 1), (1000.0, 2)):
        async with AsyncExitStack() as stack:
            before = len(asyncio.all_tasks())
            chores.start_daemons_chores(Mock(), Mock(watchdog_s=watchdog_s), stack)
            assert len(asyncio.all_tasks()) - before == tasks


async def test_every_agent_commits_lets_go_and_keeps_to_the_hours() -> None:
    async with AsyncExitStack() as stack:
        before = len(asyncio.all_tasks())
        chores.start_chores(Mock(driver=Mock(written=asyncio.Event())), stack)
        assert len(asyncio.all_tasks()) - before == 3
