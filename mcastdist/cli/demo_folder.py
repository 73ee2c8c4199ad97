"""Where does a demo lie, and what if an earlier one was killed and left its folder behind?

Each demo holds a lock in its folder, which ends with its process, however that ends. A folder of
ours whose lock can be taken is a dead demo's, and the next one removes it. A folder that somebody
wants to keep has no lock, and stays.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX = "mcastdist-demo-"
LOCK = "demo.lock"
_UNSEEN = "demo.lock.new"  # until it is held: nobody may find a free lock of a living demo


@contextmanager
def stage_folder(keep: bool) -> Iterator[Path]:
    """A folder for one demo."""
    remove_leftovers()
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    try:
        if keep:
            yield folder
            return
        lock = os.open(folder / _UNSEEN, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _is_free(lock)
            (folder / _UNSEEN).rename(folder / LOCK)
            yield folder
        finally:
            os.close(lock)
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)


def remove_leftovers() -> None:
    """Remove what dead demos of this user have left in the system's temporary folder."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError):  # another demo's start may remove it at the same time
            if _is_dead(folder):
                shutil.rmtree(folder, ignore_errors=True)


def _is_dead(folder: Path) -> bool:
    if folder.is_symlink() or folder.stat().st_uid != os.geteuid():
        return False
    lock = os.open(folder / LOCK, os.O_RDWR | os.O_NOFOLLOW)
    try:
        return _is_free(lock)
    finally:
        os.close(lock)


def _is_free(lock: int) -> bool:
    """Take the lock, if nobody has it."""
    import fcntl  # the demo is for Linux; this module is read everywhere

    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
