"""Who does not match, by name and cause."""

from __future__ import annotations

import pytest
from checkup_kit import codes, neighbour

from mcastdist import __version__
from mcastdist.agent.checkup.strangers import CAUSES, judge_strangers, judge_versions
from mcastdist.agent.mismatches import TELLING


def test_every_telling_refusal_has_its_finding() -> None:
    assert set(CAUSES) == TELLING


@pytest.mark.parametrize(
    ("cause", "code", "severity"),
    [
        ("cluster", "other_cluster", "note"),
        ("key", "other_key", "warning"),
        ("version", "other_version", "warning"),
        ("forged", "broken_seal", "warning"),
        ("malformed", "malformed", "warning"),
        ("twin", "same_node_id", "error"),
        ("liar", "liar", "error"),
    ],
)
def test_a_host_is_named_with_its_cause(cause: str, code: str, severity: str) -> None:
    mismatches = [{"address": "10.0.0.9", "cause": cause, "count": 3}]
    [found] = judge_strangers(mismatches, {"10.0.0.9": "till-9"})

    assert (found.code, found.severity) == (code, severity)
    assert "till-9 (10.0.0.9) (3 times)" in found.sentence
    assert found.advice


def test_hosts_of_one_cause_are_told_together() -> None:
    mismatches = [{"address": f"10.0.0.{n}", "cause": "key", "count": n} for n in range(1, 9)]
    [found] = judge_strangers(mismatches, {})

    assert "10.0.0.1 (1 times)" in found.sentence
    assert "and 3 more" in found.sentence


def test_nobody_is_strange() -> None:
    assert codes(judge_strangers([], {})) == ["no_strangers"]


def test_another_release_is_a_note() -> None:
    neighbours = [neighbour(1, version=__version__), neighbour(2, version="9.9")]
    [found] = judge_versions(neighbours)

    assert (found.code, found.severity) == ("versions_differ", "note")
    assert "h2 (10.0.0.2) 9.9" in found.sentence
    assert judge_versions(neighbours[:1]) == []
