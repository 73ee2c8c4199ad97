"""What people asked for, and what became of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from agent_kit import URL, admit, fill, held, make_library, make_run, noise, plain, publish, until

from mcastdist.agent import delivery, entries, taskbook
from mcastdist.agent.api import TaskRequest
from mcastdist.agent.taskbook import Entry, TaskBook
from mcastdist.errors import NoSpace
from mcastdist.timers import NEVER

PUBLISHED = publish({"a": noise("a", 3 << 20)}, folders=["empty"])


class Desk:
    """A book, the run it is about, and who ended."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.library = make_library(folder / "store")
        self.run = make_run()
        self.run_id = self.run.spec.id
        self.final: list[Entry] = []
        self.repaired: list[Entry] = []
        self.book = TaskBook({self.run_id: self.run}, lambda run_id: None, self.final.append)

    def add(self, task_id: str, *, dest: str | None = None, url: str = URL) -> Entry:
        given = None if dest is None else str(self.folder / dest)
        entry = self.book.add(task_id, TaskRequest(url=url, dest=given), self.run_id)
        entry.join(self.run)
        return entry

    async def end(self, *entries: Entry) -> list[str]:
        await until(lambda: all(entry.record.is_final for entry in entries))
        return [entry.record.state for entry in entries]


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    await desk.book.finish_deliveries()
    desk.library.close_all()


async def test_each_who_asked_is_served_in_his_own_way(desk: Desk) -> None:
    desk.run.know(held(desk.library, PUBLISHED))
    kept, put = desk.add("t1"), desk.add("t2", dest="out")
    desk.book.complete(desk.run_id)
    desk.book.complete(desk.run_id)  # said twice: delivered once

    assert await desk.end(kept, put) == ["cached", "delivered"]
    assert (desk.folder / "out" / "a").read_bytes() == PUBLISHED.payload
    assert (desk.folder / "out" / "empty").is_dir()
    assert sorted(entry.record.id for entry in desk.final) == ["t1", "t2"]
    assert put.record.bytes_by_source["cache"] == len(PUBLISHED.payload)


async def test_one_plain_file_under_two_names(desk: Desk) -> None:
    file = plain(noise("x", 1000))
    desk.run.know(held(desk.library, file))
    one = desk.add("t1", dest="out", url="http://a/setup.exe?v=1")
    two = desk.add("t2", dest="out", url="http://b/other%20name")
    desk.book.complete(desk.run_id)
    await desk.end(one, two)

    names = sorted(path.name for path in (desk.folder / "out").iterdir())
    assert names == ["other name", "setup.exe"]
    assert (one.record.name, two.record.name) == ("setup.exe", "other name")


async def test_failures_are_sorted_by_what_a_script_will_do(desk: Desk) -> None:
    one, two = desk.add("t1"), desk.add("t2")
    desk.book.failed(desk.run_id, "origin_refused", "nobody listens")
    assert {entry.record.failure for entry in (one, two)} == {"unavailable"}
    assert one.record.sentence == "nobody listens"

    three = desk.add("t3")
    desk.book.failed(desk.run_id, "expired", "too old")
    assert three.record.failure == "content"
    assert one.record.failure == "unavailable"  # what is over stays as it is

    four = desk.add("t4")
    desk.book.storage_failed(desk.run_id, NoSpace(1, 0, "no room"))
    assert (four.record.failure, four.record.reason) == ("storage", "no_space")


async def test_what_breaks_is_failed_and_says_so(desk: Desk) -> None:
    entry = desk.add("t1")
    desk.book.broken(desk.run_id, KeyError("x"))

    assert (entry.record.state, entry.record.reason, entry.record.failure) == (
        "failed", "internal", "internal",
    )  # fmt: skip
    assert "KeyError('x')" in entry.record.sentence


async def test_a_destination_that_says_no(desk: Desk) -> None:
    desk.run.know(held(desk.library, PUBLISHED))
    (desk.folder / "file").write_text("")
    entry = desk.add("t1", dest="file/below")
    desk.book.complete(desk.run_id)
    await desk.end(entry)

    assert entry.record.failure == "storage"


