"""What do we ask of systems that each of them does in its own way? All of it about an open file.

Everything here takes a descriptor and raises `OSError`; `Disk` says which path it was about.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Iterator

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

# What systems answer when they cannot reserve or clone at all; then we do without.
CANNOT = frozenset(
    {errno.EINVAL, errno.ENOSYS, errno.EXDEV, errno.ENOTTY, errno.EOPNOTSUPP, errno.ENOTSUP}
)
FICLONERANGE = 0x4020940D  # linux/fs.h: _IOW(0x94, 13, struct file_clone_range)


def reserve(fd: int, size: int) -> None:
    """Make the file `size` long with its space reserved, or sparse where that cannot be."""
    os.ftruncate(fd, size)
    if size and hasattr(os, "posix_fallocate"):
        with _without_what_cannot_be():
            os.posix_fallocate(fd, 0, size)


def clone(source: int, target: int, start: int, length: int) -> bool:
    """Make the empty `target` share `source[start:start+length]`; False where that cannot be."""
    if sys.platform != "linux":
        return False
    asked = b"".join(number.to_bytes(8, sys.byteorder) for number in (source, start, length, 0))
    with _without_what_cannot_be():
        fcntl.ioctl(target, FICLONERANGE, asked)
        return True
    return False


def lock(fd: int) -> bool:
    """Take the file for this process until it is closed; False if another one has it."""
    with contextlib.suppress(BlockingIOError):
        if sys.platform == "win32":
            os.lseek(fd, 0, os.SEEK_SET)
            with contextlib.suppress(PermissionError):  # how Windows says "another has it"
                msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
                return True
        else:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
    return False


def sync(fd: int) -> None:
    """Return when the file's bytes, length and mode outlive a power cut."""
    if sys.platform == "darwin":
        fcntl.fcntl(fd, fcntl.F_FULLFSYNC)  # fsync alone stops at the drive's cache
    else:
        os.fsync(fd)


def sync_data(fd: int) -> None:
    """The same for bytes and length, without times and mode where that can be told apart."""
    if hasattr(os, "fdatasync"):
        os.fdatasync(fd)
    else:
        sync(fd)


def forget_cached(fd: int) -> None:
    """Let the next read come from the disk itself, where the system can be asked for that."""
    if hasattr(os, "posix_fadvise"):
        with contextlib.suppress(OSError):  # only advice
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)


@contextlib.contextmanager
def _without_what_cannot_be() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in CANNOT:
            raise
