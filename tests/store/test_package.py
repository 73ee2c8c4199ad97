"""A package is what its journal says; its manifest is believed if it hashes right."""

from __future__ import annotations

from pathlib import Path

import pytest
from store_kit import NOW, QuickDisk, shelve, small_sample

from mcastdist.errors import DigestMismatch
from mcastdist.ranges import RangeSet
from mcastdist.store.package import JOURNAL_BYTES_MAX, Package, check_manifest
from mcastdist.store.records import Status
from mcastdist.store.shelf import Shelf

SAMPLE = small_sample()


@pytest.fixture
def package(tmp_path: Path) -> Package:
    return shelve(Shelf(QuickDisk(), tmp_path), SAMPLE)


def loaded(tmp_path: Path) -> Package:
    again = Package.load(QuickDisk(), tmp_path / SAMPLE.content.hex())
    assert again is not None
    return again


def test_what_is_recorded_is_loaded(package: Package, tmp_path: Path) -> None:
    package.record_verified(RangeSet([(0, 3)]))
    package.record_forgotten(RangeSet([(1, 2)]))
    package.record_status(pinned=True, used=NOW + 1)
    again = loaded(tmp_path)
    assert list(again.recorded) == [(0, 1), (2, 3)]
    assert again.held_bytes() == 128
    assert again.status == Status(True, False, NOW + 1)
    assert [place.index for place in again.recorded_places()] == [0, 2]
    assert again.papers() == (SAMPLE.manifest, b"signature")


def test_chunks_beyond_the_table_are_not_believed(package: Package) -> None:
    package.record_verified(RangeSet([(3, 1 << 30)]))
    assert list(package.recorded) == [(3, 4)]


def test_a_journal_that_has_grown_is_rewritten_and_says_the_same(
    package: Package, tmp_path: Path
) -> None:
    package.record_verified(RangeSet([(1, 3)]))
    journal = tmp_path / SAMPLE.content.hex() / "journal"
    record_bytes = journal.stat().st_size  # more than one use takes
    uses = 0
    largest = 0
    while journal.stat().st_size >= largest:
        largest = journal.stat().st_size
        uses += 1
        package.record_status(used=NOW + uses)
        assert largest <= JOURNAL_BYTES_MAX + record_bytes
    package.close()
    again = loaded(tmp_path)
    assert list(again.recorded) == [(1, 3)]
    assert again.status == Status(False, False, NOW + uses)


@pytest.mark.parametrize("name", ["journal", "payload"])
def test_without_journal_or_payload_there_is_no_package(
    package: Package, tmp_path: Path, name: str
) -> None:
    (tmp_path / SAMPLE.content.hex() / name).unlink()
    assert Package.load(QuickDisk(), tmp_path / SAMPLE.content.hex()) is None


def test_a_payload_cut_short_is_opened_at_its_full_length(package: Package, tmp_path: Path) -> None:
    path = tmp_path / SAMPLE.content.hex() / "payload"
    path.write_bytes(b"cut")
    QuickDisk().close(package.open_payload())
    assert path.read_bytes() == b"cut" + bytes(197)


def test_damaged_papers_are_told_and_put_back(package: Package, tmp_path: Path) -> None:
    (tmp_path / SAMPLE.content.hex() / "manifest").write_bytes(SAMPLE.manifest + b"!")
    assert package.papers() is None
    package.keep_papers(SAMPLE.manifest, b"")
    assert package.papers() == (SAMPLE.manifest, b"signature")
    package.keep_papers(SAMPLE.manifest, b"newer")
    assert package.papers() == (SAMPLE.manifest, b"newer")
    package.keep_papers(SAMPLE.manifest, b"")
    assert package.papers() == (SAMPLE.manifest, b"newer")


def test_a_manifest_is_what_its_content_id_says() -> None:
    check_manifest(SAMPLE.content, SAMPLE.manifest)
    with pytest.raises(DigestMismatch, match=SAMPLE.content.short):
        check_manifest(SAMPLE.content, SAMPLE.manifest + b" ")
