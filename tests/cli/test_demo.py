"""The demo as it is started: real agents, a small file, and what it ends with."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner
from rich.console import Console

from mcastdist.cli import demo as demo_module
from mcastdist.cli.demo import demo
from mcastdist.cli.demo_stage import Result
from mcastdist.errors import UnavailableError

DEMO_S = 60
SIZE = 3 << 20


def start(tmp_path: Path, *words: str) -> subprocess.Popen[str]:
    """The demo with a file of 3 MiB, as a shell starts it."""
    (tmp_path / "file").write_bytes(os.urandom(SIZE))
    return subprocess.Popen(
        [sys.executable, "-m", "mcastdist", "demo", "--file", str(tmp_path / "file"), *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"TMPDIR": str(tmp_path), "MCASTDIST_NODE_ADDRESS": "nonsense"},
        start_new_session=True,
    )


def test_it_pays_once_and_cleans_up(tmp_path: Path) -> None:
    process = start(tmp_path, "--agents", "3", "--json")
    said, errors = process.communicate(timeout=DEMO_S)
    result: Result = json.loads(said)

    assert process.returncode == 0, errors
    assert result["complete"]
    assert result["payload_bytes"] == SIZE
    assert result["origin_copies"] < 1.1
    assert [one["state"] for one in result["results"]] == ["delivered"] * 3
    assert [one["late"] for one in result["results"]] == [False, False, True]
    assert not list(tmp_path.glob("mcastdist-demo-*"))


def group_is_gone(group: int, within_s: float) -> bool:
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize(
    "number",
    [
        signal.SIGINT,  # as the terminal does, to the agents too
        signal.SIGHUP,  # the same, of a terminal that is closed
        signal.SIGTERM,
    ],
)
def test_an_interrupted_demo_leaves_nothing_behind(tmp_path: Path, number: signal.Signals) -> None:
    process = start(tmp_path, "--agents", "2")
    until = time.monotonic() + DEMO_S
    while not list(tmp_path.glob("mcastdist-demo-*/agent-2/state")):
        assert time.monotonic() < until
        assert process.poll() is None, process.stderr and process.stderr.read()
        time.sleep(0.02)
    if number == signal.SIGTERM:
        process.terminate()
    else:
        os.killpg(process.pid, number)
    _, errors = process.communicate(timeout=DEMO_S)

    assert process.returncode == 130
    assert "Traceback" not in errors
    assert not list(tmp_path.glob("mcastdist-demo-*"))
    assert group_is_gone(process.pid, 0.1)


def test_the_agents_of_a_demo_that_is_killed_outright_end_too(tmp_path: Path) -> None:
    process = start(tmp_path, "--agents", "2")
    until = time.monotonic() + DEMO_S
    while not list(tmp_path.glob("mcastdist-demo-*/agent-2/state")):
        assert time.monotonic() < until
        time.sleep(0.02)
    process.kill()
    process.communicate(timeout=DEMO_S)

    assert group_is_gone(process.pid, DEMO_S)


def failed_result() -> Result:
    return {
        "agents": 2, "payload_bytes": 1, "origin_bytes": 1, "origin_copies": 1.0, "seconds": 1.0,
        "complete": False, "equal": False, "results": [],
    }  # fmt: skip


@pytest.mark.parametrize("words", [[], ["--json"]])
def test_a_demo_that_fails_says_so_after_its_result(
    monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    async def play(*_: object, **__: object) -> Result:
        return failed_result()

    monkeypatch.setattr(demo_module, "_play", play)
    ended = CliRunner().invoke(demo, words)

    assert isinstance(ended.exception, UnavailableError)
    assert "did not complete" in str(ended.exception)
    assert ('"complete": false' in ended.output) == bool(words)


def test_elsewhere_it_says_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    ended = CliRunner().invoke(demo, [])

    assert "Linux" in str(ended.exception)


@pytest.mark.parametrize("agents", ["1", "41", "x"])
def test_how_many_agents(agents: str) -> None:
    assert CliRunner().invoke(demo, ["--agents", agents]).exit_code == 2


async def test_the_last_change_is_told_too_where_nothing_can_be_redrawn() -> None:
    actor = SimpleNamespace(name="agent 1", state="receiving")

    async def pause(*_: float) -> None:
        actor.state, stage.is_over = "delivered", True

    stage: Any = SimpleNamespace(actors=[actor], is_over=False, seconds=1.0, pause=pause)
    console = Console(file=io.StringIO())
    await demo_module._watch(stage, console)

    assert isinstance(console.file, io.StringIO)
    assert "agent 1  delivered" in console.file.getvalue()
