"""Workshops of the living are respected, those of the dead cleared."""

from __future__ import annotations

from pathlib import Path

import pytest
from store_kit import QuickDisk, tree

from mcastdist.ids import ContentId
from mcastdist.store.destination import Destination
from mcastdist.store.workshop import LOCK, PREFIX, clear_abandoned, open_workshop

CONTENT = ContentId(bytes(32))


def test_two_at_a_time_do_not_meet_and_leave_nothing(tmp_path: Path) -> None:
    disk = QuickDisk()
    root = Destination(disk, tmp_path).root
    with open_workshop(disk, root, CONTENT) as one, open_workshop(disk, root, CONTENT) as two:
        assert one.folder.path != two.folder.path
        disk.close(one.new_file())
        disk.close(two.new_file())
        clear_abandoned(disk, root)
        assert len(tree(tmp_path)) == 4
    assert list(tmp_path.iterdir()) == []


def test_what_a_crash_left_is_cleared_and_nothing_else(tmp_path: Path) -> None:
    disk = QuickDisk()
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious/f").write_bytes(b"precious")
    ours = f"{PREFIX}0123456789ab-77-"
    for name in ("1", "2"):
        (tmp_path / f"{ours}{name}").mkdir()
        (tmp_path / f"{ours}{name}/0").write_bytes(b"half")
    (tmp_path / f"{ours}1" / LOCK).touch()
    (tmp_path / f"{ours}2/1").symlink_to(tmp_path / "precious/f")
    (tmp_path / f"{ours}3").symlink_to("precious")
    (tmp_path / f"{ours}4").write_bytes(b"a file")
    destination = Destination(disk, tmp_path)
    clear_abandoned(disk, destination.root)
    destination.close()
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == [f"{ours}3", f"{ours}4", "precious"]
    assert (tmp_path / "precious/f").read_bytes() == b"precious"


@pytest.mark.parametrize("name", [f"{PREFIX}notes", f"{PREFIX}0123456789ab-77-1"])
def test_a_folder_with_something_of_a_users_in_it_is_left_alone(tmp_path: Path, name: str) -> None:
    disk = QuickDisk()
    (tmp_path / name).mkdir()
    (tmp_path / name / "diary").write_bytes(b"precious")
    destination = Destination(disk, tmp_path)
    clear_abandoned(disk, destination.root)
    destination.close()
    assert (tmp_path / name / "diary").read_bytes() == b"precious"
