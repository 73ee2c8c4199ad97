"""Locators and sequences outlive the process, and the journal does not grow for ever."""

from __future__ import annotations

from pathlib import Path

from store_kit import QuickDisk

from mcastdist.ids import ContentId, Locator
from mcastdist.store.catalog import JOURNAL_BYTES_MAX, Catalog

ONE, TWO = ContentId(bytes([1] * 32)), ContentId(bytes([2] * 32))
URL = Locator.of_url("https://origin/a.mcd")


def test_what_is_noted_is_known_after_a_restart(tmp_path: Path) -> None:
    catalog = Catalog(QuickDisk(), tmp_path / "catalog")
    catalog.bind(URL, ONE, held=[])
    catalog.bind(URL, TWO, held=[])
    catalog.note_sequence("a", 5, held=[])
    catalog.note_sequence("a", 4, held=[])
    catalog.close()
    again = Catalog(QuickDisk(), tmp_path / "catalog")
    assert again.lookup(URL) == TWO
    assert again.highest_sequence("a") == 5


def test_saying_the_same_again_writes_nothing(tmp_path: Path) -> None:
    catalog = Catalog(QuickDisk(), tmp_path / "catalog")
    catalog.bind(URL, ONE, held=[])
    catalog.note_sequence("a", 5, held=[])
    size = (tmp_path / "catalog").stat().st_size
    for _ in range(3):
        catalog.bind(URL, ONE, held=[])
        catalog.note_sequence("a", 5, held=[])
    assert (tmp_path / "catalog").stat().st_size == size


def test_a_long_journal_is_rewritten_without_what_is_gone(tmp_path: Path) -> None:
    catalog = Catalog(QuickDisk(), tmp_path / "catalog")
    catalog.note_sequence("a", 5, held=[])
    catalog.bind(URL, ONE, held=[ONE])
    gone = Locator.of_url("https://origin/gone.mcd")
    catalog.bind(gone, TWO, held=[ONE])
    for sequence in range(JOURNAL_BYTES_MAX // 20):
        catalog.note_sequence("b" * 10, sequence, held=[ONE])
    assert (tmp_path / "catalog").stat().st_size < JOURNAL_BYTES_MAX
    catalog.close()
    again = Catalog(QuickDisk(), tmp_path / "catalog")
    assert again.lookup(URL) == ONE
    assert again.lookup(gone) is None
    assert again.highest_sequence("a") == 5
    assert again.highest_sequence("b" * 10) == JOURNAL_BYTES_MAX // 20 - 1