async def test_a_delivery_that_breaks_ends_its_task_with_a_traceback(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(taskbook, "hand_out", lambda *_, **__: 1 // 0)
    desk.run.know(held(desk.library, PUBLISHED))
    entry = desk.add("t1", dest="out")
    desk.book.complete(desk.run_id)
    await desk.end(entry)

    assert entry.record.failure == "internal"
    assert "Traceback" in caplog.text


async def test_damage_is_repaired_once(desk: Desk) -> None:
    package = held(desk.library, PUBLISHED)
    desk.run.know(package)
    payload = next((desk.folder / "store").rglob("payload"))
    with payload.open("r+b") as file:
        file.write(b"flipped")

    async def repair(entry: Entry) -> None:
        desk.repaired.append(entry)
        fill(package, PUBLISHED.payload)
        desk.book.complete(desk.run_id)

    desk.book.repair = repair
    entry = desk.add("t1", dest="out")
    desk.book.complete(desk.run_id)

    assert await desk.end(entry) == ["delivered"]
    assert desk.repaired == [entry]
    assert (desk.folder / "out" / "a").read_bytes() == PUBLISHED.payload


async def test_damage_that_comes_back_is_told(desk: Desk) -> None:
    desk.run.know(held(desk.library, PUBLISHED))
    payload = next((desk.folder / "store").rglob("payload"))
    with payload.open("r+b") as file:
        file.write(b"flipped")

    async def repair(entry: Entry) -> None:
        desk.book.complete(desk.run_id)

    desk.book.repair = repair
    entry = desk.add("t1", dest="out")
    desk.book.complete(desk.run_id)
    await desk.end(entry)

    assert entry.record.failure == "content"


async def test_a_repair_that_breaks_is_told(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    desk.run.know(admit(desk.library, PUBLISHED))  # nothing is here
    entry = desk.add("t1", dest="out")

    async def repair(entry: Entry) -> None:
        raise ZeroDivisionError

    desk.book.repair = repair
    desk.book.complete(desk.run_id)
    await desk.end(entry)
    assert entry.record.failure == "content"
    assert "ZeroDivisionError" in caplog.text


async def test_who_cancels_during_delivery_stays_cancelled(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bool] = []

    def slow(*_: Any, is_wanted: Any, **__: Any) -> None:
        seen.append(is_wanted())
        entry.record.state = "cancelled"
        seen.append(is_wanted())

    monkeypatch.setattr(delivery, "deliver", slow)
    desk.run.know(held(desk.library, PUBLISHED))
    entry = desk.add("t1", dest="out")
    desk.book.complete(desk.run_id)
    await desk.book.finish_deliveries()

    assert seen == [True, False]
    assert entry.record.state == "cancelled"


async def test_a_suspended_task_rests(desk: Desk) -> None:
    entry = desk.add("t1")
    desk.book.end(entry, "suspended", "suspended")
    desk.book.failed(desk.run_id, "x", "y")

    assert entry.record.state == "suspended"
    assert desk.book.of_run(desk.run_id) == []
    assert desk.final == []


async def test_news_wake_everybody_who_waits(desk: Desk) -> None:
    waiting = [asyncio.create_task(desk.book.wait_for_news()) for _ in range(3)]
    await asyncio.sleep(0)
    desk.book.changed(desk.run_id)
    await asyncio.wait_for(asyncio.gather(*waiting), 5)

    late = asyncio.create_task(desk.book.wait_for_news())
    await asyncio.sleep(0)
    assert not late.done()
    late.cancel()


async def test_old_ones_are_forgotten_and_running_ones_never(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entries, "TASKS_KEPT", 3)
    for number in range(3):
        desk.book.end(desk.add(f"old{number}"), "cancelled")
    for number in range(5):
        desk.add(f"new{number}")

    assert [one.record.id for one in desk.book.entries] == [f"new{number}" for number in range(5)]


async def test_each_kind_of_trouble_is_told_to_the_log_once(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    task = Mock(reception=None, representation=None, fallbacks={}, retry_at=NEVER)
    task.state_word.return_value = "downloading"
    desk.book = TaskBook({desk.run_id: desk.run}, lambda run_id: task, desk.final.append)
    entry = desk.add("t1")
    for fallbacks in ({"origin_dns": 1}, {"origin_dns": 2}, {"origin_dns": 2, "news": 1}):
        task.fallbacks = fallbacks
        desk.book.refresh(entry)

    told: list[Any] = [one for one in caplog.records if "falls back" in one.message]
    assert [one.fields["reason"] for one in told] == ["origin_dns", "news"]
    assert told[0].fields["why"] == "the origin: its name cannot be resolved"
    assert entry.record.fallbacks == {"origin_dns": 2, "news": 1}
