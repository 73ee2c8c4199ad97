"""What is checked before a package is brought, and what becomes of it on the way."""

from __future__ import annotations

from pathlib import Path

import pytest
from fake_controller import FakeController, record

from mcastdist.agent.api import TaskRecord, TaskRequest
from mcastdist.cli.errand import follow, make_request
from mcastdist.cli.progress import SilentProgress
from mcastdist.errors import UnavailableError, UsageError

URL = "http://origin/stdlib-3.11.mcd"


class Seen(SilentProgress):
    def __init__(self) -> None:
        self.states: list[str] = []

    def show(self, task: TaskRecord) -> None:
        self.states.append(task.state)


def test_a_request(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    request = make_request(URL, sha256="AB" * 32 + "\n", dest=".")
    assert request == TaskRequest(url=URL, sha256="ab" * 32, dest=str(tmp_path))
    assert make_request(URL, sha256=None, dest=None).dest is None


@pytest.mark.parametrize(
    ("url", "sha256"),
    [("ftp://o/p", None), ("", None), (URL, ""), (URL, "ab" * 31), (URL, "é" * 64)],
)
def test_what_is_no_request(url: str, sha256: str | None) -> None:
    with pytest.raises(UsageError):
        make_request(url, sha256=sha256, dest=None)


async def test_everything_is_shown_from_the_start_to_the_end() -> None:
    seen = Seen()
    agent = FakeController([record(state="seeking"), record(), record(state="delivered")])
    task = await follow(agent, TaskRequest(url=URL), seen)
    assert task.state == "delivered"
    assert list(dict.fromkeys(seen.states)) == ["seeking", "receiving", "delivered"]


async def test_a_watch_that_ends_too_early_is_no_success() -> None:
    agent = FakeController([record()])
    with pytest.raises(UnavailableError, match="stopped before task t1"):
        await follow(agent, TaskRequest(url=URL), Seen())
