"""What takes several steps is done in the order that a crash cannot spoil."""

from __future__ import annotations

from pathlib import Path

import pytest
from store_kit import QuickDisk

from mcastdist.errors import NotPermitted, StorageError
from mcastdist.store import Disk, File
from mcastdist.store.durable import make_path, replace_whole, reserve_new, write_new


class Diary(Disk):
    """A disk that writes down what was asked of it, in order."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def open(
        self,
        path: Path,
        *,
        create: bool = False,
        exclusive: bool = True,
        folder: int | None = None,
    ) -> File:
        self.said.append(f"open {path.name}")
        return super().open(path, create=create, exclusive=exclusive, folder=folder)

    def write(self, file: File, data: bytes | memoryview, offset: int) -> None:
        self.said.append(f"write {file.path.name}")
        super().write(file, data, offset)

    def allocate(self, file: File, size: int) -> None:
        self.said.append(f"allocate {file.path.name}")
        super().allocate(file, size)

    def sync_data(self, file: File) -> None:
        self.said.append(f"sync {file.path.name}")

    def make_directory(self, path: Path, *, mode: int = 0o700, folder: int | None = None) -> bool:
        self.said.append(f"make {path.name}")
        return super().make_directory(path, mode=mode, folder=folder)

    def rename(
        self,
        old: Path,
        new: Path,
        *,
        old_folder: int | None = None,
        new_folder: int | None = None,
    ) -> None:
        self.said.append(f"rename {old.name} {new.name}")
        super().rename(old, new, old_folder=old_folder, new_folder=new_folder)

    def sync_directory(self, path: Path, *, folder: int | None = None) -> None:
        self.said.append(f"sync {path.name}")


def test_whole_files_are_replaced_also_over_what_a_crash_left(tmp_path: Path) -> None:
    disk = Disk()
    write_new(disk, tmp_path / "f", b"old")
    (tmp_path / "f.new").write_bytes(b"half of someth")
    replace_whole(disk, tmp_path / "f", b"new")
    assert disk.read_whole(tmp_path / "f") == b"new"
    assert disk.names(tmp_path) == ["f"]
    assert disk.read_whole(tmp_path / "missing") is None


def test_the_bytes_are_durable_before_the_name(tmp_path: Path) -> None:
    disk = Diary()
    (tmp_path / "d").mkdir()
    replace_whole(disk, tmp_path / "d/f", b"new")
    assert disk.said == ["open f.new", "write f.new", "sync f.new", "rename f.new f", "sync d"]


def test_room_is_reserved_in_a_new_file_only(tmp_path: Path) -> None:
    disk = Diary()
    reserve_new(disk, tmp_path / "f", 4096)
    assert disk.said == ["open f", "allocate f", "sync f"]
    assert (tmp_path / "f").read_bytes() == bytes(4096)
    with pytest.raises(StorageError, match="exists"):
        reserve_new(disk, tmp_path / "f", 1)
    with pytest.raises(StorageError, match="exists"):
        write_new(disk, tmp_path / "f", b"")
    assert (tmp_path / "f").stat().st_size == 4096


def test_paths_are_made_as_far_as_they_are_missing(tmp_path: Path) -> None:
    for _ in range(2):
        make_path(Disk(), tmp_path / "a/b/c", mode=0o700)
    assert Disk().directories(tmp_path / "a/b") == [tmp_path / "a/b/c"]
    assert not Disk().make_directory(tmp_path / "a")


def test_each_directory_is_durable_before_the_one_in_it(tmp_path: Path) -> None:
    disk = Diary()
    (tmp_path / "a").mkdir()
    make_path(disk, tmp_path / "a/b/c", mode=0o700)
    assert disk.said == ["make b", "sync a", "make c", "sync b"]


def test_a_path_through_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"")
    with pytest.raises(StorageError, match="f/x"):
        make_path(QuickDisk(), tmp_path / "f/x", mode=0o700)


def test_a_path_through_a_directory_of_somebody_else_is_not_permitted(forbidden: Path) -> None:
    with pytest.raises(NotPermitted, match="forbidden/x"):
        make_path(Disk(), forbidden / "x", mode=0o700)
