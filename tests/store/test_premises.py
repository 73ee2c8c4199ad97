"""Whose directory is this?"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from figure_book import Figure
from store_kit import NO_LIMITS, QuickDisk, small_sample

from mcastdist.errors import NotPermitted, StorageError, StoreBusy, UsageError
from mcastdist.store import File, Store
from mcastdist.store.refusals import refusals_about

OTHER_PROCESS = """
import sys
from pathlib import Path
from mcastdist.errors import StoreBusy
from mcastdist.store import Store, StoreLimits
try:
    Store(Path(sys.argv[1]), StoreLimits()).close()
except StoreBusy as error:
    print("busy:", error)
else:
    print("opened")
"""


def other_process(directory: Path) -> str:
    command = [sys.executable, "-c", OTHER_PROCESS, str(directory)]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True, timeout=60)
    return done.stdout.strip()


def open_store(directory: Path) -> Store:
    return Store(directory, NO_LIMITS, disk=QuickDisk())


def test_two_processes_never_have_one_store(tmp_path: Path) -> None:
    with open_store(tmp_path / "store"):
        said = other_process(tmp_path / "store")
        assert said.startswith("busy:")
        assert str(os.getpid()) in said
    assert other_process(tmp_path / "store") == "opened"


def test_nor_does_one_process_have_it_twice(tmp_path: Path) -> None:
    with open_store(tmp_path / "store"), pytest.raises(StoreBusy, match=str(os.getpid())):
        open_store(tmp_path / "store")
    open_store(tmp_path / "store").close()


def test_the_directory_is_private(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir(mode=0o755)
    with open_store(tmp_path / "store") as store:
        small_sample().keep(store)
    for path in [tmp_path / "store", *(tmp_path / "store").rglob("*")]:
        assert path.stat().st_mode & 0o077 == 0, path


def test_a_directory_that_is_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("precious")
    with pytest.raises(UsageError, match="not empty and no store"):
        open_store(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_file_in_its_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("a file")
    with pytest.raises(StorageError):
        open_store(tmp_path / "store")


def test_a_newer_format_is_refused_and_the_lock_let_go(tmp_path: Path) -> None:
    open_store(tmp_path / "store").close()
    (tmp_path / "store/format").write_text("mcastdist store 2\n")
    for _ in range(2):
        with pytest.raises(StorageError, match=r"format 2.*update mcastdist"):
            open_store(tmp_path / "store")


@pytest.mark.parametrize("line", ["", "mcastdist store", "mcastdist store x", "restic 1"])
def test_a_damaged_format_is_named(tmp_path: Path, line: str) -> None:
    open_store(tmp_path / "store").close()
    (tmp_path / "store/format").write_text(line)
    with pytest.raises(StorageError, match="damaged"):
        open_store(tmp_path / "store")


class ReadOnly(QuickDisk):
    """Mounted read-only."""

    def make_directory(self, path: Path, *, mode: int = 0o700, folder: int | None = None) -> bool:
        with refusals_about(path):
            raise OSError(30, "Read-only file system")

    def open(
        self,
        path: Path,
        *,
        create: bool = False,
        exclusive: bool = True,
        folder: int | None = None,
    ) -> File:
        with refusals_about(path):
            raise OSError(30, "Read-only file system")


def test_a_read_only_disk_is_named(tmp_path: Path, figure: Figure) -> None:
    began = time.monotonic()
    with pytest.raises(NotPermitted, match=r"store.*check its owner, mode and mount"):
        Store(tmp_path / "store", NO_LIMITS, disk=ReadOnly())
    open_store(tmp_path / "store").close()
    with pytest.raises(NotPermitted):
        Store(tmp_path / "store", NO_LIMITS, disk=ReadOnly())
    figure("refused twice after, s", time.monotonic() - began)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_directory_without_write_permission_is_named(tmp_path: Path) -> None:
    (tmp_path / "locked").mkdir(mode=0o500)
    with pytest.raises(NotPermitted):
        open_store(tmp_path / "locked" / "store")
