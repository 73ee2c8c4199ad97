"""The state directory: an id for life, in a directory of our own."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from mcastdist.agent.state_dir import StateDir
from mcastdist.errors import StorageError


def test_the_id_is_drawn_once_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "a" / "state"

    node = StateDir(path).node_id()

    assert 0 <= node < 1 << 64
    assert StateDir(path).node_id() == node
    assert (path / "node.id").read_text() == f"{node:016x}\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o700
    assert [each.name for each in path.iterdir()] == ["node.id"]


def test_two_machines_draw_different_ids(tmp_path: Path) -> None:
    assert StateDir(tmp_path / "a").node_id() != StateDir(tmp_path / "b").node_id()


def test_a_twin_draws_another_and_keeps_that(tmp_path: Path) -> None:
    state = StateDir(tmp_path / "state")
    old = state.node_id()

    new = state.renew_node_id()

    assert new != old
    assert StateDir(tmp_path / "state").node_id() == new


@pytest.mark.parametrize(
    "content", [b"", b"12", b"\xff" * 16, b"g" * 16, b"0" * 17, b"0X" + b"0" * 14]
)
def test_a_damaged_id_is_not_replaced_behind_our_back(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "state"
    StateDir(path)
    (path / "node.id").write_bytes(content)

    with pytest.raises(StorageError, match=r"node\.id holds no node id .* remove it"):
        StateDir(path).node_id()


def test_a_directory_that_anybody_may_write_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "state"
    path.mkdir()
    path.chmod(0o777)

    with pytest.raises(StorageError, match="anybody may write into it"):
        StateDir(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o777


def test_a_place_that_is_no_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    for path in (tmp_path / "file", tmp_path / "file" / "state"):
        with pytest.raises(StorageError, match=r"set node\.state_dir"):
            StateDir(path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_directory_that_is_not_ours_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(StorageError, match="this user may not use it"):
            StateDir(tmp_path / "state")
    finally:
        tmp_path.chmod(0o700)
