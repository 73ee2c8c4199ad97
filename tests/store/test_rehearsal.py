"""What would stop a delivery is said before it, and nothing is left behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from mcastdist.errors import NotPermitted, StorageError
from mcastdist.store import rehearse_delivery


def test_a_place_that_will_do_is_left_as_it_was(tmp_path: Path) -> None:
    rehearse_delivery(tmp_path)
    rehearse_delivery(tmp_path / "a/b/c")

    assert list(tmp_path.iterdir()) == []


def test_a_place_of_somebody_else_is_refused(forbidden: Path) -> None:
    for place in (forbidden, forbidden / "x", forbidden / "x/y"):
        with pytest.raises(NotPermitted, match="forbidden"):
            rehearse_delivery(place)


def test_a_file_in_the_way_is_refused(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"")

    for place in (tmp_path / "f", tmp_path / "f/x"):
        with pytest.raises(StorageError, match="choose another place"):
            rehearse_delivery(place)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs /proc")
def test_a_place_where_nobody_makes_directories_is_refused_with_advice() -> None:
    with pytest.raises(StorageError):
        rehearse_delivery(Path("/proc/mcastdist"))


def test_a_name_that_no_file_system_takes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="too long"):
        rehearse_delivery(tmp_path / ("x" * 300))
