"""How do a package's files get in place so that nobody ever sees half of one?

Each file is built in a workshop beside the destination's own files, hashed on the way, given its
mode, synced, and only then renamed to its final name. An identical file that is there already is
left alone; any other keeps its name until the new one is complete. Empty folders come first, for
then we learn early that something is in the way of one; symbolic links come last. The promise is
per file: a delivery that is interrupted leaves old and new files, all of them whole.

A file is never hard-linked to the store: whoever edits it in place would edit the store, and with
it what this node gives to others. Where the file system can share blocks (see `Disk.clone`), it
does, and a copy costs nothing.

Files are made durable in batches (see `batch`), and get their names only then: new files alone,
whole ones, can be seen at the final names, at whatever instant the power goes.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from mcastdist.errors import DigestMismatch, StorageError
from mcastdist.ids import ContentId

from .batch import Batch
from .destination import (
    HAS_DESCRIPTORS,
    Destination,
    Folder,
    is_same_file,
    is_same_link,
    status_of,
)
from .disk import Disk, File
from .table import Deliverable
from .workshop import Workshop, clear_abandoned, open_workshop

COPY_BYTES = 1 << 20  # stays in the processor's cache between reading, hashing and writing
PERMISSIONS = 0o777  # nothing we deliver is set-user-id, whoever signed it

Progress = Callable[[int], None]
Parents = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """What is delivered. `on_damage(start, stop)` is told which bytes of the payload are wrong."""

    payload: File
    content: ContentId
    deliverables: Sequence[Deliverable]
    on_damage: Callable[[int, int], None]


def deliver(
    disk: Disk,
    source: Source,
    dest: Path,
    *,
    progress: Progress | None = None,
    descriptors: bool = HAS_DESCRIPTORS,
) -> None:
    """Put all files, links and empty folders of `source` in place under `dest`.

    `progress` is told how many bytes are done, and may raise to stop. A folder that is there stays
    as it is, with what is in it. Raises UnsafePath for a symbolic link on the way or in place of a
    folder, DigestMismatch for damage in the store, and the `StorageError`s.
    """
    destination = Destination(disk, dest, descriptors=descriptors)
    try:
        clear_abandoned(disk, destination.root)
        with open_workshop(disk, destination.root, source.content) as workshop:
            _Delivery(disk, source, destination, workshop, progress).run()
    finally:
        destination.close()


class _Delivery:
    def __init__(
        self,
        disk: Disk,
        source: Source,
        destination: Destination,
        workshop: Workshop,
        progress: Progress | None,
    ) -> None:
        self._disk = disk
        self._source = source
        self._destination = destination
        self._workshop = workshop
        self._progress = progress
        self._done_bytes = 0
        self._buffer = memoryview(bytearray(COPY_BYTES))
        self._batch = Batch(disk)
        self._built: list[tuple[Deliverable, Path]] = []  # of the batch, without their names
        self._touched: set[Parents] = set()

    def run(self) -> None:
        in_order = sorted(self._source.deliverables, key=lambda item: item.path.split("/"))
        for item in in_order:
            if item.folder:
                self._put_folder(item)
        self._put_files(item for item in in_order if item.link is None and not item.folder)
        for item in in_order:
            if item.link is not None:
                self._put_link(item, item.link)
        self._sync_names()

    def _put_folder(self, item: Deliverable) -> None:
        self._destination.folder(tuple(item.path.split("/")))  # made, and its name synced
        self._advance(0)

    def _put_files(self, items: Iterable[Deliverable]) -> None:
        try:
            for parents, siblings in groupby(items, _parents_of):
                for item in siblings:
                    # Asked for anew each time, since placing a batch leads to other folders.
                    self._put_file(item, self._folder(parents))
                    if self._batch.is_full:
                        self._place_batch()
            self._place_batch()
        finally:
            self._batch.drop()  # what has not been placed goes with the workshop

    def _put_file(self, item: Deliverable, folder: Folder) -> None:
        size = item.stop - item.start
        mode = item.mode & PERMISSIONS
        name = _name_of(item)
        status = status_of(folder, name)
        if status is not None:
            if is_same_file(folder, name, status, size=size, mode=mode, sha256=item.sha256):
                self._advance(size)
                return
            _refuse_directory(folder, name, status)
        file = self._workshop.new_file()
        try:
            self._fill(file, item)
            self._disk.set_mode(file, mode)
        finally:
            self._batch.add(file, size)
        self._built.append((item, file.path))

    def _fill(self, file: File, item: Deliverable) -> None:
        digest = hashlib.sha256()
        for piece in self._pieces(file, item):
            digest.update(piece)
            self._advance(len(piece))
        if digest.digest() != item.sha256:
            self._source.on_damage(item.start, item.stop)
            raise DigestMismatch(item.sha256, digest.digest(), f"{item.path} as the store has it")

    def _pieces(self, file: File, item: Deliverable) -> Iterator[memoryview]:
        """The file's bytes, which are in `file` when all have been handed out."""
        size = item.stop - item.start
        shared = self._share(file, item.start, size)
        for at in range(0, size, COPY_BYTES):
            piece = self._buffer[: min(COPY_BYTES, size - at)]
            if at < shared:
                piece = piece[: self._disk.read_into(file, piece, at)]
            else:
                piece = piece[: self._disk.read_into(self._source.payload, piece, item.start + at)]
                self._disk.write(file, piece, at)
            yield piece

    def _share(self, file: File, start: int, size: int) -> int:
        """Let `file` share its first bytes with the payload, if it can; how many it does."""
        whole = size - size % COPY_BYTES  # file systems share in blocks; all block sizes divide it
        return whole if whole and self._disk.clone(self._source.payload, file, start, whole) else 0

    def _place_batch(self) -> None:
        self._batch.sync()  # and closes them, as Windows renames no open files
        for parents, built in groupby(self._built, lambda one: _parents_of(one[0])):
            folder = self._folder(parents)
            for item, path in built:
                self._rename(path, folder, _name_of(item))
        self._built = []

    def _put_link(self, item: Deliverable, target: str) -> None:
        folder, name = self._folder(_parents_of(item)), _name_of(item)
        if is_same_link(folder, name, target):
            return
        _refuse_directory(folder, name, status_of(folder, name))
        path = self._workshop.new_name()
        self._disk.make_link(path, target, folder=self._workshop.folder.fd)
        self._rename(path, folder, name)

    def _rename(self, built: Path, folder: Folder, name: str) -> None:
        self._disk.rename(
            built,
            folder.path / name,
            old_folder=self._workshop.folder.fd,
            new_folder=folder.fd,
        )

    def _folder(self, parents: Parents) -> Folder:
        self._touched.add(parents)
        return self._destination.folder(parents)

    def _sync_names(self) -> None:
        for parents in sorted(self._touched):
            folder = self._destination.folder(parents)
            self._disk.sync_directory(folder.path, folder=folder.fd)

    def _advance(self, count: int) -> None:
        self._done_bytes += count
        if self._progress is not None:
            self._progress(self._done_bytes)


def _parents_of(item: Deliverable) -> Parents:
    return tuple(item.path.split("/")[:-1])


def _name_of(item: Deliverable) -> str:
    return item.path.rpartition("/")[2]


def _refuse_directory(folder: Folder, name: str, status: os.stat_result | None) -> None:
    if status is not None and stat.S_ISDIR(status.st_mode):
        path = folder.path / name
        raise StorageError(f"{path} is a directory, but the package has a file there: move it away")
