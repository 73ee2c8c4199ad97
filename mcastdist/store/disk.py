"""What does this store do to a disk?

Every change to the file system goes through one small `Disk`, so that tests can put another in its
place: one that stops at the n-th change, tears a write in half, or loses what was not synced.

A name is given as a whole path, for sentences. With `folder`, an open directory, only the path's
last part is used, and looked up in that directory: nobody can then redirect it by a symbolic link
further up.
"""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from dataclasses import dataclass
from pathlib import Path

from . import positioned, system_calls, whole_sync
from .refusals import free_bytes, refusals_about

PRIVATE_DIRECTORY = 0o700  # packages may be confidential; only the agent reads them
PRIVATE_FILE = 0o600
FOLLOW_NOTHING = getattr(os, "O_NOFOLLOW", 0)  # the last part of a name is never a link of ours
OPEN_FLAGS = os.O_RDWR | FOLLOW_NOTHING | getattr(os, "O_BINARY", 0)


@dataclass(frozen=True, slots=True)
class File:
    """An open file, and the path that errors name.

    `is_passing`: what is written is not kept in memory, for nobody will read it soon.
    """

    fd: int
    path: Path
    is_passing: bool = False


class Disk:
    """The real disk. Offsets and counts are bytes; every method raises `StorageError`s only."""

    # Files

    def open(
        self,
        path: Path,
        *,
        create: bool = False,
        exclusive: bool = True,
        folder: int | None = None,
    ) -> File:
        """Open for reading and writing. `create` makes a private file; `exclusive`, a new one."""
        flags = OPEN_FLAGS
        if create:
            flags |= os.O_CREAT | (os.O_EXCL if exclusive else 0)
        with refusals_about(path):
            return File(os.open(_name(path, folder), flags, PRIVATE_FILE, dir_fd=folder), path)

    def close(self, file: File) -> None:
        """Let go of the descriptor."""
        with refusals_about(file.path):
            os.close(file.fd)

    def read_into(self, file: File, buffer: bytearray | memoryview, offset: int) -> int:
        """Fill `buffer` from `offset` on; less than its length only where the file ends."""
        view = memoryview(buffer)
        done = 0
        with refusals_about(file.path):
            while done < len(view):
                count = positioned.read_into(file.fd, view[done:], offset + done)
                if count == 0:
                    break
                done += count
        return done

    def write(self, file: File, data: bytes | memoryview, offset: int) -> None:
        """Write all of `data` at `offset`."""
        view = memoryview(data)
        put = positioned.write_passing if file.is_passing else positioned.write
        with refusals_about(file.path):
            while view:
                count = put(file.fd, view, offset)
                view = view[count:]
                offset += count

    def allocate(self, file: File, size: int) -> None:
        """Make the file `size` long with its space reserved, or sparse where that cannot be."""
        with refusals_about(file.path):
            system_calls.reserve(file.fd, size)

    def truncate(self, file: File, size: int) -> None:
        """Cut the file to `size`."""
        with refusals_about(file.path):
            os.ftruncate(file.fd, size)

    def clone(self, source: File, target: File, start: int, length: int) -> bool:
        """Make the empty `target` share `source[start:start+length]`; False where that cannot be.

        Btrfs and XFS share whole file-system blocks only, so this helps files that begin at one:
        above all a package that is one large file. Elsewhere there is nothing to gain:
        copy_file_range was measured no faster on ext4 than the read and write we need for hashing.
        """
        with refusals_about(target.path):
            return system_calls.clone(source.fd, target.fd, start, length)

    def lock(self, file: File) -> bool:
        """Take the file for this process until it is closed; False if another one has it."""
        with refusals_about(file.path):
            return system_calls.lock(file.fd)

    def set_mode(self, file: File, mode: int) -> None:
        """Set the permission bits."""
        with refusals_about(file.path):
            if hasattr(os, "fchmod"):
                os.fchmod(file.fd, mode)

    def sync(self, file: File) -> None:
        """Return when the file's bytes, length and mode outlive a power cut."""
        with refusals_about(file.path):
            system_calls.sync(file.fd)

    def sync_data(self, file: File) -> None:
        """The same for bytes and length; cheaper, as times and mode may be lost."""
        with refusals_about(file.path):
            system_calls.sync_data(file.fd)

    def syncs_at_once(self, file: File) -> bool:
        """True if `sync_file_system` can stand for a `sync` of every file beside this one."""
        return whole_sync.syncs_at_once(file.fd)

    def sync_file_system(self, file: File) -> None:
        """Return when all that was written where `file` lies, since it was opened, is durable."""
        with refusals_about(file.path):
            whole_sync.sync_file_system(file.fd)

    def forget_cached(self, file: File) -> None:
        """Let the next read come from the disk itself, where the system can be asked for that."""
        system_calls.forget_cached(file.fd)

    # Names

    def make_directory(
        self, path: Path, *, mode: int = PRIVATE_DIRECTORY, folder: int | None = None
    ) -> bool:
        """Make one directory; False if there is something of that name already."""
        with refusals_about(path), contextlib.suppress(FileExistsError):
            os.mkdir(_name(path, folder), mode, dir_fd=folder)
            return True
        return False

    def rename(
        self,
        old: Path,
        new: Path,
        *,
        old_folder: int | None = None,
        new_folder: int | None = None,
    ) -> None:
        """Give `old` the name `new` in one step, in place of a file that has it."""
        with refusals_about(new):
            os.replace(
                _name(old, old_folder),
                _name(new, new_folder),
                src_dir_fd=old_folder,
                dst_dir_fd=new_folder,
            )

    def make_link(self, path: Path, target: str, *, folder: int | None = None) -> None:
        """Make the symbolic link `path`, which says `target`."""
        with refusals_about(path):
            os.symlink(target, _name(path, folder), dir_fd=folder)

    def remove(self, path: Path, *, folder: int | None = None) -> None:
        """Remove a file or link, if it is there."""
        with refusals_about(path), contextlib.suppress(FileNotFoundError):
            os.unlink(_name(path, folder), dir_fd=folder)

    def remove_directory(self, path: Path, *, folder: int | None = None) -> None:
        """Remove an empty directory, if it is there."""
        with refusals_about(path), contextlib.suppress(FileNotFoundError):
            os.rmdir(_name(path, folder), dir_fd=folder)

    def remove_tree(self, path: Path) -> None:
        """Remove a directory of ours with all in it, if it is there; links are not followed."""
        with refusals_about(path), contextlib.suppress(FileNotFoundError):
            for entry in sorted(os.scandir(path), key=lambda entry: entry.name):
                if entry.is_dir(follow_symlinks=False):
                    self.remove_tree(Path(entry.path))
                else:
                    self.remove(Path(entry.path))
            self.remove_directory(path)

    def sync_directory(self, path: Path, *, folder: int | None = None) -> None:
        """Return when the names made, changed and removed in this directory outlive a power cut.

        With `folder`, that open directory is meant, and `path` is only its name for sentences.
        """
        if sys.platform == "win32":
            return  # NTFS journals names by itself, and a directory cannot be opened
        with refusals_about(path):
            fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY) if folder is None else folder
            try:
                os.fsync(fd)
            finally:
                if folder is None:
                    os.close(fd)

    # Looking

    def size(self, path: Path) -> int | None:
        """The length of a regular file, None if there is none."""
        with refusals_about(path), contextlib.suppress(FileNotFoundError):
            status = os.lstat(path)
            return status.st_size if stat.S_ISREG(status.st_mode) else None
        return None

    def names(self, path: Path) -> list[str]:
        """The names in the directory `path`, sorted."""
        with refusals_about(path):
            return sorted(os.listdir(path))

    def directories(self, path: Path) -> list[Path]:
        """The directories in `path`, by name; links do not count."""
        with refusals_about(path), os.scandir(path) as entries:
            found = [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]
        return sorted(map(Path, found))

    def read_whole(self, path: Path) -> bytes | None:
        """The bytes of a small file, None if it is not there."""
        with refusals_about(path), contextlib.suppress(FileNotFoundError):
            return path.read_bytes()
        return None

    def free_bytes(self, path: Path) -> int:
        """What may still be written where `path` lies."""
        return free_bytes(path)


def modified_at(path: Path) -> float:
    """When the file at `path` was last written, in seconds since 1970; 0 if it is not there."""
    with refusals_about(path), contextlib.suppress(FileNotFoundError):
        return path.stat().st_mtime
    return 0.0


def _name(path: Path, folder: int | None) -> str:
    return str(path) if folder is None else path.name
