"""The real disk: what it does, and what its refusals become."""

from __future__ import annotations

import os
import resource
from pathlib import Path

import pytest
from store_kit import noise

from mcastdist.errors import NoSpace, StorageError
from mcastdist.store import Disk
from mcastdist.store.disk import modified_at
from mcastdist.store.durable import write_new


def test_writes_go_where_they_should_and_reads_stop_at_the_end(tmp_path: Path) -> None:
    disk = Disk()
    file = disk.open(tmp_path / "f", create=True)
    disk.allocate(file, 100)
    assert os.fstat(file.fd).st_size == 100
    disk.write(file, memoryview(b"hello"), 98)
    buffer = bytearray(10)
    assert disk.read_into(file, buffer, 96) == 7
    assert buffer == b"\0\0hello\0\0\0"
    disk.truncate(file, 99)
    assert disk.size(tmp_path / "f") == 99
    disk.forget_cached(file)
    disk.sync(file)
    disk.sync_data(file)
    disk.close(file)


def test_new_files_are_private_new_and_never_links(tmp_path: Path) -> None:
    disk = Disk()
    disk.close(disk.open(tmp_path / "f", create=True))
    assert (tmp_path / "f").stat().st_mode & 0o777 == 0o600
    with pytest.raises(StorageError, match="exists"):
        disk.open(tmp_path / "f", create=True)
    disk.close(disk.open(tmp_path / "f", create=True, exclusive=False))
    (tmp_path / "link").symlink_to("f")
    with pytest.raises(StorageError):
        disk.open(tmp_path / "link")
    with pytest.raises(StorageError, match="No such file"):
        disk.open(tmp_path / "missing")


def test_a_lock_has_one_holder(tmp_path: Path) -> None:
    disk = Disk()
    one = disk.open(tmp_path / "lock", create=True)
    two = disk.open(tmp_path / "lock")
    assert disk.lock(one)
    assert not disk.lock(two)
    disk.close(one)
    assert disk.lock(two)
    disk.close(two)


def test_a_tree_is_removed_but_not_what_it_links_to(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept/f").write_text("kept")
    (tmp_path / "tree/sub").mkdir(parents=True)
    (tmp_path / "tree/sub/f").write_text("gone")
    (tmp_path / "tree/link").symlink_to(tmp_path / "kept")
    Disk().remove_tree(tmp_path / "tree")
    Disk().remove_tree(tmp_path / "tree")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["f", "kept"]


def test_only_regular_files_have_a_size(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"12")
    (tmp_path / "l").symlink_to("f")
    assert Disk().size(tmp_path / "f") == 2
    assert Disk().size(tmp_path / "l") is None
    assert Disk().size(tmp_path) is None
    assert Disk().size(tmp_path / "missing") is None


def test_the_time_of_the_last_write(tmp_path: Path) -> None:
    (tmp_path / "f").touch()
    os.utime(tmp_path / "f", (5.0, 7.0))
    assert modified_at(tmp_path / "f") == 7.0
    assert modified_at(tmp_path / "missing") == 0.0


def test_a_file_too_large_for_the_process_is_no_space(tmp_path: Path) -> None:
    file = Disk().open(tmp_path / "f", create=True)
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, old[1]))
    try:
        with pytest.raises(NoSpace, match="make room") as caught:
            Disk().write(file, noise("x", 8192), 0)
        with pytest.raises(NoSpace):
            Disk().allocate(file, 8192)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
        Disk().close(file)
    assert caught.value.free_bytes > 0


def test_cloning_is_exact_or_refused(tmp_path: Path) -> None:
    disk = Disk()
    write_new(disk, tmp_path / "source", noise("x", 1 << 16))
    source, target = disk.open(tmp_path / "source"), disk.open(tmp_path / "t", create=True)
    if disk.clone(source, target, 0, 1 << 16):
        assert (tmp_path / "t").read_bytes() == noise("x", 1 << 16)
    else:
        assert disk.size(tmp_path / "t") == 0
    assert not disk.clone(source, target, 1, 77), "no file system shares odd bytes"
    disk.close(source)
    disk.close(target)
