"""What the demo distributes."""

from __future__ import annotations

import shutil
from collections import namedtuple
from pathlib import Path

import pytest

from mcastdist.cli import demo_package
from mcastdist.cli.demo_package import SPARE_BYTES, library_files, make_package
from mcastdist.errors import NoSpace, NotPermitted, UnavailableError, UsageError

Disk = namedtuple("Disk", "total used free")


def with_free(monkeypatch: pytest.MonkeyPatch, free: int) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Disk(0, 0, free))


async def test_a_file_that_was_given(tmp_path: Path) -> None:
    (tmp_path / "stage").mkdir()
    (tmp_path / "some file").write_bytes(b"12345")
    package = await make_package(tmp_path / "stage", 2, tmp_path / "some file")

    assert (package.title, package.files, package.payload_bytes) == ("some file", 1, 5)
    assert (package.source / "some file").read_bytes() == b"12345"
    assert (tmp_path / "stage" / "origin" / "demo-1.mcd").exists()
    assert (tmp_path / "stage" / "keys" / "cluster.key").exists()


async def test_a_folder_that_was_given_is_not_copied(tmp_path: Path) -> None:
    (tmp_path / "stage").mkdir()
    (tmp_path / "given").mkdir()
    (tmp_path / "given" / "a").write_text("a")
    package = await make_package(tmp_path / "stage", 2, tmp_path / "given")

    assert package.source == tmp_path / "given"
    assert not (tmp_path / "stage" / "source").exists()


def test_files_of_this_python_and_nobody_elses_packages_among_them() -> None:
    found = list(library_files())
    names = [name for _, name in found]

    assert len(set(names)) == len(names)
    assert {name.parts[0] for name in names} == {"library", "installed"}
    assert not any("__pycache__" in name.parts for name in names)
    library = [name for name in names if name.parts[0] == "library"]
    assert not any("site-packages" in name.parts for name in library)
    assert len(library) <= demo_package.LIBRARY_FILES_MAX


def test_what_is_too_large_for_the_disk_is_said_before_it_is_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "big").write_bytes(bytes(1000))
    with_free(monkeypatch, SPARE_BYTES + 1000)
    with pytest.raises(NoSpace, match="TMPDIR") as refused:
        demo_package._source(tmp_path, 5, tmp_path / "big")

    assert refused.value.needed_bytes == 12 * 1000 + SPARE_BYTES
    assert not (tmp_path / "source").exists()


def test_on_a_small_disk_the_package_is_smaller(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_free(monkeypatch, SPARE_BYTES + 6 * 300_000)
    source = demo_package._source(tmp_path, 2, None)
    sizes = [path.stat().st_size for path in source.rglob("*") if path.is_file()]

    assert 0 < sum(sizes) <= 300_000


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_free(monkeypatch, 0)
    with pytest.raises(UsageError, match="0 bytes of room"):
        demo_package._source(tmp_path, 2, None)


async def test_what_this_user_may_not_read_is_named(tmp_path: Path, forbidden: Path) -> None:
    with pytest.raises(NotPermitted, match="forbidden/x"):
        await make_package(tmp_path, 2, forbidden / "x")


async def test_a_command_that_fails_is_quoted() -> None:
    with pytest.raises(UnavailableError, match=r"mcastdist publish: .*PATH"):
        await demo_package._command("publish")
