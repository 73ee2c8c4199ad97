"""What a restart remembers of the tasks, whatever happened to the file."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import pytest
from fake_controller import record
from figure_book import Figure

from mcastdist.agent import task_journal
from mcastdist.agent.api import TaskRecord
from mcastdist.agent.task_journal import (
    ENDED_S_MAX,
    KeptTask,
    TaskJournal,
    decode,
    encode,
    entry_of,
    kept_task,
    still_kept,
)
from mcastdist.errors import StorageError

NOW = 1_700_000_000.0


def kept(task_id: str, **changes: object) -> KeptTask:
    return KeptTask(record=record(task_id, **changes), settings={"election.weight": 7})


def ids(tasks: list[KeptTask]) -> list[str]:
    return [task.record.id for task in tasks]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tasks.journal"


async def write(path: Path, *tasks: KeptTask) -> None:
    journal = TaskJournal(path, wall=lambda: NOW)
    await journal.read()
    for task in tasks:
        journal.keep(task)
    await journal.settled()
    await journal.close()


async def read(path: Path) -> tuple[list[KeptTask], task_journal.Damage | None]:
    journal = TaskJournal(path, wall=lambda: NOW)
    try:
        return await journal.read()
    finally:
        await journal.close()


@pytest.fixture
async def written(path: Path) -> Path:
    await write(path, *(kept(f"t{number}") for number in range(5)))
    return path


def test_a_task_comes_back_as_it_was() -> None:
    task = kept("t1", priority="high", sha256="ab" * 32)
    entry = entry_of(task)

    assert kept_task(entry) == task
    assert entry.request.priority == "high"
    assert entry.request.settings == {"election.weight": 7}
    assert (entry.request.url, entry.request.dest) == (task.record.url, task.record.dest)


def test_what_was_written_by_hand_is_known_again() -> None:
    task = kept("t1")
    line = encode(task)

    assert decode(line.rstrip(b"\n")) == task
    assert line.count(b"\n") == 1


async def test_a_tasks_last_line_counts_and_its_place_is_that_of_the_first(path: Path) -> None:
    await write(path, kept("a"), kept("b"), kept("a", state="suspended"))
    tasks, damage = await read(path)

    assert ids(tasks) == ["a", "b"]
    assert tasks[0].record.state == "suspended"
    assert damage is None
    assert (await read(path))[0] == tasks  # reading tidies up, and loses nothing


async def test_nothing_there_is_no_task(path: Path) -> None:
    assert await read(path) == ([], None)


async def test_the_file_is_private(written: Path) -> None:
    old = os.umask(0)
    try:
        await write(written, kept("b"))
        assert stat.S_IMODE(written.stat().st_mode) == 0o600
        written.unlink()
        await write(written, kept("b"))
    finally:
        os.umask(old)
    assert stat.S_IMODE(written.stat().st_mode) == 0o600


async def test_torn_at_any_byte_only_the_last_task_is_lost(written: Path) -> None:
    data = written.read_bytes()
    last = data.rindex(b"\n", 0, -1) + 1
    for length in range(last, len(data), 7):
        written.write_bytes(data[:length])
        tasks, damage = await read(written)
        assert (ids(tasks), damage) == (["t0", "t1", "t2", "t3"], None)


async def test_after_a_torn_line_the_next_is_whole(written: Path) -> None:
    data = written.read_bytes()
    written.write_bytes(data[:-3])
    await write(written, kept("new"))

    assert ids((await read(written))[0]) == ["t0", "t1", "t2", "t3", "new"]


@pytest.mark.parametrize("flip", [0, 9, 40, -2])
async def test_a_damaged_line_costs_its_task_alone_and_the_file_is_set_aside(
    written: Path, flip: int, figure: Figure
) -> None:
    lines = written.read_bytes().splitlines(keepends=True)
    spoilt = bytearray(lines[2])
    spoilt[flip] ^= 0x15
    damaged = b"".join([*lines[:2], bytes(spoilt), *lines[3:]])
    written.write_bytes(damaged)
    tasks, damage = await read(written)

    figure("lines spoilt", 1)
    figure("tasks lost", len(lines) - len(tasks))
    assert ids(tasks) == ["t0", "t1", "t3", "t4"]
    assert damage is not None
    assert damage.set_aside.read_bytes() == damaged
    assert stat.S_IMODE(damage.set_aside.stat().st_mode) == 0o600
    assert str(damage.set_aside) in str(damage)
    assert (await read(written))[1] is None  # told once


async def test_what_is_no_journal_at_all_is_set_aside_and_nothing_overwrites_it(
    path: Path,
) -> None:
    places = []
    for number in range(3):
        path.write_bytes(b"\xff\x00 %d\n" % number)
        tasks, damage = await read(path)
        assert tasks == []
        assert damage is not None
        places.append(damage.set_aside)

    assert [place.read_bytes()[3:4] for place in places] == [b"0", b"1", b"2"]


async def test_a_task_of_a_later_version_with_fields_we_lack_is_taken(path: Path) -> None:
    import zlib

    text = encode(kept("t1"))[9:-1].replace(b'{"record":{', b'{"news":1,"record":{"more":[2],')
    path.write_bytes(b"%08x %b\n" % (zlib.crc32(text), text))

    assert ids((await read(path))[0]) == ["t1"]


async def test_a_file_that_cannot_be_read_is_not_overwritten(path: Path) -> None:
    path.mkdir()
    with pytest.raises(StorageError, match=r"tasks\.journal"):
        await read(path)


async def test_a_disk_that_says_no_is_told_once_and_costs_no_task(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    append = task_journal._append
    journal = TaskJournal(path, wall=lambda: NOW)
    await journal.read()
    monkeypatch.setattr(task_journal, "_append", full)
    journal.keep(kept("a"))
    journal.keep(kept("b"))
    await journal.settled()
    monkeypatch.setattr(task_journal, "_append", append)
    journal.keep(kept("c"))
    await journal.close()

    assert [one.message for one in caplog.records] == ["tasks cannot be kept for a restart"]
    assert ids((await read(path))[0]) == ["c"]


async def test_a_journal_that_grows_is_written_anew(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(task_journal, "GROWTH_BYTES_MAX", 4_000)
    journal = TaskJournal(path, wall=lambda: NOW)
    await journal.read()
    for number in range(100):
        journal.keep(kept(f"t{number % 2}", seconds=float(number)))
    await journal.close()

    assert path.stat().st_size < 6_000
    tasks, _ = await read(path)
    assert [(task.record.id, task.record.seconds) for task in tasks] == [("t0", 98.0), ("t1", 99.0)]


def ended(task_id: str, at: float) -> TaskRecord:
    return record(task_id, state="delivered", ended=at)


def test_what_has_ended_is_kept_for_a_time_and_up_to_a_number(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(task_journal, "TASKS_KEPT", 2)
    records = [
        ended("long ago", NOW - ENDED_S_MAX - 1),
        ended("later", NOW - 10),
        record("unfinished"),
        ended("latest", NOW - 1),
        ended("earlier", NOW - 20),
        record("rests", state="suspended"),
    ]
    left = still_kept([KeptTask(record=one, settings={}) for one in records], now=NOW)

    assert ids(left) == ["later", "unfinished", "latest", "rests"]
