"""Can a package be delivered there? Asked before it is downloaded, not when it is here.

What is missing of the destination is made as far as that decides it, and taken away at once: no
permission bit says it all, as with /proc, where even root makes nothing.
"""

from __future__ import annotations

import contextlib
import os
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
    elif not missing[0].is_dir():
        raise StorageError(f"{missing[0]} is no directory: choose another place, or move it away")


def _check_writable(dest: Path) -> None:
    with_whose_rights = os.access in os.supports_effective_ids
    if not os.access(dest, os.W_OK | os.X_OK, effective_ids=with_whose_rights):
        raise NotPermitted(f"{dest} may not be written: choose another place, or change its mode")
