"""fetch and precache: through the agent that runs, or as one of their own."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from pathlib import Path

import pytest
from fake_controller import MIB, record

from mcastdist.agent.api import TaskRequest
from mcastdist.errors import BadSignature, NoSpace, NotPermitted, UnavailableError

URL = "http://origin/stdlib-3.11.mcd"
DIGEST = "ab" * 32


def request_of(calls: list[tuple[object, ...]]) -> TaskRequest:
    ((request,),) = calls
    assert isinstance(request, TaskRequest)
    return request


def test_through_the_running_agent(terminal, engine) -> None:
    result = terminal.type("fetch", URL)
    assert result.exit_code == 0
    assert result.stdout.startswith("delivered stdlib 3.11: 128.0 MiB in 12.3 s (multicast 60.0")
    assert "receiving" in result.stderr
    assert engine.opened == []
    request = request_of(engine.remote.called("start"))
    assert (request.url, request.sha256, request.dest) == (URL, None, os.getcwd())


def test_as_an_agent_of_its_own_it_stays_a_while(terminal, engine) -> None:
    engine.remote.present = False
    result = terminal.type("fetch", URL)
    assert result.exit_code == 0
    assert engine.own.called("linger") == [(10.0,)]
    assert "staying up to 10.0 s" in result.stderr
    assert engine.closed == ["own"]


@pytest.mark.parametrize("seconds", ["0", "2.5"])
def test_how_long_it_stays_can_be_said(terminal, engine, seconds: str) -> None:
    engine.remote.present = False
    terminal.type("fetch", URL, "--linger-s", seconds)
    expected = [(float(seconds),)] if float(seconds) else []
    assert engine.own.called("linger") == expected


def test_with_everything_in_the_cache_it_does_not_stay(terminal, engine) -> None:
    engine.remote.present = False
    engine.own.script = [record(state="delivered", bytes_by_source={"cache": 128 * MIB})]
    result = terminal.type("fetch", URL)
    assert engine.own.called("linger") == []
    assert engine.own.called("watch") == []
    assert "nothing went over the network" in result.stdout


def test_a_failed_fetch_does_not_stay(terminal, engine) -> None:
    engine.remote.present = False
    engine.own.script = [record(state="failed", failure="unavailable", sentence="no source")]
    assert terminal.type("fetch", URL).exit_code == 3
    assert engine.own.called("linger") == []


@pytest.mark.parametrize(("held_bytes", "expected"), [(MIB, [(10.0,)]), (MIB - 1, [])])
def test_who_cannot_deliver_what_is_all_here_stays_for_the_others(
    terminal, engine, held_bytes: int, expected: list[tuple[float]]
) -> None:
    engine.remote.present = False
    engine.own.script = [
        record(state="failed", failure="storage", payload_bytes=MIB, held_bytes=held_bytes)
    ]
    assert terminal.type("fetch", URL).exit_code == 5
    assert engine.own.called("linger") == expected


def test_the_json_record_comes_before_the_stay_and_alone(terminal, engine) -> None:
    engine.remote.present = False
    result = terminal.type("fetch", URL, "--json")
    told = json.loads(result.stdout)
    assert result.stderr == ""
    assert told["state"] == "delivered"
    assert told["seconds"] == 12.3
    assert set(told["bytes_by_source"]) >= {"cache", "multicast", "parity", "peer", "origin"}
    assert (told["role"], told["representative"]) == ("receiver", "00000000000000ff")


@pytest.mark.parametrize(
    ("failure", "status"),
    [("usage", 2), ("unavailable", 3), ("content", 4), ("storage", 5), ("internal", 1)],
)
def test_a_failed_task_says_why_and_ends_so(terminal, engine, failure: str, status: int) -> None:
    failed = record(state="failed", failure=failure, reason="code", sentence="it broke")
    engine.remote.script = [record(), failed]
    result = terminal.type("fetch", URL)
    assert result.exit_code == status
    assert result.stdout == ""
    assert "failed stdlib 3.11 after" in result.stderr
    assert "mcastdist: it broke" in result.stderr
    as_json = terminal.type("fetch", URL, "--json")
    assert as_json.exit_code == status
    assert json.loads(as_json.stdout)["failure"] == failure


@pytest.mark.parametrize(
    ("error", "status"),
    [(BadSignature("unsigned"), 4), (NoSpace(2, 1, "full"), 5), (UnavailableError("gone"), 3)],
)
def test_a_task_that_cannot_start(terminal, engine, error: Exception, status: int) -> None:
    engine.remote.failing["start"] = error
    result = terminal.type("fetch", URL)
    assert result.exit_code == status
    assert result.stderr == f"mcastdist: {error}\n"


def test_a_task_that_somebody_else_cancelled(terminal, engine) -> None:
    engine.remote.script = [record(), record(state="cancelled")]
    assert terminal.type("fetch", URL).exit_code == 130


def test_an_agent_that_refuses_this_user_is_told_and_passed_over(terminal, engine) -> None:
    engine.remote.refuses = NotPermitted("not your agent")
    result = terminal.type("fetch", URL, "--linger-s", "0")
    assert result.exit_code == 0
    assert "not your agent; going on as an agent of our own" in result.stderr
    assert engine.own.called("start") != []


def test_dest_is_made_absolute(terminal, engine, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    terminal.type("fetch", URL, "--dest", "sub/../там")
    assert request_of(engine.remote.called("start")).dest == str(tmp_path / "там")


def test_precache_has_no_destination(terminal, engine) -> None:
    engine.remote.script = [record(state="cached", dest=None)]
    result = terminal.type("precache", URL)
    assert result.exit_code == 0
    assert result.stdout.startswith("cached stdlib")
    assert request_of(engine.remote.called("start")).dest is None


def test_a_digest_is_taken_in_any_case(terminal, engine) -> None:
    terminal.type("fetch", "https://o/file.iso", "--sha256", DIGEST.upper())
    assert request_of(engine.remote.called("start")).sha256 == DIGEST


@pytest.mark.parametrize(
    "words",
    [
        ("fetch",),
        ("fetch", "stdlib.mcd"),
        ("fetch", "file:///etc/passwd"),
        ("fetch", URL, "--sha256", "abc"),
        ("fetch", URL, "--sha256", "g" * 64),
        ("fetch", URL, "--linger-s", "-1"),
        ("fetch", URL, "--set", "nothing"),
        ("fetch", URL, "--set", "multicast.nothing=1"),
        ("fetch", URL, "--set", "multicast.port=70000"),
        ("precache", URL, "--dest", "/x"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_asked(terminal, engine, words) -> None:
    result = terminal.type(*words)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert engine.remote.calls == []


def test_settings_for_the_task_go_with_it(terminal, engine) -> None:
    sets = ("multicast.session_start_delay_s=5", "election.weight=0", "control.listen=127.0.0.1:1")
    words = [word for setting in sets for word in ("--set", setting)]
    assert terminal.type("fetch", URL, *words).exit_code == 0
    assert request_of(engine.remote.called("start")).settings == {
        "multicast.session_start_delay_s": "5",
        "election.weight": "0",
    }


def test_settings_that_a_running_agent_has_already_may_be_said_again(terminal, engine) -> None:
    same = ["--set", "cluster.id=example", "--set", "multicast.port=7447"]
    assert terminal.type("fetch", URL, *same).exit_code == 0
    assert request_of(engine.remote.called("start")).settings == {}
    assert terminal.type("fetch", URL, "--set", "cluster.id=other").exit_code == 2


def test_settings_of_the_machine_are_refused_by_a_running_agent(terminal, engine) -> None:
    result = terminal.type("fetch", URL, "--set", "cache.bytes_max=1")
    assert result.exit_code == 2
    assert "cache.bytes_max" in result.stderr
    engine.remote.present = False
    assert terminal.type("fetch", URL, "--set", "cache.bytes_max=1").exit_code == 0


@pytest.mark.parametrize("present", [True, False])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_cancels_the_task(terminal, engine, present: bool, number: int) -> None:
    engine.remote.present = present
    agent = engine.remote if present else engine.own
    agent.script, agent.hang = [record()], True
    original = agent.watch

    async def interrupted_watch(task_id):
        async for each in original(task_id):
            yield each
            asyncio.get_running_loop().call_soon(os.kill, os.getpid(), number)

    agent.watch = interrupted_watch
    result = terminal.type("fetch", URL)
    assert result.exit_code == 130
    assert "interrupted" in result.stderr
    assert agent.called("cancel") == [("t1",)]
    assert engine.closed == ([] if present else ["own"])


def test_an_interruption_while_staying_is_no_failure(terminal, engine) -> None:
    engine.remote.present = False

    async def stay(seconds: float) -> None:
        asyncio.get_running_loop().call_soon(os.kill, os.getpid(), signal.SIGINT)
        await asyncio.Event().wait()

    engine.own.linger = stay
    assert terminal.type("fetch", URL).exit_code == 0
    assert engine.own.called("cancel") == []
    assert engine.closed == ["own"]
