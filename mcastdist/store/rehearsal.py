"""Can a package be delivered there? Asked before it is downloaded, not when it is here.

What is missing of the destination is made as far as that decides it, and taken away at once: no
permission bit says it all, as with /proc, where even root makes nothing. Others may rehearse for
the same place meanwhile: what one of them made and took away again can be made.
"""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

from mcastdist.errors import NoSpace, NotPermitted, StorageError

from .disk import Disk
from .durable import missing_directories


def rehearse_delivery(dest: Path, disk: Disk | None = None) -> None:
    """Raise the StorageError that a delivery into `dest` would meet at once. Leaves nothing."""
    disk = disk or Disk()
    missing = missing_directories(dest)
    if not missing:
        _check_writable(dest)
        return
    try:
        is_new = disk.make_directory(missing[0])
    except (NoSpace, NotPermitted):
        raise
    except StorageError as error:
        raise StorageError(
            f"no directory can be made for {dest} ({error}): choose another place"
        ) from error
    if is_new:
        with contextlib.suppress(StorageError):  # somebody put something into it meanwhile
            disk.remove_directory(missing[0])
    elif _is_in_the_way(missing[0]):
        raise StorageError(f"{missing[0]} is no directory: choose another place, or move it away")


def _is_in_the_way(path: Path) -> bool:
    """True if there is something, and it is no directory."""
    try:
        return not stat.S_ISDIR(path.stat().st_mode)
    except FileNotFoundError:
        return path.is_symlink()


def _check_writable(dest: Path) -> None:
    with_whose_rights = os.access in os.supports_effective_ids
    before = _identity(dest)
    if os.access(dest, os.W_OK | os.X_OK, effective_ids=with_whose_rights):
        return
    if before is not None and before == _identity(dest):
        raise NotPermitted(f"{dest} may not be written: choose another place, or change its mode")


def _identity(path: Path) -> tuple[int, int, int] | None:
    """What tells this directory from one that takes its place; None if there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino, found.st_ctime_ns
