"""Every reason code that the rooms say is in the table, and nothing else is."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from mcastdist import errors
from mcastdist.agent.fetching import reason_code
from mcastdist.http_fetch.sources import COST
from mcastdist.reasons import ABOUT, DEEDS, REASONS, STATUS, STATUSES, explain

PACKAGE = Path(__file__).parents[1] / "mcastdist"
ROOMS = ("http_fetch", "manifest", "node", "agent")
WORD = re.compile(r"[a-z]+(_[a-z]+)*")

# Who says a code, and which of its arguments that is.
SAYS = {
    "SourceError": 1,
    "_refused": 1,
    "StalePackage": 0,
    "_count": 0,
    "_rest": 0,
    "_fall_to_peers": 0,
    "Dismiss": 1,
    "_fail": 1,
    "_stop_if_nobody_waits": 1,
}
# Where a code is said by other means: as the first of a pair, or as what is returned or kept.
ELSEWHERE = {
    "http_fetch/failures.py": (
        "proxy", "tls", "dns", "timeout", "stalled", "truncated", "reset", "bad_answer", "bad_url",
        "refused", "unreachable",
    ),
    "http_fetch/roster.py": ("origin_not_allowed", "no_source", "not_held"),
    "http_fetch/sources.py": ("not_held",),
    "node/manifest_hunt.py": ("no_source",),
    "node/patience.py": ("no_network",),
    "node/reception.py": ("group_not_heard", "stream_not_heard", "slow_receiver"),
    "agent/fetching.py": ("bad_seal",),
    "agent/driver.py": ("storage",),
    "agent/turns.py": ("internal",),
    "agent/entry.py": ("queued",),
    "agent/daemon.py": ("agent_stops",),
    "agent/controller.py": ("damaged", "suspended", "cancelled"),
}  # fmt: skip
# Errors that never become a reason: they are caught where they are raised, or are no task's.
NO_REASON = {"McastdistError", "SourceError", "PeerError", "MalformedMessage", "Unauthentic"}


def said(source: str) -> Iterator[str]:
    """The codes that a module says by calling somebody of SAYS."""
    for call in ast.walk(ast.parse(source)):
        if not isinstance(call, ast.Call):
            continue
        name = getattr(call.func, "id", getattr(call.func, "attr", ""))
        at = SAYS.get(name)
        if at is not None and len(call.args) > at:
            yield from texts(call.args[at])


def texts(node: ast.expr) -> Iterator[str]:
    """A text, or what a formatted one begins with."""
    if isinstance(node, ast.JoinedStr):
        node = node.values[0]
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value


def of_errors() -> set[str]:
    kinds = [
        kind
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, Exception) and name not in NO_REASON
    ]
    return {reason_code(kind.__new__(kind)) for kind in kinds}


def in_the_rooms() -> set[str]:
    found = of_errors()
    for room in ROOMS:
        for path in (PACKAGE / room).rglob("*.py"):
            found |= set(said(path.read_text("utf-8")))
    return found | {code for codes in ELSEWHERE.values() for code in codes}


def test_every_code_of_the_rooms_is_explained() -> None:
    assert not {code for code in in_the_rooms() if code not in DEEDS and explain(code) is None}


def test_every_code_of_the_table_is_said_somewhere() -> None:
    assert set(REASONS) - in_the_rooms() == set()


def test_what_is_said_by_other_means_stands_where_this_test_says() -> None:
    for name, codes in ELSEWHERE.items():
        text = (PACKAGE / name).read_text("utf-8")
        assert not [code for code in codes if f'"{code}"' not in text], name


def test_a_new_code_would_be_found() -> None:
    source = 'raise SourceError(url, "brand_new", "x")\nself._count(f"waits_for:{code}", now)'

    assert list(said(source)) == ["brand_new", "waits_for:"]


def test_codes_are_words_and_say_what_happened_what_follows_and_what_to_do() -> None:
    assert all(WORD.fullmatch(code) for code in REASONS)
    for reason in [*REASONS.values(), *STATUSES.values(), *DEEDS.values()]:
        assert all(reason)
        assert not [text for text in reason if text.endswith(".")]


@pytest.mark.parametrize(
    ("code", "happened"),
    [
        ("timeout", "no connection, or no answer, in time"),
        ("origin_timeout", "the origin: no connection, or no answer, in time"),
        ("peer_status_503", "a peer: it is busy (status 503)"),
        ("status_418", "it answered with status 418"),
        ("status_599", "it failed (status 599)"),
        ("origin_not_allowed", "only the origin has it, and download.allow_origin is off"),
        (
            "waits_to_retry:origin_dns",
            "nobody could supply it, and all are asked again later"
            " (the origin: its name cannot be resolved)",
        ),
        ("waits_to_retry:news", "nobody could supply it, and all are asked again later"),
    ],
)
def test_what_stands_before_a_code_is_understood(code: str, happened: str) -> None:
    found = explain(code)

    assert found is not None
    assert found.happened == happened


@pytest.mark.parametrize("code", ["", "news", "origin_", "origin_news", "status_", "status_4040"])
def test_what_is_not_known_is_not_made_up(code: str) -> None:
    assert explain(code) is None


def test_every_kind_of_source_can_stand_before_a_code() -> None:
    assert {prefix.removesuffix("_") for prefix in ABOUT} == set(COST)
    assert all(STATUS.fullmatch(f"status_{number}") for number in STATUSES)
