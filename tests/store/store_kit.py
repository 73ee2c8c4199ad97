"""What do the store's tests share? Small packages, a disk without waits, and one that crashes."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from mcastdist.ids import ContentId
from mcastdist.store import Deliverable, Disk, File, StoreLimits
from mcastdist.store.package import Package
from mcastdist.store.records import Begun, Record, Status
from mcastdist.store.shelf import Shelf

NO_LIMITS = StoreLimits(free_bytes_min=0)
NOW = 1_000_000.0


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def noise(label: str, size: int) -> bytes:
    """Bytes that look random and are the same in every run."""
    return hashlib.shake_128(label.encode()).digest(size)


@dataclass
class SimpleTable:
    """A package table cut at file boundaries."""

    items: list[Deliverable]
    spans: list[tuple[int, int]]
    digests: list[bytes]

    @property
    def payload_bytes(self) -> int:
        return self.spans[-1][1] if self.spans else 0

    @property
    def chunk_count(self) -> int:
        return len(self.spans)

    def chunk_span(self, chunk: int) -> tuple[int, int]:
        return self.spans[chunk]

    def chunk_digest(self, chunk: int) -> bytes:
        return self.digests[chunk]

    def chunks_over(self, start: int, stop: int) -> range:
        over = [n for n, (a, b) in enumerate(self.spans) if a < stop and b > start]
        return range(over[0], over[-1] + 1) if over else range(0)

    def deliverables(self, file_name: str | None = None, /) -> Sequence[Deliverable]:
        return self.items


@dataclass
class Sample:
    """A package with everything a test wants to know of it."""

    name: str
    files: dict[str, bytes]
    links: dict[str, str] = field(default_factory=dict)
    chunk_bytes: int = 64
    mode: int = 0o640
    folders: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.payload = b"".join(self.files.values())
        items, spans, at = [], [], 0
        for path, data in self.files.items():
            stop = at + len(data)
            items.append(Deliverable(path, self.mode, at, stop, sha256(data)))
            spans += [
                (a, min(a + self.chunk_bytes, stop)) for a in range(at, stop, self.chunk_bytes)
            ]
            at = stop
        items += [Deliverable(p, 0o777, at, at, sha256(b""), t) for p, t in self.links.items()]
        items += map(Deliverable.folder_at, self.folders)
        digests = [sha256(self.payload[a:b]) for a, b in spans]
        self.table = SimpleTable(items, spans, digests)
        self.manifest = f"manifest of {self.name} {sha256(self.payload).hex()}".encode()
        self.content = ContentId(sha256(self.manifest))

    def begin(self, store: Any, *, now: float = NOW, precached: bool = False) -> Any:
        return store.begin(
            self.content, self.table, self.manifest, b"signature",
            name=self.name, version="1", sequence=1, precached=precached, now=now,
        )  # fmt: skip

    def keep(self, store: Any, *, now: float = NOW, precached: bool = False) -> None:
        """Have all of it in the store, and nobody using it."""
        holding = self.begin(store, now=now, precached=precached)
        holding.write(0, self.payload)
        holding.close()

    def adopt(self, store: Any, staged: Any) -> Any:
        return store.adopt(
            staged, self.content, self.table, self.manifest,
            name=self.name, precached=False, now=NOW,
        )  # fmt: skip


def small_sample(name: str = "a", size: int = 200) -> Sample:
    return Sample(name, {f"{name}.bin": noise(name, size)})


def shelve(shelf: Shelf, sample: Sample, payload: Path | None = None) -> Package:
    """Put a sample on a shelf, with nothing of it verified."""
    table = sample.table
    begun = Begun(sample.name, "1", 1, table.payload_bytes, table.chunk_count, NOW)
    records: list[Record] = [begun, Status(False, False, NOW)]
    papers = sample.manifest, b"signature"
    return shelf.put(sample.content, table, papers, records, payload)


def tree(dest: Path) -> dict[str, bytes | str]:
    """What lies under `dest`: bytes of files, targets of links; no directories."""
    found: dict[str, bytes | str] = {}
    for path in sorted(dest.rglob("*")):
        name = path.relative_to(dest).as_posix()
        if path.is_symlink():
            found[name] = os.readlink(path)
        elif path.is_file():
            found[name] = path.read_bytes()
    return found


class QuickDisk(Disk):
    """The real disk, without waiting for it."""

    def sync(self, file: File) -> None:
        pass

    def sync_data(self, file: File) -> None:
        pass

    def sync_file_system(self, file: File) -> None:
        pass

    def sync_directory(self, path: Path, *, folder: int | None = None) -> None:
        pass


class Crash(BaseException):
    """The power went."""


Key = tuple[int, int]


class CrashingDisk(Disk):
    """A disk on which the power goes at the n-th change.

    `torn` writes half of the data if the n-th change is a write. Changes that were not synced are
    undone at the crash: bytes if `loses_data`, names if `loses_names`; each survives all the same
    with probability `keeps`.
    """

    def __init__(
        self,
        saved: Path,
        crash_at: int = 0,
        *,
        torn: bool = False,
        loses_data: bool = False,
        loses_names: bool = False,
        keeps: float = 0.0,
        syncs_at_once: bool = True,
    ) -> None:
        self.count = 0
        self._syncs_at_once = syncs_at_once
        self._crash_at = crash_at
        self._torn = torn
        self._loses = {"data": loses_data, "name": loses_names}
        self._keeps = keeps
        self._saved = saved
        self._undo: list[tuple[str, Key, Callable[[], None]]] = []
        self._open: set[int] = set()
        self._extra: list[int] = []
        self._is_off = False
        self._lock = threading.RLock()

    def power_off(self) -> None:
        """Lose what a power cut loses. Nothing may use this disk afterwards."""
        self._is_off = True
        rng = Random(self._crash_at)
        for kind, _, undo in reversed(self._undo):
            if self._loses[kind] and rng.random() >= self._keeps:
                with contextlib.suppress(OSError):
                    undo()
        for fd in [*self._open, *self._extra]:
            with contextlib.suppress(OSError):
                os.close(fd)

    @contextlib.contextmanager
    def _change(self, torn: Callable[[], None] = lambda: None) -> Iterator[None]:
        with self._lock:
            if self._is_off:
                raise Crash
            self.count += 1
            if self.count == self._crash_at:
                self._is_off = True
                if self._torn:
                    torn()
                raise Crash
            yield

    # What the undoing is bound to

    def _key(self, target: int | Path) -> Key:
        status = os.stat(target)
        return status.st_dev, status.st_ino

    def _keep_fd(self, fd: int) -> int:
        self._extra.append(os.dup(fd))
        return self._extra[-1]

    def _parent(self, path: Path, folder: int | None) -> tuple[int, Key]:
        if folder is None:
            fd = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
            self._extra.append(fd)
        else:
            fd = self._keep_fd(folder)
        return fd, self._key(fd)

    def _undo_name(self, path: Path, folder: int | None, undo: Callable[[int, str], None]) -> None:
        if self._loses["name"]:
            parent, key = self._parent(path, folder)
            self._undo.append(("name", key, lambda: undo(parent, path.name)))

    def _undo_bytes(self, file: File, start: int, stop: int) -> None:
        if self._loses["data"]:
            fd = self._keep_fd(file.fd)
            size = os.fstat(fd).st_size
            old = os.pread(fd, max(stop - start, 0), start)

            def undo() -> None:
                os.pwrite(fd, old, start)
                os.ftruncate(fd, size)

            self._undo.append(("data", self._key(fd), undo))

    def _synced(self, kind: str, key: Key) -> None:
        self._undo = [each for each in self._undo if each[:2] != (kind, key)]

    # Changes

    def open(
        self,
        path: Path,
        *,
        create: bool = False,
        exclusive: bool = True,
        folder: int | None = None,
    ) -> File:
        if not create:
            with self._lock:
                if self._is_off:
                    raise Crash
                file = super().open(path, folder=folder)
        else:
            with self._change():
                file = super().open(path, create=True, exclusive=exclusive, folder=folder)
                if exclusive:
                    self._undo_name(path, folder, _unlink)
        self._open.add(file.fd)
        return file

    def close(self, file: File) -> None:
        if file.fd in self._open:
            self._open.discard(file.fd)
            super().close(file)

    def write(self, file: File, data: bytes | memoryview, offset: int) -> None:
        view = memoryview(data)

        def write(part: memoryview) -> None:
            self._undo_bytes(file, offset, offset + len(part))
            super(CrashingDisk, self).write(file, part, offset)

        with self._change(torn=lambda: write(view[: len(view) // 2])):
            write(view)

    def allocate(self, file: File, size: int) -> None:
        with self._change():
            self._undo_bytes(file, size, os.fstat(file.fd).st_size)
            super().allocate(file, size)

    def truncate(self, file: File, size: int) -> None:
        with self._change():
            self._undo_bytes(file, size, os.fstat(file.fd).st_size)
            super().truncate(file, size)

    def set_mode(self, file: File, mode: int) -> None:
        with self._change():
            super().set_mode(file, mode)

    def sync(self, file: File) -> None:
        with self._change():
            self._synced("data", self._key(file.fd))

    sync_data = sync

    def syncs_at_once(self, file: File) -> bool:
        return self._syncs_at_once

    def sync_file_system(self, file: File) -> None:
        with self._change():
            self._undo = []

    def clone(self, source: File, target: File, start: int, length: int) -> bool:
        return False

    def make_directory(self, path: Path, *, mode: int = 0o700, folder: int | None = None) -> bool:
        with self._change():
            made = super().make_directory(path, mode=mode, folder=folder)
            if made:
                self._undo_name(path, folder, lambda parent, name: shutil.rmtree(path))
            return made

    def rename(
        self,
        old: Path,
        new: Path,
        *,
        old_folder: int | None = None,
        new_folder: int | None = None,
    ) -> None:
        with self._change():
            if self._loses["name"]:
                back, _ = self._parent(old, old_folder)
                replaced = self._save(new, new_folder)

                def undo(parent: int, name: str) -> None:
                    os.rename(name, old.name, src_dir_fd=parent, dst_dir_fd=back)
                    if replaced is not None:
                        os.link(replaced, name, dst_dir_fd=parent, follow_symlinks=False)

                self._undo_name(new, new_folder, undo)
            super().rename(old, new, old_folder=old_folder, new_folder=new_folder)

    def make_link(self, path: Path, target: str, *, folder: int | None = None) -> None:
        with self._change():
            super().make_link(path, target, folder=folder)
            self._undo_name(path, folder, _unlink)

    def remove(self, path: Path, *, folder: int | None = None) -> None:
        with self._change():
            if self._loses["name"]:
                saved = self._save(path, folder)
                if saved is not None:
                    self._undo_name(
                        path,
                        folder,
                        lambda parent, name: os.link(
                            saved, name, dst_dir_fd=parent, follow_symlinks=False
                        ),
                    )
            super().remove(path, folder=folder)

    def remove_directory(self, path: Path, *, folder: int | None = None) -> None:
        with self._change():
            if not self._loses["name"]:
                super().remove_directory(path, folder=folder)
                return
            # Only moved aside, so that undoing can reach the names that were in it.
            aside = self._saved / str(self.count)
            with contextlib.suppress(FileNotFoundError):
                assert os.listdir(path) == []
                os.rename(path, aside)
                self._undo_name(
                    path,
                    folder,
                    lambda parent, name: os.rename(aside, name, dst_dir_fd=parent),
                )

    def sync_directory(self, path: Path, *, folder: int | None = None) -> None:
        with self._change():
            self._synced("name", self._key(path if folder is None else folder))

    def _save(self, path: Path, folder: int | None) -> Path | None:
        """Another link to the file, to bring it back by."""
        saved = self._saved / str(self.count)
        name = path.name if folder is not None else path
        try:
            os.link(name, saved, src_dir_fd=folder, follow_symlinks=False)
        except (FileNotFoundError, PermissionError):  # not there, or a directory
            return None
        return saved


def _unlink(parent: int, name: str) -> None:
    os.unlink(name, dir_fd=parent)


def pieces(data: bytes, size: int) -> Iterable[tuple[int, bytes]]:
    return ((at, data[at : at + size]) for at in range(0, len(data), size))
