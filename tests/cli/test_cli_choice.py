"""Abbreviations that fit one, none, or two."""

from __future__ import annotations

import pytest
from fake_controller import CONTENT_A, CONTENT_B, entry, record

from mcastdist.cli.choice import choose_package, choose_task
from mcastdist.errors import UsageError

PACKAGES = [entry(CONTENT_A), entry(CONTENT_B, version="3.12"), entry("b" * 64, name="a1a1")]
TASKS = [record("abc"), record("abcd"), record("x1")]


@pytest.mark.parametrize(("given", "chosen"), [("abc", "abc"), ("abcd", "abcd"), ("x", "x1")])
def test_a_whole_id_wins_over_what_begins_so(given: str, chosen: str) -> None:
    assert choose_task(TASKS, given).id == chosen


@pytest.mark.parametrize("given", ["", "ab", "y", "abcde"])
def test_no_task(given: str) -> None:
    with pytest.raises(UsageError, match="task"):
        choose_task(TASKS, given)


def test_a_name_wins_over_the_beginning_of_an_id() -> None:
    assert choose_package(PACKAGES, "a1a1").content == "b" * 64
    assert choose_package(PACKAGES, "a1a1a1").content == CONTENT_A


def test_ambiguity_is_shown() -> None:
    with pytest.raises(UsageError) as caught:
        choose_package(PACKAGES, "stdlib")
    assert CONTENT_A in str(caught.value)
    assert CONTENT_B in str(caught.value)


@pytest.mark.parametrize("given", ["", "bbb", "nothing", "stdlib-", "3.12"])
def test_no_package(given: str) -> None:
    with pytest.raises(UsageError, match="cache list"):
        choose_package(PACKAGES, given)
