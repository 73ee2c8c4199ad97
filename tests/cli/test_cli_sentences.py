"""Events in words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import mcastdist
from mcastdist.cli.sentences import ROLES, TELLINGS, is_chatter, sentence
from mcastdist.election import Role
from mcastdist.tracing import Event

PACKAGE = Path(mcastdist.__file__).parent


def traced_names() -> set[str]:
    """The names that the code traces: first arguments of a call of something named trace."""
    pattern = re.compile(r"(?:trace\(\s*|name = )\"([a-z_]+\.[a-z_]+)\"")
    modules = (path for path in PACKAGE.rglob("*.py") if "cli" not in path.parts)
    return {name for path in modules for name in pattern.findall(path.read_text())}


def test_every_event_that_is_traced_has_a_sentence() -> None:
    assert traced_names() - set(TELLINGS) - {"election.role"} == set()


def test_every_role_has_a_sentence() -> None:
    assert set(ROLES) == {role.value for role in Role}


def test_known_events() -> None:
    follows = Event("election.role", 1.0, {"new": "following", "leader": 255, "why": "announced"})
    assert sentence(follows) == "follows representative 00000000000000ff (announced)"
    rate = Event("session.rate", 1.0, {"old": 80_000_000, "new": 160_000_000, "why": "clear"})
    assert sentence(rate) == "stream rate 9.5 MiB/s becomes 19.1 MiB/s (clear)"
    over = Event("node.handover", 1.0, {"session": 10, "heir": 1})
    assert sentence(over) == "leaves in good order: 0000000000000001 takes session 0000000a over"


def test_a_field_that_is_missing_does_not_hide_the_rest() -> None:
    assert sentence(Event("node.fallback", 1.0, {})) == "falls back: ?"


@pytest.mark.parametrize("name", TELLINGS)
def test_every_sentence_can_be_told_without_its_fields(name: str) -> None:
    assert sentence(Event(name, 1.0, {}))


def test_an_unknown_event_is_told_as_it_stands() -> None:
    event = Event("later.invented\x1b", 1.0, {"block": 7, "why": "x\n", "t": 1.5, "wait_s": 0.25})
    assert sentence(event) == "later.invented\\x1b block=7 why=x\\n wait_s=0.2 s"
    assert is_chatter(event)


def test_a_digest_is_not_told_in_full() -> None:
    task = Event("node.task", 1.0, {"task": "ab" * 32, "locator": "abababababab"})
    assert sentence(task) == "begins to look for locator abababababab"
