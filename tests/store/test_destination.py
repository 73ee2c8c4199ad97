"""Ways below a destination are made, reused, and never lead out of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from store_kit import QuickDisk, sha256

from mcastdist.errors import StorageError, UnsafePath
from mcastdist.store.destination import (
    HAS_DESCRIPTORS,
    Destination,
    Folder,
    is_same_file,
    is_same_link,
    names_in,
    open_folder,
    status_of,
)


def open_fds() -> int:
    return len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0


@pytest.mark.parametrize("descriptors", [True, False])
def test_folders_are_made_and_the_way_reused(tmp_path: Path, descriptors: bool) -> None:
    before = open_fds()
    destination = Destination(QuickDisk(), tmp_path / "new/dest", descriptors=descriptors)
    deep = destination.folder(("a", "b", "c"))
    assert destination.folder(("a", "b", "c")) is deep
    other = destination.folder(("a", "d"))
    assert other.path == tmp_path / "new/dest/a/d"
    assert names_in(destination.folder(("a",))) == ["b", "d"]
    assert destination.folder(()) is destination.root
    destination.close()
    assert open_fds() == before


@pytest.mark.skipif(not hasattr(os, "O_NOFOLLOW"), reason="no descriptors of directories")
def test_a_link_swapped_in_after_the_look_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/")
    root = Folder(tmp_path, os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY))
    with pytest.raises(Exception, match="link"):
        open_folder(root, "link")
    assert root.fd is not None
    os.close(root.fd)


class Swapping(QuickDisk):
    """Somebody puts a link in place of each directory as soon as it is made."""

    def __init__(self, outside: Path) -> None:
        self._outside = outside

    def make_directory(self, path: Path, *, mode: int = 0o700, folder: int | None = None) -> bool:
        made = super().make_directory(path, mode=mode, folder=folder)
        path.rmdir()
        path.symlink_to(self._outside)
        return made


@pytest.mark.skipif(not HAS_DESCRIPTORS, reason="no descriptors of directories")
def test_a_link_swapped_in_for_a_directory_just_made_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "dest").mkdir()
    destination = Destination(Swapping(tmp_path / "outside"), tmp_path / "dest")
    with pytest.raises(StorageError, match="dest/a"):
        destination.folder(("a", "b"))
    destination.close()
    assert list((tmp_path / "outside").iterdir()) == []


def test_a_chain_of_links_is_refused_at_the_first(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    destination = Destination(QuickDisk(), tmp_path)
    with pytest.raises(UnsafePath) as caught:
        destination.folder(("a", "x"))
    assert caught.value.path == str(tmp_path / "a")
    destination.close()


@pytest.mark.parametrize("descriptors", [True, False])
def test_what_counts_as_the_same(tmp_path: Path, descriptors: bool) -> None:
    destination = Destination(QuickDisk(), tmp_path, descriptors=descriptors)
    root = destination.root
    (tmp_path / "f").write_bytes(b"hello")
    (tmp_path / "f").chmod(0o644)
    (tmp_path / "l").symlink_to("f")
    digest = sha256(b"hello")
    at_f, at_l = status_of(root, "f"), status_of(root, "l")
    assert at_f
    assert at_l
    assert is_same_file(root, "f", at_f, size=5, mode=0o644, sha256=digest)
    assert not is_same_file(root, "f", at_f, size=6, mode=0o644, sha256=digest)
    assert not is_same_file(root, "f", at_f, size=5, mode=0o755, sha256=digest)
    assert not is_same_file(root, "f", at_f, size=5, mode=0o644, sha256=bytes(32))
    assert not is_same_file(root, "l", at_l, size=5, mode=0o644, sha256=digest)
    assert status_of(root, "missing") is None
    assert is_same_link(root, "l", "f")
    assert not is_same_link(root, "l", "g")
    assert not is_same_link(root, "f", "f")
    assert not is_same_link(root, "missing", "f")
    destination.close()
