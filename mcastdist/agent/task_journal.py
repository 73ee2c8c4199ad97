"""What did people ask for, also after a restart? A file of tasks in the state directory.

    tasks.journal = lines of: CRC-32 of the rest in 8 hex digits, a blank, a `KeptTask` as JSON

Only appended to, a line whenever a task is given, ends, is suspended or goes on; a task's last line
counts. Now and then it is replaced by a shorter one that says the same. A crash tears at most the
last line, whose task nobody was told of. Any other line that does not fit its check is damage: the
file is set aside as it is, and the other tasks go on. It is private, since URLs may hold passwords.
"""

from __future__ import annotations

import asyncio
import os
import time
import zlib
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import msgspec

from . import logs
from .api import TaskRecord, TaskRequest
from .entries import TASKS_KEPT
from .entry import Entry
from .records import locator_of, snapshot
from .state_dir import FILE_MODE, refusal, write_whole

FILE = "tasks.journal"
BYTES_MAX = 64 << 20  # ten thousand tasks take a third of it; a larger file is none of ours
GROWTH_BYTES_MAX = 4 << 20  # beyond what was needed at the last rewriting: rewrite it
ENDED_S_MAX = 30 * 86_400.0  # how long it is remembered what became of a task
ASIDE_MAX = 9  # damaged files that are kept
CRC_CHARS = 8

log = logs.get("task")


class KeptTask(msgspec.Struct, frozen=True, kw_only=True):
    """One task as it is kept: its record, and of the wish what does not stand there."""

    record: TaskRecord
    settings: dict[str, str | int | float | bool]


@dataclass(frozen=True, slots=True)
class Damage:
    """Lines that could not be understood, and where the file lies now."""

    lines: int
    set_aside: Path

    def __str__(self) -> str:
        return (
            f"{self.lines} lines of the list of tasks are damaged, and their tasks are not known"
            f" any more; the file is kept as {self.set_aside}"
        )


class TaskJournal:
    """The journal of one agent. Writes in a thread of its own, in the order it is told."""

    def __init__(self, path: Path, *, wall: Callable[[], float] = time.time) -> None:
        """`wall`: seconds since 1970; says how long ago a task has ended."""
        self._path = path
        self._wall = wall
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="journal")
        self._size = 0  # of the lines that are whole
        self._rewrite_at = GROWTH_BYTES_MAX
        self._is_failing = False

    # In

    async def read(self) -> tuple[list[KeptTask], Damage | None]:
        """The tasks, oldest first. Raises StorageError if the file cannot be read at all."""
        return await asyncio.wrap_future(self._pool.submit(self._read))

    def keep(self, task: KeptTask) -> None:
        """Write how this task stands, soon; see `settled`."""
        self._pool.submit(self._write, encode(task))

    async def settled(self) -> None:
        """Wait until all that was to be kept outlives a power cut, if the disk lets us."""
        await asyncio.wrap_future(self._pool.submit(lambda: None))

    async def close(self) -> None:
        """Finish what is to be written."""
        await asyncio.to_thread(self._pool.shutdown)

    # Within, in the thread

    def _read(self) -> tuple[list[KeptTask], Damage | None]:
        try:
            data = _read_at_most(self._path, BYTES_MAX)
            tasks, damaged = _tasks_in(data)
            damage = Damage(damaged, _set_aside(self._path)) if damaged else None
            self._rewrite(kept := still_kept(tasks, now=self._wall()))
        except OSError as error:
            raise refusal(self._path, error) from error
        return kept, damage

    def _write(self, line: bytes) -> None:
        """A disk that says no costs what a restart would remember, and no task."""
        try:
            _append(self._path, line, at=self._size)
            self._size += len(line)
            if self._size > self._rewrite_at:
                tasks, _ = _tasks_in(_read_at_most(self._path, BYTES_MAX))
                self._rewrite(still_kept(tasks, now=self._wall()))
        except OSError as error:
            if not self._is_failing:
                log.warning("tasks cannot be kept for a restart", why=str(error))
            self._is_failing = True
        else:
            self._is_failing = False

    def _rewrite(self, tasks: Iterable[KeptTask]) -> None:
        data = b"".join(map(encode, tasks))
        write_whole(self._path, data)
        self._size = len(data)
        self._rewrite_at = 2 * len(data) + GROWTH_BYTES_MAX


def still_kept(tasks: Iterable[KeptTask], *, now: float) -> list[KeptTask]:
    """All that are unfinished, and of the ended ones the last, for a while."""
    last = {task.record.id: task for task in tasks}
    ended = [
        task.record.id
        for task in sorted(last.values(), key=_ended)
        if task.record.is_final and now - _ended(task) < ENDED_S_MAX
    ]
    remembered = frozenset(ended[-TASKS_KEPT:])
    return [task for key, task in last.items() if not task.record.is_final or key in remembered]


def kept_task(entry: Entry) -> KeptTask:
    """A task as it stands now."""
    return KeptTask(record=snapshot(entry.record), settings=entry.request.settings)


def entry_of(task: KeptTask) -> Entry:
    """The task again, as if it had just been given."""
    record = snapshot(task.record)
    request = TaskRequest(
        url=record.url,
        sha256=record.sha256,
        dest=record.dest,
        settings=task.settings,
        priority=record.priority,
    )
    return Entry(request, record, locator_of(request).hex())


def encode(task: KeptTask) -> bytes:
    """One line."""
    text = msgspec.json.encode(task)
    return b"%08x %b\n" % (zlib.crc32(text), text)


def decode(line: bytes) -> KeptTask | None:
    """What a line says; None if it is damaged."""
    check, _, text = line.partition(b" ")
    if len(check) != CRC_CHARS or b"%08x" % zlib.crc32(text) != check:
        return None
    try:
        return msgspec.json.decode(text, type=KeptTask)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


def _ended(task: KeptTask) -> float:
    return task.record.ended or 0.0


def _tasks_in(data: bytes) -> tuple[list[KeptTask], int]:
    """What the lines say, and how many are damaged; a torn last one is not."""
    *lines, tail = data.split(b"\n")
    found = [decode(line) for line in lines]
    tasks = [task for task in found if task is not None]
    return tasks, len(found) - len(tasks) + (len(tail) >= BYTES_MAX)


def _read_at_most(path: Path, size: int) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(size)
    except FileNotFoundError:
        return b""


def _append(path: Path, line: bytes, *, at: int) -> None:
    """`line` as the file's last; what an earlier failure left there goes."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT, FILE_MODE)
    try:
        os.ftruncate(file, at)
        os.lseek(file, at, os.SEEK_SET)
        left = memoryview(line)
        while left:
            left = left[os.write(file, left) :]
        os.fsync(file)
    finally:
        os.close(file)


def _set_aside(path: Path) -> Path:
    """A copy beside it, under a name that none has yet; the last of many is replaced."""
    names = (path.with_name(f"{path.name}.damaged{number}") for number in range(1, ASIDE_MAX + 1))
    place = next((name for name in names if not name.exists()), None)
    place = place or path.with_name(f"{path.name}.damaged{ASIDE_MAX}")
    write_whole(place, path.read_bytes())
    return place
