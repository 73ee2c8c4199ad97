"""Plain downloads survive crashes and ask for room before they take it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from store_kit import NOW, QuickDisk, small_sample

from mcastdist.errors import NoSpace, StorageError
from mcastdist.ids import Locator
from mcastdist.store import File, Staged, Store, StoreLimits
from mcastdist.store.refusals import refusals_about
from mcastdist.store.staging import GROWTH_BYTES

LOCATOR = Locator.of_url("https://origin/a.iso")


def staged_at(tmp_path: Path, disk: QuickDisk | None = None, room: int = 1 << 40) -> Staged:
    left = [room]

    def grant(more: int) -> None:
        if more > left[0]:
            raise NoSpace(more, left[0], "full")
        left[0] -= more

    path = tmp_path / LOCATOR.hex()
    return Staged(disk or QuickDisk(), path, grant=grant, on_close=lambda staged: None)


def test_only_synced_bytes_count_after_a_crash(tmp_path: Path) -> None:
    staged = staged_at(tmp_path)
    staged.write(0, b"0123456789")
    staged.sync()
    staged.write(10, b"lost")
    again = staged_at(tmp_path)
    assert again.size == 10
    assert (tmp_path / LOCATOR.hex()).stat().st_size == 10
    assert again.read(0, 10) == b"0123456789"


def test_a_file_shorter_than_its_journal_says_is_believed(tmp_path: Path) -> None:
    staged = staged_at(tmp_path)
    staged.write(0, b"0123456789")
    staged.sync()
    os.truncate(tmp_path / LOCATOR.hex(), 4)
    assert staged_at(tmp_path).size == 4


def test_a_file_without_journal_begins_anew(tmp_path: Path) -> None:
    (tmp_path / LOCATOR.hex()).write_bytes(b"whatever")
    assert staged_at(tmp_path).size == 0


def test_room_is_asked_for_in_steps(tmp_path: Path) -> None:
    staged = staged_at(tmp_path, room=GROWTH_BYTES + 100)
    staged.write(0, b"x" * 100)
    assert staged.granted_bytes == GROWTH_BYTES + 100
    with pytest.raises(NoSpace):
        staged.write(GROWTH_BYTES + 90, b"x" * 20)
    assert list(staged.written) == [(0, 100)]


class NoSync(QuickDisk):
    def sync_data(self, file: File) -> None:
        if file.path.name == LOCATOR.hex():
            with refusals_about(file.path):
                raise OSError(5, "Input/output error")


def test_after_a_failed_sync_only_durable_bytes_are_believed(tmp_path: Path) -> None:
    staged = staged_at(tmp_path, NoSync())
    staged.write(0, b"0123456789")
    with pytest.raises(StorageError):
        staged.sync()
    assert staged.size == 0
    assert list(staged.written) == []


def test_staged_bytes_count_and_push_others_out(tmp_path: Path) -> None:
    limits = StoreLimits(bytes_max=500, free_bytes_min=0)
    with Store(tmp_path, limits, disk=QuickDisk()) as store:
        small_sample("a", 200).keep(store)
        small_sample("b", 200).keep(store, now=NOW + 1)
        staged = store.stage(LOCATOR, 300)
        assert [entry.name for entry in store.entries()] == ["b"]
        assert store.usage().held_bytes == 500
        with pytest.raises(NoSpace, match="a download"):
            store.stage(Locator.of_url("https://origin/b"), 301)
        staged.write(0, bytes(300))
        staged.sync()
        staged.close()
        assert store.usage().held_bytes == 500
        store.stage(LOCATOR, None).discard()
        assert store.usage().held_bytes == 200
