"""What can be asked for, and what cannot."""

from __future__ import annotations

import pytest

from mcastdist.agent.api import TaskRequest
from mcastdist.agent.requests import check_request, check_url
from mcastdist.errors import UsageError


@pytest.mark.parametrize(
    ("url", "more"),
    [
        ("", {}),
        ("ftp://o/x.mcd", {}),
        ("http://", {}),
        ("http://o:99999/x", {}),
        ("x.mcd", {}),
        ("http://o/x", {"dest": "relative"}),
        ("http://o/x", {"sha256": "abc"}),
        ("http://o/x", {"sha256": "zz" * 32}),
        ("http://o/x", {"sha256": " " + "ab" * 31 + " "}),
    ],
)
def test_what_cannot_be_a_task(url: str, more: dict[str, str]) -> None:
    with pytest.raises(UsageError):
        check_request(TaskRequest(url=url, **more))


def test_what_can_be_a_task() -> None:
    check_request(TaskRequest(url="https://[::1]:8/x.mcd", dest="/srv", sha256="aB" * 32))


def test_a_url_alone_is_judged_alike() -> None:
    check_url("http://o/x")
    with pytest.raises(UsageError, match="no http or https URL"):
        check_url("ftp://o/x")
