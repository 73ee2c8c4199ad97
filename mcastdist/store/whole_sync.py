"""Can many new files be made durable by one call? On Linux, where the file system keeps its word.

`syncfs` writes out all of one file system. For ten thousand new files that is one commit of its
journal instead of hundreds; for a few it may cost more than they are worth, as it waits for what
others have written too. Two conditions make it as good as an `fsync` of each file:

- the kernel tells of writes that failed, as it does since 5.8, to whoever held a descriptor of that
  file system before they were made;
- the file system is one that puts its own device in order. One in user space, or one that lies
  upon others, may return before anything is safe; there each file is synced by itself.
"""

from __future__ import annotations

import ctypes
import errno
import functools
import os
import sys

KERNEL_MIN = (5, 8)  # reports errors of writing back to callers of syncfs
# linux/magic.h: ext2 to ext4, XFS, Btrfs, F2FS; tmpfs, which has nothing to write.
TRUSTED = frozenset({0xEF53, 0x58465342, 0x9123683E, 0xF2F52010, 0x01021994})
STATFS_BYTES = 256  # the structure has 120; its first word says which file system it is


def syncs_at_once(fd: int) -> bool:
    """True if `sync_file_system` may be relied on where `fd` lies."""
    libc = _libc()
    if libc is None:
        return False
    answer = ctypes.create_string_buffer(STATFS_BYTES)
    if libc.fstatfs(fd, answer) != 0:
        return False
    return ctypes.c_ulong.from_buffer(answer).value in TRUSTED


def sync_file_system(fd: int) -> None:
    """Return when all that was written to the file system of `fd` outlives a power cut.

    `fd` is to have been open before the writes that matter. Raises OSError if any has failed.
    """
    libc = _libc()
    assert libc is not None, "see syncs_at_once"
    if libc.syncfs(fd) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


@functools.cache
def _libc() -> ctypes.CDLL | None:
    """The C library, if it and the kernel have the call and nobody forbids it."""
    if sys.platform != "linux" or _kernel() < KERNEL_MIN:
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "syncfs"):
        return None
    libc.syncfs(-1)  # no such descriptor: only whether the call is there at all is asked
    return libc if ctypes.get_errno() == errno.EBADF else None


def _kernel() -> tuple[int, ...]:
    numbers = os.uname().release.split("-")[0].split(".")[:2]
    return tuple(int(number) for number in numbers if number.isdecimal())
