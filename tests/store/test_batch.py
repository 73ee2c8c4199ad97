"""Files of a batch become durable one by one while they are few, and by one call when many."""

from __future__ import annotations

from pathlib import Path

import pytest
from store_kit import QuickDisk

from mcastdist.errors import StorageError
from mcastdist.store import File
from mcastdist.store.batch import BATCH_BYTES, FEW_FILES, MANY_FILES, Batch


class Noting(QuickDisk):
    """Notes what is asked of it; nothing is opened."""

    def __init__(self, *, at_once: bool = True, fails: bool = False) -> None:
        self.at_once = at_once
        self.fails = fails
        self.synced: list[int] = []
        self.all_synced = 0
        self.closed: list[int] = []

    def syncs_at_once(self, file: File) -> bool:
        return self.at_once

    def sync(self, file: File) -> None:
        self._fail()
        self.synced.append(file.fd)

    def sync_file_system(self, file: File) -> None:
        self._fail()
        assert file.fd not in self.closed
        self.all_synced += 1

    def close(self, file: File) -> None:
        self.closed.append(file.fd)

    def _fail(self) -> None:
        if self.fails:
            raise StorageError("the disk failed")


def batch_of(disk: Noting, count: int, *, byte_count: int = 1) -> Batch:
    batch = Batch(disk)
    for number in range(count):
        batch.add(File(number, Path(str(number))), byte_count)
    return batch


@pytest.mark.parametrize("count", [1, 2, FEW_FILES])
@pytest.mark.parametrize("at_once", [True, False])
def test_a_few_are_synced_one_by_one(count: int, at_once: bool) -> None:
    disk = Noting(at_once=at_once)
    batch_of(disk, count).sync()
    assert sorted(disk.synced) == sorted(disk.closed) == list(range(count))
    assert disk.all_synced == 0


def test_many_are_synced_by_one_call_and_do_not_stay_open() -> None:
    disk = Noting()
    batch = batch_of(disk, FEW_FILES + 500)
    assert len(disk.closed) == 500
    assert not batch.is_full
    batch.sync()
    assert (disk.synced, disk.all_synced) == ([], 1)
    assert sorted(disk.closed) == list(range(FEW_FILES + 500))


def test_it_is_full_when_a_crash_would_cost_too_much() -> None:
    assert not batch_of(Noting(), MANY_FILES - 1).is_full
    assert batch_of(Noting(), MANY_FILES).is_full
    assert batch_of(Noting(), 1, byte_count=BATCH_BYTES).is_full
    assert batch_of(Noting(at_once=False), FEW_FILES).is_full
    assert not batch_of(Noting(at_once=False), FEW_FILES - 1).is_full


def test_an_empty_one_asks_nothing_and_a_synced_one_is_empty() -> None:
    disk = Noting()
    Batch(disk).sync()
    batch = batch_of(disk, MANY_FILES)
    batch.sync()
    batch.sync()
    assert disk.all_synced == 1
    assert not batch.is_full


@pytest.mark.parametrize("count", [1, 2, FEW_FILES + 1])
def test_a_failure_comes_through_and_dropping_closes_all(count: int) -> None:
    disk = Noting(fails=True)
    batch = batch_of(disk, count)
    with pytest.raises(StorageError):
        batch.sync()
    batch.drop()
    batch.drop()
    assert sorted(disk.closed) == list(range(count))
