"""Where are files built before they get their names? In a hidden directory of the destination.

    dest/.mcastdist-<content>-<pid>-<n>/lock          held as long as the delivery lives
                                        0, 1, 2 ...   files being built

It lies in the destination because a rename is one step only within a file system. Whatever workshop
has nobody holding its lock was left by a crash, and the next delivery clears it away.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

from mcastdist.errors import StorageError
from mcastdist.ids import ContentId

from .destination import Folder, close_folder, names_in, open_folder, status_of
from .disk import Disk, File

PREFIX = ".mcastdist-"
OUR_NAME = re.compile(r"\.mcastdist-[0-9a-f]{12}-[0-9]+-[0-9]+")  # a user's folder has another
LOCK = "lock"
TRIES_MAX = 1_000  # deliveries of one process into one destination at the same time


class Workshop:
    """The workshop of one delivery."""

    def __init__(self, disk: Disk, folder: Folder) -> None:
        """Use `open_workshop`."""
        self._disk = disk
        self.folder = folder
        self._count = 0

    def new_name(self) -> Path:
        """A name nobody has yet in the workshop."""
        self._count += 1
        return self.folder.path / str(self._count - 1)

    def new_file(self) -> File:
        """An empty file, private until its mode is set."""
        return self._disk.open(self.new_name(), create=True, folder=self.folder.fd)


@contextlib.contextmanager
def open_workshop(disk: Disk, root: Folder, content: ContentId) -> Iterator[Workshop]:
    """A workshop in `root`, gone when the block is left."""
    folder = _make_folder(disk, root, content)
    try:
        lock = disk.open(folder.path / LOCK, create=True, folder=folder.fd)
        try:
            disk.lock(lock)
            yield Workshop(disk, folder)
        finally:
            disk.close(lock)
            _clear(disk, root, folder)
    finally:
        close_folder(folder)


def clear_abandoned(disk: Disk, root: Folder) -> None:
    """Remove the workshops that crashed deliveries left in `root`."""
    for directory in disk.directories(root.path):
        if OUR_NAME.fullmatch(directory.name):
            folder = open_folder(root, directory.name)
            try:
                if _is_abandoned(disk, folder):
                    _clear(disk, root, folder)
            finally:
                close_folder(folder)


def _make_folder(disk: Disk, root: Folder, content: ContentId) -> Folder:
    for number in range(TRIES_MAX):
        name = f"{PREFIX}{content.short}-{os.getpid()}-{number}"
        if disk.make_directory(root.path / name, folder=root.fd):
            return open_folder(root, name)
    raise StorageError(f"{root.path} has {TRIES_MAX} deliveries in it already: wait for them")


def _is_abandoned(disk: Disk, folder: Folder) -> bool:
    if not all(name == LOCK or name.isdecimal() for name in names_in(folder)):
        return False  # somebody has put something of theirs in it
    if status_of(folder, LOCK) is None:
        return True
    lock = disk.open(folder.path / LOCK, folder=folder.fd)
    try:
        return disk.lock(lock)
    finally:
        disk.close(lock)


def _clear(disk: Disk, root: Folder, folder: Folder) -> None:
    """Remove the workshop by its descriptor: a link swapped in for it is never followed."""
    for name in names_in(folder):
        disk.remove(folder.path / name, folder=folder.fd)
    disk.remove_directory(folder.path, folder=root.fd)
