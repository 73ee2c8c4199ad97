from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from mcastdist.cli.package_files import Published, write_package
from mcastdist.cli.package_tree import find_tree
from mcastdist.errors import McastdistError, NoSpace, NotPermitted, StorageError, UsageError
from mcastdist.manifest import ChunkTable, Manifest, SigningKey, verify

KEY = SigningKey(bytes(8), bytes(32))
DRAFT = Manifest(
    name="tool",
    version="1",
    sequence=1,
    created=1,
    expires=None,
    files=(),
    chunks=ChunkTable((), b""),
    sources=("tool-1.payload",),
)


def publish(
    folder: Path, out: Path, *, progress: Callable[[int], None] = lambda _: None
) -> Published:
    tree = find_tree([folder], out=out)
    return write_package(tree, DRAFT, KEY, out=out, comment="c", progress=progress)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a").write_bytes(b"a" * 3_000_000)
    (folder / "b").write_bytes(b"")
    (folder / "c").write_bytes(b"c" * 10)
    return folder


def test_the_payload_is_the_files_one_after_another(folder: Path, tmp_path: Path) -> None:
    seen: list[int] = []
    published = publish(folder, tmp_path / "out", progress=seen.append)
    payload = published.payload_file.read_bytes()
    assert payload == b"a" * 3_000_000 + b"c" * 10
    assert sum(seen) == len(payload)
    manifest = Manifest.decode(published.manifest_file.read_bytes())
    assert manifest == published.manifest
    for index, entry in enumerate(manifest.files):
        start, stop = manifest.file_span(index)
        assert hashlib.sha256(payload[start:stop]).digest() == entry.sha256
    for index in range(manifest.chunks.count):
        start, stop = manifest.chunks.span(index)
        assert hashlib.sha256(payload[start:stop]).digest() == manifest.chunks.digest(index)
    verify(published.manifest_bytes, published.signature_file.read_bytes(), [KEY.public])


def test_equal_trees_make_equal_packages(folder: Path, tmp_path: Path) -> None:
    first, second = publish(folder, tmp_path / "x"), publish(folder, tmp_path / "y")
    assert first.manifest_bytes == second.manifest_bytes


def test_a_published_version_is_not_replaced(folder: Path, tmp_path: Path) -> None:
    before = publish(folder, tmp_path / "out")
    (folder / "c").write_bytes(b"other")
    with pytest.raises(UsageError, match="published already"):
        publish(folder, tmp_path / "out")
    assert before.payload_file.stat().st_size == 3_000_010


def test_what_a_broken_run_left_over_is_replaced(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/tool-1.payload").write_bytes(b"left over")
    assert publish(folder, tmp_path / "out").payload_file.stat().st_size == 3_000_010


def rewrite(path: Path) -> None:
    path.replace(path.with_name("z"))
    path.write_bytes(b"c" * 10)


def turn_into_link(path: Path) -> None:
    path.replace(path.with_name("z"))
    path.symlink_to("z")


def turn_into_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def turn_into_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def grow(path: Path) -> None:
    os.truncate(path, path.stat().st_size + 1)


def shrink(path: Path) -> None:
    os.truncate(path, 5)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("a", grow),  # while it is read
        ("a", shrink),
        ("c", grow),  # before its turn comes
        ("c", shrink),
        ("c", Path.unlink),
        ("c", rewrite),
        ("c", turn_into_link),
        ("c", turn_into_folder),
        ("c", turn_into_pipe),
    ],
)
def test_a_file_that_changes_meanwhile_is_refused(
    folder: Path, tmp_path: Path, name: str, change: Callable[[Path], None]
) -> None:
    pending = [change]

    def change_once(count: int) -> None:
        if pending:
            pending.pop()(folder / name)

    with pytest.raises(UsageError, match=f"{name} changed"):
        publish(folder, tmp_path / "out", progress=change_once)
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ENOSPC, NoSpace),
        (errno.EDQUOT, NoSpace),
        (errno.EACCES, NotPermitted),
        (errno.EROFS, NotPermitted),
        (errno.EIO, StorageError),
    ],
)
def test_what_the_disk_says_is_said_in_words_and_nothing_is_left(
    folder: Path, tmp_path: Path, number: int, kind: type[McastdistError]
) -> None:
    def fail(count: int) -> None:
        raise OSError(number, os.strerror(number))

    with pytest.raises(McastdistError) as caught:
        publish(folder, tmp_path / "out", progress=fail)
    assert type(caught.value) is kind
    assert str(tmp_path / "out") in str(caught.value)
    assert list((tmp_path / "out").iterdir()) == []


def test_an_interrupted_run_leaves_nothing(folder: Path, tmp_path: Path) -> None:
    def interrupt(count: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        publish(folder, tmp_path / "out", progress=interrupt)
    assert list((tmp_path / "out").iterdir()) == []


def test_a_package_larger_than_the_disk_is_refused_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    with (folder / "sparse").open("wb") as file:
        try:
            file.truncate(1 << 37)
        except OSError:
            pytest.skip("no sparse files of 128 GiB here")
    if shutil.disk_usage(tmp_path).free > 1 << 37:
        pytest.skip("this disk has room for it")
    with pytest.raises(NoSpace) as caught:
        publish(folder, tmp_path / "out")
    assert caught.value.needed_bytes == 1 << 37


@pytest.mark.parametrize("out", ["file", "file/below"])
def test_out_must_be_a_folder(folder: Path, tmp_path: Path, out: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(McastdistError, match="no folder"):
        publish(folder, tmp_path / out)
