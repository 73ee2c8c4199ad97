"""A package comes in once, is filled with what is here, and is never half anybody's."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path

import pytest
from store_kit import NOW, QuickDisk, Sample, noise, small_sample

from mcastdist.errors import DigestMismatch, NoSpace, StorageError
from mcastdist.ids import Locator
from mcastdist.store import Disk, File, Holding, Staged
from mcastdist.store.intake import Intake
from mcastdist.store.lending import Lending
from mcastdist.store.records import Begun
from mcastdist.store.shelf import Shelf
from mcastdist.store.staged_files import StagedFiles

SHARED = noise("shared", 128)
OLD = Sample("old", {"s": SHARED, "x": noise("x", 64)})
NEW = Sample("new", {"y": noise("y", 64), "s": SHARED})
LOCATOR = Locator.of_url("https://origin/a")


@dataclass
class Door:
    """An intake, and what it works on."""

    shelf: Shelf
    lending: Lending
    staged: StagedFiles
    intake: Intake
    asked: list[str]

    def begin(self, sample: Sample, *, now: float = NOW) -> Holding:
        papers = sample.manifest, b""
        return self.intake.begin(
            sample.content, sample.table, papers, begun(sample, now), precached=False
        )

    def adopt(self, sample: Sample, staged: Staged, *, manifest: bytes | None = None) -> Holding:
        papers = sample.manifest if manifest is None else manifest, b""
        return self.intake.adopt(
            staged, sample.content, sample.table, papers, begun(sample, NOW), precached=True
        )


def begun(sample: Sample, now: float) -> Begun:
    table = sample.table
    return Begun(sample.name, "1", 1, table.payload_bytes, table.chunk_count, now)


def door(directory: Path, disk: Disk | None = None) -> Door:
    disk = disk or QuickDisk()
    (directory / "packages").mkdir()
    (directory / "staging").mkdir()
    shelf, lending = Shelf(disk, directory / "packages"), Lending()
    staged = StagedFiles(disk, directory / "staging", lambda more: None)
    asked: list[str] = []

    def make_room(coming: Begun) -> None:
        asked.append(coming.name)
        if coming.name == "too large":
            raise NoSpace(coming.payload_bytes, 0, "no room")

    intake = Intake(disk, threading.RLock(), shelf, lending, make_room)
    return Door(shelf, lending, staged, intake, asked)


def test_room_is_made_for_what_is_new_only(tmp_path: Path) -> None:
    house = door(tmp_path)
    first = house.begin(OLD)
    assert house.begin(OLD) is first
    assert house.asked == ["old"]


def test_what_there_is_no_room_for_leaves_nothing(tmp_path: Path) -> None:
    house, sample = door(tmp_path), small_sample("too large")
    with pytest.raises(NoSpace):
        house.begin(sample)
    assert sample.content not in house.shelf
    assert not house.lending.is_in_use(sample.content)


def test_nobody_is_asked_for_room_for_a_wrong_manifest(tmp_path: Path) -> None:
    house = door(tmp_path)
    with pytest.raises(DigestMismatch):
        house.intake.begin(
            OLD.content, OLD.table, (b"another", b""), begun(OLD, NOW), precached=False
        )
    assert house.asked == []


class Watching(QuickDisk):
    """A disk that looks, at each read of the old package, whether it might be removed."""

    lending: Lending

    def __init__(self) -> None:
        self.was_safe: list[bool] = []

    def read_into(self, file: File, buffer: bytearray | memoryview, offset: int) -> int:
        if file.path.parent.name == OLD.content.hex():
            self.was_safe.append(self.lending.is_in_use(OLD.content))
        return super().read_into(file, buffer, offset)


def test_others_are_guarded_only_while_they_are_copied_from(tmp_path: Path) -> None:
    disk = Watching()
    house = door(tmp_path, disk)
    disk.lending = house.lending
    old = house.begin(OLD)
    old.write(0, OLD.payload)
    old.close()
    disk.was_safe.clear()
    assert not house.lending.is_in_use(OLD.content)
    new = house.begin(NEW)
    assert new.reused_bytes == len(SHARED)
    assert disk.was_safe
    assert all(disk.was_safe)
    assert not house.lending.is_in_use(OLD.content)
    assert house.lending.is_in_use(NEW.content)


class Failing(QuickDisk):
    """A disk that fails to sync once it is broken."""

    is_broken = False

    def sync_data(self, file: File) -> None:
        if self.is_broken:
            raise StorageError("the disk failed")


def test_a_package_that_cannot_be_filled_is_given_back(tmp_path: Path) -> None:
    disk = Failing()
    house = door(tmp_path, disk)
    house.begin(OLD).write(0, OLD.payload)
    for holding in house.lending.lent():
        holding.commit()
    house.begin(NEW).close()
    forgotten = house.shelf.get(NEW.content)
    assert forgotten is not None
    forgotten.record_forgotten(forgotten.recorded)
    disk.is_broken = True
    with pytest.raises(StorageError, match="failed"):
        house.begin(NEW)
    assert not house.lending.is_in_use(NEW.content)


def test_opening_is_a_use_and_never_an_earlier_one(tmp_path: Path) -> None:
    house = door(tmp_path)
    assert house.intake.open(OLD.content, OLD.table, now=NOW) is None
    house.begin(OLD).close()
    for now, used in ((NOW + 5, NOW + 5), (NOW + 3, NOW + 5)):
        holding = house.intake.open(OLD.content, OLD.table, now=now)
        assert holding is not None
        holding.close()
        package = house.shelf.get(OLD.content)
        assert package is not None
        assert package.status.used == used


def test_a_download_moves_in_whole(tmp_path: Path) -> None:
    house = door(tmp_path)
    staged = house.staged.open(LOCATOR, None)
    staged.write(0, OLD.payload)
    inode = staged.path.stat().st_ino
    holding = house.adopt(OLD, staged)
    assert holding.complete
    payload = tmp_path / "packages" / OLD.content.hex() / "payload"
    assert payload.stat().st_ino == inode, "renamed, not copied"
    assert list((tmp_path / "staging").iterdir()) == []
    package = house.shelf.get(OLD.content)
    assert package is not None
    assert package.status.precached


def test_a_download_of_what_is_here_gives_only_what_was_missing(tmp_path: Path) -> None:
    house = door(tmp_path)
    here = house.begin(OLD)
    here.write(64, OLD.payload[64:128])
    staged = house.staged.open(LOCATOR, None)
    staged.write(0, OLD.payload[:64])
    adopted = house.adopt(OLD, staged)
    assert adopted is here
    assert list(here.verified) == [(0, 2)]
    assert list((tmp_path / "staging").iterdir()) == []


def test_a_download_under_a_wrong_manifest_stays_a_download(tmp_path: Path) -> None:
    house = door(tmp_path)
    staged = house.staged.open(LOCATOR, None)
    staged.write(0, OLD.payload)
    with pytest.raises(DigestMismatch):
        house.adopt(OLD, staged, manifest=b"another")
    assert staged.read(0, 64) == OLD.payload[:64]
    assert OLD.content not in house.shelf
