"""The demo's folder, and those of demos that were killed."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from pathlib import Path

import pytest

from mcastdist.cli.demo_folder import LOCK, PREFIX, remove_leftovers, stage_folder

HOLD = (
    "from mcastdist.cli.demo_folder import stage_folder\n"
    "with stage_folder(False) as folder:\n"
    "    (folder / 'payload').write_text('x'); print(folder, flush=True); input()"
)


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The system's temporary folder, for this test."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    return tmp_path


def another_demo() -> tuple[subprocess.Popen[str], Path]:
    """A demo that runs, and its folder."""
    pipe = subprocess.PIPE
    process = subprocess.Popen([sys.executable, "-c", HOLD], stdin=pipe, stdout=pipe, text=True)
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def test_it_goes_at_the_end_whatever_ends_it() -> None:
    with stage_folder(False) as gone:
        assert gone.is_dir()
    assert not gone.exists()
    with contextlib.suppress(KeyboardInterrupt), stage_folder(False) as interrupted:
        raise KeyboardInterrupt
    assert not interrupted.exists()


def test_what_is_to_be_kept_stays_also_when_others_come() -> None:
    with stage_folder(True) as kept:
        pass
    with stage_folder(False):
        pass
    assert kept.is_dir()


def test_a_demo_that_runs_is_left_alone_and_one_that_was_killed_is_removed() -> None:
    process, folder = another_demo()
    with stage_folder(False):
        assert (folder / "payload").exists()
    process.kill()
    process.communicate()
    assert folder.exists()
    with stage_folder(False):
        assert not folder.exists()


def test_what_is_not_a_demos_is_left_alone(place: Path) -> None:
    """A folder of that name without a lock, and a link to somewhere else."""
    young, elsewhere = place / f"{PREFIX}young", place / "elsewhere"
    for folder in (young, elsewhere):
        folder.mkdir()
    (elsewhere / LOCK).touch()
    (place / f"{PREFIX}link").symlink_to(elsewhere)
    remove_leftovers()
    assert young.is_dir()
    assert (elsewhere / LOCK).exists()
