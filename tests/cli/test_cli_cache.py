"""What is kept: through the agent, or the store itself when none runs."""

from __future__ import annotations

import json

import pytest
from fake_controller import CONTENT_A, CONTENT_B, MIB, entry

from mcastdist.errors import NotPermitted, StoreBusy


@pytest.fixture(params=["agent runs", "no agent"])
def store(request, engine):
    """Whoever answers for the cache."""
    engine.remote.present = request.param == "agent runs"
    answers = engine.remote if engine.remote.present else engine.offline
    answers.entries = {
        CONTENT_A: entry(CONTENT_A, pinned=True, expires_from_cache=None),
        CONTENT_B: entry(
            CONTENT_B, version="3.12", held_bytes=32 * MIB, complete=False, precached=True
        ),
    }
    return answers


def test_list(terminal, store, engine) -> None:
    header, first, second = terminal.type("cache", "list").stdout.splitlines()
    assert header.startswith("CONTENT")
    assert first.split()[:3] == [CONTENT_A[:12], "stdlib", "3.11"]
    assert first.split()[-2:] == ["never", "pinned"]
    assert "25 %" in second
    assert "pre-cached, incomplete" in second
    assert engine.closed == engine.opened


def test_list_as_json_is_whole(terminal, store) -> None:
    told = json.loads(terminal.type("cache", "list", "--json").stdout)
    assert [package["content"] for package in told] == [CONTENT_A, CONTENT_B]


def test_an_empty_cache(terminal) -> None:
    assert terminal.type("cache", "list").stdout == "the cache is empty\n"


@pytest.mark.parametrize("given", [CONTENT_A, CONTENT_A.upper(), "a1a1", "stdlib-3.11"])
def test_show_by_any_name_that_fits_one(terminal, store, given: str) -> None:
    assert CONTENT_A in terminal.type("cache", "show", given).stdout


@pytest.mark.parametrize("given", ["stdlib", "a1", "a1a2", "stdlib-3.1", "", CONTENT_A + "0"])
def test_a_name_that_fits_none_or_two(terminal, store, given: str) -> None:
    result = terminal.type("cache", "remove", given)
    assert result.exit_code == 2
    assert store.called("cache_remove") == []


def test_pin_and_unpin(terminal, store) -> None:
    result = terminal.type("cache", "pin", "stdlib-3.12", "stdlib-3.11")
    assert result.stdout == "stdlib 3.12 is pinned\nstdlib 3.11 is pinned\n"
    result = terminal.type("cache", "unpin", "stdlib-3.12")
    assert result.stdout == "stdlib 3.12 is not pinned\n"
    assert [package["pinned"] for package in json.loads(
        terminal.type("cache", "pin", "a2a2", "--json").stdout
    )] == [True]  # fmt: skip


def test_remove_several_at_once_or_none(terminal, store) -> None:
    assert terminal.type("cache", "remove", "stdlib-3.11", "nothing").exit_code == 2
    assert len(store.entries) == 2
    result = terminal.type("cache", "remove", "stdlib-3.11", "a1a1", "a2a2")
    assert result.stdout == "removed 2 packages, freed 160.0 MiB\n"
    assert store.entries == {}


def test_verify_all(terminal, store) -> None:
    result = terminal.type("cache", "verify")
    assert result.stdout == "checked 2 packages, 2 without damage\n"
    assert result.exit_code == 0
    assert store.called("cache_verify") == [(None,)]


def test_verify_finds_damage(terminal, store) -> None:
    store.damaged = {CONTENT_B: 3}
    result = terminal.type("cache", "verify", "stdlib-3.12")
    assert result.exit_code == 4
    assert f"stdlib 3.12 ({CONTENT_B[:12]}): 3 chunks damaged and forgotten" in result.stdout
    assert "0 without damage" in result.stdout
    as_json = terminal.type("cache", "verify", "a2a2", "--json")
    assert as_json.exit_code == 4
    assert json.loads(as_json.stdout)["damaged"] == {CONTENT_B: 3}


def test_gc(terminal, store) -> None:
    assert terminal.type("cache", "gc").stdout == "removed 0 packages, freed 0 B\n"


def test_an_agent_that_refuses_is_not_gone_round(terminal, engine) -> None:
    engine.remote.refuses = NotPermitted("not your agent")
    assert terminal.type("cache", "list").exit_code == 5
    assert engine.opened == []


def test_a_store_that_somebody_holds(terminal, engine) -> None:
    engine.remote.present = False
    engine.offline.failing["cache_list"] = StoreBusy("process 7 holds it")
    result = terminal.type("cache", "list")
    assert result.exit_code == 5
    assert "process 7" in result.stderr
    assert engine.closed == ["offline"]
