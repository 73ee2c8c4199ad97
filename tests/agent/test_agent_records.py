"""What a task's record says."""

from __future__ import annotations

import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from agent_kit import admit, fill, make_library, make_run, noise, plain

from mcastdist.agent.api import TaskRequest
from mcastdist.agent.records import (
    failure_of,
    file_name,
    locator_of,
    new_record,
    see_run,
    see_task,
    snapshot,
)
from mcastdist.agent.runs import Share
from mcastdist.election import Role
from mcastdist.ids import Locator
from mcastdist.timers import NEVER

URL = "http://origin/setup.exe"


@pytest.mark.parametrize(
    ("code", "failure"),
    [
        ("bad_signature", "content"),
        ("origin_wrong_bytes", "content"),
        ("expired", "content"),
        ("origin_refused", "unavailable"),
        ("peer_timeout", "unavailable"),
        ("no_source", "unavailable"),
        ("usage_error", "usage"),
    ],
)
def test_a_code_means_an_exit_status(code: str, failure: str) -> None:
    assert failure_of(code) == failure


def test_a_plain_file_is_sought_by_its_digest_and_a_package_by_its_url() -> None:
    digest = "ab" * 32
    plain_one = locator_of(TaskRequest(url=URL, sha256=digest))

    assert plain_one == Locator.of_file(bytes.fromhex(digest))
    assert plain_one == locator_of(TaskRequest(url="http://mirror/x", sha256=digest.upper()))
    assert locator_of(TaskRequest(url=URL)) == Locator.of_url(URL)


def test_a_wish_is_named_by_its_file_and_tells_no_secret() -> None:
    assert file_name("https://user:word@o/dir/a%20b-1.mcd?token=x#y") == "a b-1.mcd"
    assert file_name("http://o") == ""


def test_a_run_is_seen_with_its_bytes_and_a_guess_of_the_time_left(tmp_path: Path) -> None:
    library = make_library(tmp_path)
    file = plain(noise("x", 1 << 20))
    package = admit(library, file, url=URL)
    run = make_run()
    run.know(package)
    record = new_record("t1", TaskRequest(url=URL, dest="/srv"))
    see_run(record, run, Share())
    assert record.seconds_left is None

    fill(package, file.payload, [(0, 1 << 19)])
    run.account.add("peer", 1 << 19, time.monotonic())
    see_run(record, run, Share())
    assert (record.name, record.held_bytes, record.payload_bytes) == (
        "setup.exe",
        1 << 19,
        1 << 20,
    )
    assert record.seconds_left == pytest.approx(0.5, rel=0.2)
    assert sum(record.bytes_by_source.values()) == record.held_bytes
    library.close_all()


def test_a_run_of_which_nothing_is_known_yet() -> None:
    record = new_record("t1", TaskRequest(url=URL))
    see_run(record, make_run(), Share())

    assert (record.state, record.payload_bytes, record.seconds_left) == ("seeking", 0, None)


def test_a_snapshot_does_not_change_with_its_record() -> None:
    record = new_record("t1", TaskRequest(url=URL))
    before = snapshot(record)
    assert before == record

    record.bytes_by_source["peer"] = 7
    record.fallbacks["peer_timeout"] = 1
    assert before.bytes_by_source["peer"] == 0
    assert before.fallbacks == {}


def task(state: str, *, follows: bool = False) -> Any:
    leader = SimpleNamespace(leader=7, announce=SimpleNamespace(delay_ms=0))
    return SimpleNamespace(
        state_word=lambda: state,
        fallbacks={"origin_dns": 1, "waits_to_retry:origin_dns": 1},
        representation=None,
        reception=leader if follows else None,
        role=Role.SEEKING,
        retry_at=time.monotonic() + 90 if state == "waiting" and not follows else NEVER,
    )


def test_a_task_that_rests_says_why_and_only_as_long_as_it_does() -> None:
    record = new_record("t1", TaskRequest(url=URL))
    see_task(record, task("waiting"))
    assert record.reason == "waits_to_retry:origin_dns"
    assert "its name cannot be resolved" in record.sentence
    assert record.retry_s_left == pytest.approx(90, abs=5)

    for later in (task("seeking"), task("waiting", follows=True)):  # here it waits for a stream
        see_task(record, task("waiting"))
        see_task(record, later)
        assert (record.reason, record.sentence, record.retry_s_left) == ("", "", None)
        assert record.fallbacks["origin_dns"] == 1
