"""The published folder: regular files below it, and nothing else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mcastdist.agent.origin_folder import OriginFolder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder of files and traps, with a secret beside it."""
    root = tmp_path / "root"
    (root / "deep").mkdir(parents=True)
    (root / "p.mcd").write_bytes(b"manifest")
    (root / "deep" / "q ü.mcd").write_bytes(b"other")
    (tmp_path / "secret").write_text("secret")
    (root / "inside").symlink_to("p.mcd")
    (root / "link-out").symlink_to(tmp_path / "secret")
    (root / "link-dir").symlink_to(tmp_path)
    (root / "loop").symlink_to(root / "loop")
    os.mkfifo(root / "pipe")
    return root


def read(folder: OriginFolder, path: str) -> bytes | None:
    opened = folder.open(path)
    if opened is None:
        return None
    with opened as file:
        return file.read()


def test_files_below_the_root(root: Path) -> None:
    folder = OriginFolder(root)
    assert read(folder, "p.mcd") == b"manifest"
    assert read(folder, "deep/q ü.mcd") == b"other"
    assert read(folder, "inside") == b"manifest"  # a link that stays inside


@pytest.mark.parametrize(
    "path",
    [
        "", ".", "..", "../secret", "deep/../../secret", "deep/../p.mcd", "./p.mcd", "/p.mcd",
        "/etc/hostname", "deep//q ü.mcd", "deep", "deep/", "p.mcd/", "p.mcd/x", "..\\secret",
        "p.mcd\0", "missing", "link-out", "link-dir/secret", "loop", "pipe", "a" * 5000, "\udcff",
    ],
)  # fmt: skip
def test_nothing_else(root: Path, path: str) -> None:
    assert OriginFolder(root).open(path) is None


def test_what_is_refused_leaves_no_file_open(root: Path) -> None:
    folder = OriginFolder(root)
    before = sorted(os.listdir("/proc/self/fd"))
    for path in ("pipe", "deep", "link-out"):
        assert folder.open(path) is None
    assert sorted(os.listdir("/proc/self/fd")) == before


def test_a_root_that_is_itself_a_link(root: Path, tmp_path: Path) -> None:
    (tmp_path / "current").symlink_to(root)
    assert read(OriginFolder(tmp_path / "current"), "p.mcd") == b"manifest"


def test_packages_are_files_sorted(root: Path) -> None:
    (root / "folder.mcd").mkdir()
    (root / "p.mcd.minisig").write_bytes(b"")
    assert OriginFolder(root).packages() == ["deep/q ü.mcd", "p.mcd"]
