"""How is a file or a directory made so that a crash leaves nothing half? In the right order.

Each takes several changes to the disk. A file's bytes are synced before it gets its name, and a
name is durable once the directory it is in has been synced.
"""

from __future__ import annotations

from pathlib import Path

from .disk import Disk
from .refusals import refusals_about


def make_path(disk: Disk, path: Path, *, mode: int) -> None:
    """Make a directory with those above it, as far as they are missing; durable."""
    for directory in missing_directories(path):
        disk.make_directory(directory, mode=mode)
        disk.sync_directory(directory.parent)


def missing_directories(path: Path) -> list[Path]:
    """What has to be made for `path` to be a directory, the outermost first."""
    missing: list[Path] = []
    with refusals_about(path):  # who may not enter a directory is not told what is in it
        while not path.is_dir() and path != path.parent:
            missing.insert(0, path)
            path = path.parent
    return missing


def write_new(disk: Disk, path: Path, data: bytes) -> None:
    """Make `path` with `data` in it, synced; its name is durable once its directory is."""
    file = disk.open(path, create=True)
    try:
        disk.write(file, data, 0)
        disk.sync_data(file)
    finally:
        disk.close(file)


def reserve_new(disk: Disk, path: Path, size: int) -> None:
    """Make `path` with room for `size` bytes, synced; durable as `write_new` is."""
    file = disk.open(path, create=True)
    try:
        disk.allocate(file, size)
        disk.sync_data(file)
    finally:
        disk.close(file)


def replace_whole(disk: Disk, path: Path, data: bytes) -> None:
    """Make `path` hold `data`: whoever looks, also after a crash, sees the old or the new whole."""
    fresh = path.with_name(path.name + ".new")
    disk.remove(fresh)
    write_new(disk, fresh, data)
    disk.rename(fresh, path)
    disk.sync_directory(path.parent)
