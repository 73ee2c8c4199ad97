"""How do we read and write at an offset, from several threads, on every system?

POSIX has calls for it. Elsewhere (Windows) a file has one position, so one lock guards "seek, then
read or write" for all files: slower, and never wrong.

Linux 6.14 and later also write bytes that only pass through memory: the disk begins at once, and
the pages are free again when it has them. A package that nobody will read soon then drives nothing
of the user's out of memory, and leaves little for a sync to wait for.
"""

from __future__ import annotations

import os
import threading

from .system_calls import CANNOT

RWF_DONTCACHE = 0x80  # linux/fs.h

_seeking = threading.Lock()


def read_by_seeking(fd: int, buffer: memoryview, offset: int) -> int:
    """Read into `buffer` from `offset`; how many bytes came, 0 at the end of the file."""
    with _seeking:
        os.lseek(fd, offset, os.SEEK_SET)
        data = os.read(fd, len(buffer))
    buffer[: len(data)] = data
    return len(data)


def write_by_seeking(fd: int, data: memoryview, offset: int) -> int:
    """Write `data` at `offset`; how many bytes went."""
    with _seeking:
        os.lseek(fd, offset, os.SEEK_SET)
        return os.write(fd, data)


def _read_at(fd: int, buffer: memoryview, offset: int) -> int:
    return os.preadv(fd, [buffer], offset)


def _write_at(fd: int, data: memoryview, offset: int) -> int:
    return os.pwrite(fd, data, offset)


def write_passing(fd: int, data: memoryview, offset: int) -> int:
    """As `write`, without keeping the bytes in memory where the system can do that."""
    if not hasattr(os, "pwritev"):
        return write(fd, data, offset)
    try:
        return os.pwritev(fd, [data], offset, RWF_DONTCACHE)
    except OSError as error:
        if error.errno not in CANNOT:
            raise
    return write(fd, data, offset)


read_into = _read_at if hasattr(os, "preadv") else read_by_seeking
write = _write_at if hasattr(os, "pwrite") else write_by_seeking
