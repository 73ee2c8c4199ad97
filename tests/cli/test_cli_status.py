"""The agent at a glance, once and again."""

from __future__ import annotations

import asyncio
import json
import os
import signal

import pytest
from fake_controller import record


def test_a_glance(terminal, engine) -> None:
    engine.remote.records["t1"] = record()
    result = terminal.type("status")
    assert result.exit_code == 0
    for shown in (
        "00000000000000aa",
        "up 1 h 02 min",
        "1 package in /var/lib/mcastdist/cache, 128.0 MiB of 1.0 GiB, 4.0 GiB free on disk",
        "key 3",
        "4.0 MiB of 8.0 MiB asked",
        "INTERFACES",
        "NEIGHBOURS THAT DO NOT MATCH",
        "10.0.0.9",
        "stdlib 3.11",
    ):
        assert shown in result.stdout
    assert "forged" not in result.stdout  # a cause that never happened is no news


def test_json(terminal) -> None:
    told = json.loads(terminal.type("status", "--json").stdout)
    assert told["mismatches"] == [{"address": "10.0.0.9", "cause": "key", "count": 3}]


def test_without_an_agent(terminal, engine) -> None:
    engine.remote.present = False
    result = terminal.type("status")
    assert result.exit_code == 3
    assert result.stdout == ""


@pytest.mark.parametrize("as_json", [True, False])
def test_follow_goes_on_until_interrupted(terminal, engine, monkeypatch, as_json: bool) -> None:
    monkeypatch.setattr("mcastdist.cli.status.FOLLOW_S", 0.0)
    original = engine.remote.status

    async def third_is_last():
        if len(engine.remote.called("status")) == 2:
            asyncio.get_running_loop().call_soon(os.kill, os.getpid(), signal.SIGINT)
        return await original()

    engine.remote.status = third_is_last
    result = terminal.type("status", "--follow", *(["--json"] if as_json else []))
    assert result.exit_code == 130
    assert len(engine.remote.called("status")) >= 3
    if as_json:
        lines = [json.loads(line) for line in result.stdout.splitlines()]
        assert all(line["node"] == "00000000000000aa" for line in lines)
