"""What would stop a delivery is said before it, and nothing is left behind."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from mcastdist.errors import NotPermitted, StorageError
from mcastdist.store import rehearse_delivery
from mcastdist.store.disk import Disk


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


def test_tasks_for_one_new_place_at_once_do_not_mind_each_other(tmp_path: Path) -> None:
    place = tmp_path / "new"

    class Shared(Disk):
        """Where somebody else makes the same directory just before us, and takes it away again."""

        def make_directory(self, path: Path, **how: Any) -> bool:
            path.mkdir()
            is_new = super().make_directory(path, **how)
            path.rmdir()
            return is_new

    rehearse_delivery(place, Shared())
    with ThreadPoolExecutor(8) as pool:
        for _ in range(50):
            list(pool.map(rehearse_delivery, [place] * 8))
    assert not place.exists()
