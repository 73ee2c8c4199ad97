"""Is this directory a store, may we use it, and are we the only ones?

<directory>/lock      locked while a process uses the store; says its pid
            format    "mcastdist store 1"
            packages/ staging/ catalog
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from mcastdist.errors import NotPermitted, StorageError, StoreBusy, UsageError

from .disk import PRIVATE_DIRECTORY, Disk, File
from .durable import make_path, replace_whole

FORMAT = 1
LOCK_NAME, FORMAT_NAME = "lock", "format"
FORMAT_WORDS = "mcastdist store"
# What an opening that was interrupted may leave in an otherwise empty directory.
UNFINISHED = frozenset({LOCK_NAME, FORMAT_NAME + ".new"})


def occupy(disk: Disk, directory: Path) -> File:
    """Make or check the store's directory and lock it; the lock holds until the file is closed.

    Raises StoreBusy if another process has it, UsageError for a directory that is something else,
    StorageError for a store of a newer format, NotPermitted if we may not write there.
    """
    make_path(disk, directory, mode=PRIVATE_DIRECTORY)
    format_line = disk.read_whole(directory / FORMAT_NAME)
    if format_line is None and set(disk.names(directory)) - UNFINISHED:
        raise UsageError(
            f"{directory} is not empty and no store: give cache.dir a directory of its own"
        )
    lock = _lock(disk, directory)
    try:
        _settle_in(disk, directory, format_line)
        disk.write(lock, b"\n%d\n" % os.getpid(), 0)  # the first byte is what Windows locks
    except BaseException:
        with contextlib.suppress(StorageError):
            disk.close(lock)
        raise
    return lock


def _lock(disk: Disk, directory: Path) -> File:
    lock = disk.open(directory / LOCK_NAME, create=True, exclusive=False)
    if disk.lock(lock):
        disk.truncate(lock, 0)
        return lock
    try:
        words = bytearray(20)
        pid = bytes(words[: disk.read_into(lock, words, 0)]).strip().decode(errors="replace")
    finally:
        disk.close(lock)
    raise StoreBusy(
        f"the store {directory} is in use by process {pid or 'unknown'}:"
        " stop it, or give another cache.dir"
    )


def _settle_in(disk: Disk, directory: Path, format_line: bytes | None) -> None:
    if format_line is None:
        replace_whole(disk, directory / FORMAT_NAME, f"{FORMAT_WORDS} {FORMAT}\n".encode())
    else:
        _check_format(directory, format_line)
    _make_private(directory)


def _check_format(directory: Path, line: bytes) -> None:
    words, _, number = line.decode(errors="replace").strip().rpartition(" ")
    if words != FORMAT_WORDS or not number.isdecimal():
        raise StorageError(f"{directory / FORMAT_NAME} is damaged: remove the store {directory}")
    if int(number) > FORMAT:
        raise StorageError(
            f"the store {directory} has format {number}, this version knows up to {FORMAT}:"
            " update mcastdist, or give another cache.dir"
        )


def _make_private(directory: Path) -> None:
    if directory.stat().st_mode & 0o077 == 0 or os.name != "posix":
        return
    try:
        directory.chmod(PRIVATE_DIRECTORY)
    except OSError as error:
        raise NotPermitted(
            f"{directory} is open to others and not ours to close: {error}"
        ) from error
