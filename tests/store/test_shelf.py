"""A package is there whole or not at all, whatever was left of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from store_kit import QuickDisk, shelve, small_sample

from mcastdist.errors import NoSpace, StorageError
from mcastdist.ids import ContentId
from mcastdist.ranges import RangeSet
from mcastdist.store import File
from mcastdist.store.shelf import Shelf

SAMPLE, OTHER = small_sample(), small_sample("b")
FINAL, FRESH = SAMPLE.content.hex(), SAMPLE.content.hex() + ".new"


def opened(directory: Path) -> Shelf:
    return Shelf(QuickDisk(), directory)


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def test_what_was_put_is_found_again(tmp_path: Path) -> None:
    shelf = opened(tmp_path)
    assert SAMPLE.content not in shelf
    package = shelve(shelf, SAMPLE)
    shelve(shelf, OTHER)
    assert shelf.get(SAMPLE.content) is package
    for one in (shelf, opened(tmp_path)):
        assert {each.content for each in one} == {SAMPLE.content, OTHER.content}
        assert SAMPLE.content in one
        assert one.get(ContentId(bytes(32))) is None
        assert one.payload_bytes() == 400
        assert one.damaged == []


def test_a_payload_is_preallocated(tmp_path: Path) -> None:
    sample = small_sample("large", 1 << 20)
    shelve(opened(tmp_path), sample)
    assert (tmp_path / sample.content.hex() / "payload").stat().st_size == 1 << 20


def test_a_file_becomes_the_payload(tmp_path: Path) -> None:
    (tmp_path / "packages").mkdir()
    (tmp_path / "staged").write_bytes(SAMPLE.payload)
    shelve(opened(tmp_path / "packages"), SAMPLE, tmp_path / "staged")
    assert (tmp_path / "packages" / FINAL / "payload").read_bytes() == SAMPLE.payload
    assert names(tmp_path) == ["packages"]


def test_a_new_one_with_payload_is_finished_and_one_without_cleared(tmp_path: Path) -> None:
    shelf = opened(tmp_path)
    shelve(shelf, SAMPLE)
    shelve(shelf, OTHER)
    (tmp_path / FINAL).rename(tmp_path / FRESH)
    unfinished = tmp_path / (OTHER.content.hex() + ".new")
    (tmp_path / OTHER.content.hex()).rename(unfinished)
    (unfinished / "payload").unlink()
    again = opened(tmp_path)
    assert [package.content for package in again] == [SAMPLE.content]
    assert again.damaged == [], "nobody was promised the other"
    assert names(tmp_path) == [FINAL]


def test_a_new_one_beside_the_finished_one_is_cleared(tmp_path: Path) -> None:
    shelve(opened(tmp_path), SAMPLE).record_verified(RangeSet([(0, 4)]))
    (tmp_path / FRESH).mkdir()
    (tmp_path / FRESH / "payload").write_bytes(b"")
    (package,) = opened(tmp_path)
    assert package.is_complete
    assert names(tmp_path) == [FINAL]


def test_an_old_one_is_cleared(tmp_path: Path) -> None:
    shelve(opened(tmp_path), SAMPLE)
    (tmp_path / FINAL).rename(tmp_path / (FINAL + ".old"))
    again = opened(tmp_path)
    assert (list(again), again.damaged) == ([], [])
    assert names(tmp_path) == []


def test_the_damaged_are_named_and_removed(tmp_path: Path) -> None:
    shelf = opened(tmp_path)
    shelve(shelf, SAMPLE)
    shelve(shelf, OTHER)
    (tmp_path / FINAL / "journal").write_bytes(b"no record")
    again = opened(tmp_path)
    assert again.damaged == [SAMPLE.content]
    assert [package.content for package in again] == [OTHER.content]
    assert names(tmp_path) == [OTHER.content.hex()]


def test_removing_leaves_nothing(tmp_path: Path) -> None:
    shelf = opened(tmp_path)
    shelve(shelf, SAMPLE)
    (tmp_path / (FINAL + ".old")).mkdir()  # by a removal that was interrupted
    shelf.remove(SAMPLE.content)
    assert SAMPLE.content not in shelf
    assert names(tmp_path) == []


class NoRename(QuickDisk):
    def rename(
        self,
        old: Path,
        new: Path,
        *,
        old_folder: int | None = None,
        new_folder: int | None = None,
    ) -> None:
        if old.name == FRESH or new.suffix == ".old":
            raise StorageError("the disk failed")
        super().rename(old, new, old_folder=old_folder, new_folder=new_folder)


def test_what_cannot_be_put_leaves_nothing_and_the_file_where_it_was(tmp_path: Path) -> None:
    (tmp_path / "packages").mkdir()
    (tmp_path / "staged").write_bytes(SAMPLE.payload)
    shelf = Shelf(NoRename(), tmp_path / "packages")
    with pytest.raises(StorageError):
        shelve(shelf, SAMPLE, tmp_path / "staged")
    assert (tmp_path / "staged").read_bytes() == SAMPLE.payload
    assert names(tmp_path / "packages") == []
    assert SAMPLE.content not in shelf


def test_what_cannot_be_removed_stays(tmp_path: Path) -> None:
    shelf = Shelf(NoRename(), tmp_path)
    shelve(shelf, OTHER)
    with pytest.raises(StorageError):
        shelf.remove(OTHER.content)
    assert OTHER.content in shelf
    assert names(tmp_path) == [OTHER.content.hex()]


class Full(QuickDisk):
    def allocate(self, file: File, size: int) -> None:
        raise NoSpace(size, 0, "full")


def test_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(NoSpace):
        shelve(Shelf(Full(), tmp_path), SAMPLE)
    assert names(tmp_path) == []
