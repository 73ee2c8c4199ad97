"""What does a refusal of the system mean? An `OSError` becomes a `StorageError` with advice."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from pathlib import Path
from types import TracebackType

from mcastdist.errors import NoSpace, NotPermitted, StorageError

# What systems answer when there is no room: disk, quota of the user, RLIMIT_FSIZE or FAT's 4 GiB.
NO_ROOM = frozenset({errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)})
NO_RIGHT = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


class refusals_about:
    """Turn what the system refuses about `path` into our own errors.

    A class, as ten thousand small files pass here seven times each: a generator costs thrice.
    """

    __slots__ = ("_path",)

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        pass

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if isinstance(error, OSError):
            raise storage_error(error, self._path) from error


def storage_error(error: OSError, path: Path) -> StorageError:
    """What `error` means to people, and what they can do."""
    reason = os.strerror(error.errno) if error.errno else str(error)
    if error.errno in NO_ROOM:
        free = free_bytes(path)
        return NoSpace(
            0, free, f"no room to write {path} ({reason}; {free} bytes free): make room there"
        )
    if error.errno in NO_RIGHT:
        return NotPermitted(f"not permitted: {path} ({reason}): check its owner, mode and mount")
    return StorageError(f"the disk failed at {path}: {reason}")


def free_bytes(path: Path) -> int:
    """What an ordinary user may still write where `path` lies or will lie; 0 if nobody knows."""
    for place in (path, *path.parents):
        with contextlib.suppress(OSError):
            return shutil.disk_usage(place).free
    return 0
