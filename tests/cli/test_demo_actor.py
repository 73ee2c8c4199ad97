"""One agent of the demo: what it says of itself, and how it is ended."""

from __future__ import annotations

import asyncio
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from unittest.mock import AsyncMock, Mock

import pytest
from fake_controller import record

from mcastdist.cli import demo_actor
from mcastdist.cli.demo_actor import Actor, clean_environ
from mcastdist.errors import UnavailableError


@pytest.fixture
def actor(tmp_path: Path) -> Actor:
    actor = Actor(3, tmp_path, is_late=True)
    actor.folder.mkdir()
    (actor.folder / "agent.log").write_text("first\nthe port is taken\n")
    return actor


async def sleeper(code: str = "import time; time.sleep(60)") -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(sys.executable, "-c", code)


def test_its_name_place_and_state(actor: Actor) -> None:
    assert (actor.name, actor.address, actor.state) == ("agent 3", "127.0.0.4", "comes late")
    assert Actor(1, actor.folder, is_late=False).state == "starting"
    assert not actor.is_over

    actor.record = record()
    assert (actor.state, actor.problem, actor.is_over) == ("receiving", "", False)
    actor.record = record(state="failed", reason="no_space", sentence="no room for it")
    assert (actor.state, actor.problem, actor.is_over) == ("failed", "no room for it", True)


async def test_one_that_ends_at_once_is_quoted(actor: Actor) -> None:
    actor.process = await sleeper("pass")
    await actor.process.wait()
    async with AsyncExitStack() as stack:
        with pytest.raises(UnavailableError, match="agent 3 ended at once: the port is taken"):
            await actor.ready(stack)


async def test_one_that_never_answers_is_not_waited_for(
    actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo_actor, "READY_S_MAX", 0.0)
    actor.process = await sleeper()
    async with AsyncExitStack() as stack:
        with pytest.raises(UnavailableError, match=r"was not ready.*take fewer --agents"):
            await actor.ready(stack)
    await actor.stop()


async def test_a_lost_agent_fails_with_its_last_words(actor: Actor) -> None:
    client = Mock(start=AsyncMock(side_effect=UnavailableError("no agent answers")))
    await actor.fetch(client, "http://o/x.mcd")

    assert actor.is_over
    assert actor.state == "failed"
    assert actor.problem == "no agent answers (the port is taken)"


async def test_it_is_followed_to_its_end(actor: Actor) -> None:
    async def watch(task_id: str):
        yield record(state="receiving")
        yield record(state="delivered")

    client = Mock(start=AsyncMock(return_value=record(state="seeking")), watch=watch)
    await actor.fetch(client, "http://o/x.mcd")

    assert actor.state == "delivered"
    assert client.start.call_args.args[0].dest == str(actor.delivered)


async def test_it_is_ended_politely_and_then_not(
    actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    await actor.stop()  # never started
    actor.process = await sleeper()
    await actor.stop()
    assert actor.process.returncode == -15
    await actor.stop()

    monkeypatch.setattr(demo_actor, "STOP_S_MAX", 0.1)
    deaf = "import signal, time; signal.signal(15, signal.SIG_IGN); print(1, flush=True)"
    actor.process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", f"{deaf}; time.sleep(60)", stdout=asyncio.subprocess.PIPE
    )
    assert actor.process.stdout is not None
    await actor.process.stdout.readline()
    await actor.stop()
    assert actor.process.returncode == -9


def test_settings_of_this_shell_do_not_reach_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MCASTDIST_CACHE_DIR", "/somewhere")
    monkeypatch.setenv("LANG", "C.UTF-8")

    assert "MCASTDIST_CACHE_DIR" not in clean_environ()
    assert clean_environ()["LANG"] == "C.UTF-8"
