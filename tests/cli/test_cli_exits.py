"""Exit statuses, for errors and for tasks."""

from __future__ import annotations

from typing import get_args

import pytest

from mcastdist.agent.api import FINAL_STATES, Failure
from mcastdist.cli.exits import MEANINGS, Exit, status_of_error, status_of_findings, status_of_task
from mcastdist.errors import McastdistError


@pytest.mark.parametrize(
    ("state", "failure", "status"),
    [
        ("delivered", None, 0),
        ("cached", None, 0),
        ("cancelled", None, 130),
        ("failed", "usage", 2),
        ("failed", "unavailable", 3),
        ("failed", "content", 4),
        ("failed", "storage", 5),
        ("failed", "interrupted", 130),
        ("failed", "internal", 1),
        ("failed", None, 1),
    ],
)
def test_what_became_of_a_task(state: str, failure: str | None, status: int) -> None:
    assert state in FINAL_STATES
    assert status_of_task(state, failure) == status


def test_every_failure_is_covered() -> None:
    statuses = {status_of_task("failed", failure) for failure in get_args(Failure)}
    assert statuses == set(Exit) - {Exit.DONE, Exit.WARNING, Exit.TROUBLE}


def test_every_status_is_explained() -> None:
    assert set(MEANINGS) == set(Exit)


def test_an_error_of_no_sort_is_unexpected() -> None:
    assert status_of_error(McastdistError("s")) == Exit.UNEXPECTED


def test_an_examination_ends_as_its_worst_finding() -> None:
    assert status_of_findings([]) is Exit.DONE
    assert status_of_findings(["ok", "note"]) is Exit.DONE
    assert status_of_findings(["note", "warning", "ok"]) is Exit.WARNING
    assert status_of_findings(["warning", "error"]) is Exit.TROUBLE
