"""How do we write below a destination without being led out of it?

Every directory below the destination is opened in the one above it, link by link refused, and the
names in it are used relative to that descriptor. So a symbolic link that somebody planted, or swaps
in while we work, cannot redirect a file: not into another directory, not out of the destination.
The destination itself was chosen by a person and may be reached by links.

Windows has no such descriptors. There each directory on the way is looked at before it is used,
which keeps honest links from leading astray, though not somebody who swaps them in time.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mcastdist.errors import StorageError, UnsafePath

from .disk import FOLLOW_NOTHING, Disk
from .durable import make_path
from .refusals import refusals_about, storage_error

HAS_DESCRIPTORS = os.open in os.supports_dir_fd and os.mkdir in os.supports_dir_fd
PUBLIC_DIRECTORY = 0o755  # and what the umask takes away: delivered files are for everybody
HASH_BYTES = 1 << 20
DIRECTORY_FLAGS = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0)
FILE_FLAGS = FOLLOW_NOTHING | getattr(os, "O_BINARY", 0)


@dataclass(frozen=True, slots=True)
class Folder:
    """An open directory: its path, and the descriptor its names are looked up in, if any."""

    path: Path
    fd: int | None


class Destination:
    """A directory that is being delivered into. Not for several threads."""

    def __init__(self, disk: Disk, dest: Path, *, descriptors: bool = HAS_DESCRIPTORS) -> None:
        """Make `dest` with its parents if need be, and open it."""
        self._disk = disk
        make_path(disk, dest, mode=PUBLIC_DIRECTORY)
        with refusals_about(dest):
            if not dest.is_dir():
                raise StorageError(f"{dest} is no directory: deliver elsewhere, or move it away")
            self.root = Folder(dest, os.open(dest, DIRECTORY_FLAGS) if descriptors else None)
        self._way: list[tuple[str, Folder]] = []  # the directories open below the root

    def close(self) -> None:
        """Let go of all directories."""
        self._go_back_to(0)
        close_folder(self.root)

    def folder(self, parts: tuple[str, ...]) -> Folder:
        """The directory `parts` below the root, made if it is missing.

        Consecutive calls reuse the way they have in common. UnsafePath for a symbolic link on the
        way, StorageError for anything else that is no directory.
        """
        common = 0
        for (name, _), part in zip(self._way, parts, strict=False):
            if name != part:
                break
            common += 1
        self._go_back_to(common)
        for part in parts[common:]:
            self._way.append((part, self._step(self._here(), part)))
        return self._here()

    # Within

    def _here(self) -> Folder:
        return self._way[-1][1] if self._way else self.root

    def _go_back_to(self, depth: int) -> None:
        while len(self._way) > depth:
            close_folder(self._way.pop()[1])

    def _step(self, above: Folder, name: str) -> Folder:
        path = above.path / name
        status = status_of(above, name)
        if status is None:
            self._disk.make_directory(path, mode=PUBLIC_DIRECTORY, folder=above.fd)
            self._disk.sync_directory(above.path, folder=above.fd)
        elif stat.S_ISLNK(status.st_mode):
            raise UnsafePath(
                str(path), f"{path} is a symbolic link: remove it, or deliver elsewhere"
            )
        elif not stat.S_ISDIR(status.st_mode):
            raise StorageError(f"{path} is no directory, but the package needs one: move it away")
        return open_folder(above, name)


def open_folder(above: Folder, name: str) -> Folder:
    """The directory `name` in `above`; a symbolic link is refused, whenever it was put there."""
    path = above.path / name
    if above.fd is None:
        return Folder(path, None)
    with refusals_about(path):
        return Folder(path, os.open(name, DIRECTORY_FLAGS | FOLLOW_NOTHING, dir_fd=above.fd))


def close_folder(folder: Folder) -> None:
    """Let go of the descriptor."""
    if folder.fd is not None:
        os.close(folder.fd)


def names_in(folder: Folder) -> list[str]:
    """The names in `folder`, sorted."""
    with refusals_about(folder.path):
        if folder.fd is None:
            return sorted(os.listdir(folder.path))
        # Through a descriptor of its own: Btrfs shows one only what was there when it was opened.
        fd = os.open(".", DIRECTORY_FLAGS, dir_fd=folder.fd)
        try:
            return sorted(os.listdir(fd))
        finally:
            os.close(fd)


def status_of(folder: Folder, name: str) -> os.stat_result | None:
    """What `name` is, itself, not what it links to; None if it is not there."""
    try:
        if folder.fd is None:
            return os.lstat(folder.path / name)
        return os.stat(name, dir_fd=folder.fd, follow_symlinks=False)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise storage_error(error, folder.path / name) from error


def is_same_file(
    folder: Folder, name: str, status: os.stat_result, *, size: int, mode: int, sha256: bytes
) -> bool:
    """True if what has this `status` is a regular file of this size, mode and digest."""
    if not stat.S_ISREG(status.st_mode) or status.st_size != size:
        return False
    if os.name == "posix" and stat.S_IMODE(status.st_mode) != mode:
        return False
    with contextlib.suppress(OSError), _reading(folder, name) as fd:
        digest = hashlib.sha256()
        while piece := os.read(fd, HASH_BYTES):
            digest.update(piece)
        return digest.digest() == sha256
    return False  # what cannot be read is replaced


def is_same_link(folder: Folder, name: str, target: str) -> bool:
    """True if a symbolic link is there already and says `target`."""
    with contextlib.suppress(OSError):
        if folder.fd is None:
            return os.readlink(folder.path / name) == target
        return os.readlink(name, dir_fd=folder.fd) == target
    return False


@contextlib.contextmanager
def _reading(folder: Folder, name: str) -> Iterator[int]:
    flags = os.O_RDONLY | FILE_FLAGS
    path = name if folder.fd is not None else folder.path / name
    fd = os.open(path, flags, dir_fd=folder.fd)
    try:
        yield fd
    finally:
        os.close(fd)
