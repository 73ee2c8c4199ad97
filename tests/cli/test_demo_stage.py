"""How the stage is set, and what is found on it in the end."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fake_controller import record

from mcastdist.agent.settings import load
from mcastdist.cli import demo_stage
from mcastdist.cli.demo_actor import Actor, _as_text
from mcastdist.cli.demo_package import Package
from mcastdist.cli.demo_stage import Stage, stage_settings
from mcastdist.errors import UnavailableError


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """Two agents that have delivered two files."""
    source = tmp_path / "source"
    (source / "sub").mkdir(parents=True)
    (source / "a").write_text("a")
    (source / "sub" / "b").write_text("b")
    actors = [Actor(number, tmp_path, is_late=number == 2) for number in (1, 2)]
    for actor in actors:
        (actor.delivered / "sub").mkdir(parents=True)
        (actor.delivered / "a").write_text("a")
        (actor.delivered / "sub" / "b").write_text("b")
        actor.record = record(state="delivered")
    origin: Any = SimpleNamespace(stats=lambda: {"bytes": 3})
    package = Package("demo 1", source, 2, 2)
    return Stage(actors=actors, origin=origin, package=package)


def test_a_stage_on_which_all_went_well(stage: Stage) -> None:
    result = stage.result()

    assert stage.is_over
    assert result["complete"]
    assert (result["origin_bytes"], result["origin_copies"]) == (3, 1.5)
    assert [one["late"] for one in result["results"]] == [False, True]
    assert stage.seconds == stage.seconds  # the clock has stopped


@pytest.mark.parametrize("harm", ["differs", "missing", "failed", "trouble"])
def test_what_is_not_equal_is_found(stage: Stage, harm: str) -> None:
    actor = stage.actors[1]
    if harm == "differs":
        (actor.delivered / "sub" / "b").write_text("B")
    elif harm == "missing":
        (actor.delivered / "a").unlink()
    elif harm == "failed":
        actor.record = record(state="failed")
    else:
        actor.record, actor.trouble = None, "it is gone"
    result = stage.result()

    assert not result["equal"]
    if harm == "trouble":
        assert result["results"][1]["sentence"] == "it is gone"


async def test_a_stage_that_takes_too_long(stage: Stage) -> None:
    stage.actors[0].record = None
    assert not stage.is_over
    with pytest.raises(UnavailableError, match="not done in 0 s"):
        await stage.pause(0.0, 0.0)


def test_the_settings_are_settings(tmp_path: Path) -> None:
    overrides = [f"{key}={_as_text(value)}" for key, value in stage_settings(tmp_path).items()]
    settings = load(None, {}, overrides)

    assert settings.multicast.interfaces == ("lo",)
    assert settings.multicast.session_start_delay_s == demo_stage.START_DELAY_S
    assert settings.multicast.port in demo_stage.PORTS


def test_a_port_that_is_taken_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as holder:
        holder.bind(("127.0.0.2", 0))
        taken = holder.getsockname()[1]
        monkeypatch.setattr(demo_stage, "PORTS", [taken])
        with pytest.raises(UnavailableError, match="no free UDP port"):
            demo_stage._free_port()


async def test_all_are_stopped_at_once(stage: Stage) -> None:
    together = asyncio.Barrier(2)
    for actor in stage.actors:
        actor.stop = together.wait  # each waits for the other

    await asyncio.wait_for(demo_stage._stop_all(stage.actors), 5)


async def test_a_few_are_started_at_a_time(stage: Stage, tmp_path: Path) -> None:
    starting = most = 0

    class Slow(Actor):
        async def start(self, settings: dict[str, object]) -> None:
            nonlocal starting, most
            starting += 1
            most = max(most, starting)

        async def ready(self, stack: contextlib.AsyncExitStack) -> Any:
            nonlocal starting
            await asyncio.sleep(0)
            starting -= 1
            return self.name

    actors: list[Actor] = [Slow(number, tmp_path, is_late=False) for number in range(1, 12)]
    async with contextlib.AsyncExitStack() as stack:
        names: list[Any] = await demo_stage._start_all(actors, {}, stack)

    assert names == [actor.name for actor in actors]
    assert most == demo_stage.STARTS_AT_ONCE
