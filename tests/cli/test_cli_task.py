"""Tasks of the running agent."""

from __future__ import annotations

import json

import pytest
from fake_controller import record

from mcastdist.agent.api import TaskRequest


@pytest.fixture
def tasks(engine):
    for task_id, state in (("abc1", "receiving"), ("abd2", "delivered")):
        engine.remote.records[task_id] = record(task_id, state=state)
    return engine.remote


URL = "http://origin/stdlib-3.11.mcd"


def test_add_gives_the_agent_a_task_and_does_not_wait(terminal, engine, tmp_path) -> None:
    engine.remote.script = [record("abc1", state="queued")]
    words = (URL, "--priority", "high", "--dest", str(tmp_path), "--set", "election.weight=7")
    result = terminal.type("task", "add", *words)

    assert result.stdout == "task abc1 (stdlib 3.11) is queued\n"
    ((request,),) = engine.remote.called("start")
    wish = TaskRequest(
        url=URL, dest=str(tmp_path), settings={"election.weight": "7"}, priority="high"
    )
    assert request == wish
    assert engine.remote.called("watch") == []
    assert json.loads(terminal.type("task", "add", URL, "--json").stdout)["state"] == "queued"


def test_add_refuses_what_cannot_be_a_task(terminal, engine) -> None:
    assert terminal.type("task", "add", "ftp://x/y").exit_code == 2
    assert terminal.type("task", "add", URL, "--priority", "urgent").exit_code == 2
    assert engine.remote.called("start") == []


def test_list(terminal, tasks) -> None:
    header, first, second = terminal.type("task", "list").stdout.splitlines()
    assert header.split()[:4] == ["ID", "STATE", "PRIORITY", "PACKAGE"]
    assert first.split()[:5] == ["abc1", "receiving", "normal", "stdlib", "3.11"]
    assert "95.4 MiB/s" in first
    assert "95.4 MiB/s" not in second  # what is over has no rate


def test_list_of_none(terminal) -> None:
    assert terminal.type("task", "list").stdout == "no tasks\n"
    assert json.loads(terminal.type("task", "list", "--json").stdout) == []


def test_show_with_the_reasons(terminal, tasks) -> None:
    tasks.records["abc1"] = record(
        "abc1", fallbacks={"stream_not_heard": 2}, reason="busy", sentence="all peers are busy"
    )
    shown = terminal.type("task", "show", "abc1").stdout
    for part in (
        "all peers are busy (busy)",
        "stream_not_heard",
        "the stream moves on and none of it arrives",
        "run mcastdist doctor",
        "from parity",
    ):
        assert part in shown
    assert "from relay" not in shown
    assert "receivers" not in shown  # nothing to say is not said


def test_show_as_json(terminal, tasks) -> None:
    assert json.loads(terminal.type("task", "show", "abc", "--json").stdout)["id"] == "abc1"


@pytest.mark.parametrize(
    ("command", "state"),
    [("suspend", "suspended"), ("resume", "seeking"), ("cancel", "cancelled")],
)
def test_change(terminal, tasks, command: str, state: str) -> None:
    result = terminal.type("task", command, "abc")
    assert result.stdout == f"task abc1 (stdlib 3.11) is {state}\n"
    assert tasks.called(command) == [("abc1",)]
    assert json.loads(terminal.type("task", command, "abc1", "--json").stdout)["state"] == state


@pytest.mark.parametrize("given", ["ab", "x", ""])
def test_an_id_that_fits_none_or_two(terminal, tasks, given: str) -> None:
    result = terminal.type("task", "cancel", given)
    assert result.exit_code == 2
    assert tasks.called("cancel") == []


@pytest.mark.parametrize("words", [("list",), ("show", "x"), ("cancel", "x"), ("add", URL)])
def test_without_an_agent(terminal, engine, words) -> None:
    engine.remote.present = False
    assert terminal.type("task", *words).exit_code == 3
