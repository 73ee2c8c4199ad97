"""Files appear whole, under their own names, inside the destination, or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from store_kit import QuickDisk, Sample, noise, tree

from mcastdist.errors import DigestMismatch, NoSpace, StorageError, UnsafePath
from mcastdist.ids import ContentId
from mcastdist.store import Deliverable, Disk, File
from mcastdist.store.delivery import COPY_BYTES, Source, deliver
from mcastdist.store.refusals import refusals_about
from mcastdist.store.workshop import PREFIX

SAMPLE = Sample("a", {"bin/tool": noise("t", 300), "readme": b"read me"}, {"doc": "readme"})
Deliver = Callable[..., list[tuple[int, int]]]


@pytest.fixture(params=[True, False], ids=["descriptors", "paths"])
def put(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Deliver]:
    """Deliver a sample; what was reported as damaged comes back."""
    opened: list[File] = []

    def run(
        sample: Sample,
        dest: Path = tmp_path / "dest",
        disk: Disk | None = None,
        items: list[Deliverable] | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> list[tuple[int, int]]:
        path = tmp_path / f"payload{len(opened)}"
        path.write_bytes(sample.payload)
        opened.append(QuickDisk().open(path))
        damaged: list[tuple[int, int]] = []
        source = Source(
            opened[-1],
            ContentId(bytes(32)),
            sample.table.items if items is None else items,
            lambda start, stop: damaged.append((start, stop)),
        )
        deliver(disk or QuickDisk(), source, dest, progress=progress, descriptors=request.param)
        return damaged

    yield run
    for file in opened:
        os.close(file.fd)


def whole(sample: Sample) -> dict[str, bytes | str]:
    return {**sample.files, **sample.links}


def test_all_is_in_place_and_nothing_else(put: Deliver, tmp_path: Path) -> None:
    put(SAMPLE)
    assert tree(tmp_path / "dest") == whole(SAMPLE)
    assert (tmp_path / "dest/readme").stat().st_mode & 0o7777 == 0o640


def test_other_files_are_replaced_and_strangers_left_alone(put: Deliver, tmp_path: Path) -> None:
    dest = tmp_path / "dest"
    put(Sample("b", {"bin/tool": b"old", "mine": b"mine", "doc": b"a file"}, {"readme": "mine"}))
    put(SAMPLE)
    assert tree(dest) == {**whole(SAMPLE), "mine": b"mine"}


def test_identical_files_are_left_alone_and_others_are_not(put: Deliver, tmp_path: Path) -> None:
    put(SAMPLE)
    before = {path: path.lstat().st_ino for path in sorted((tmp_path / "dest").rglob("*"))}
    put(SAMPLE)
    assert before == {path: path.lstat().st_ino for path in before}
    (tmp_path / "dest/readme").chmod(0o600)
    (tmp_path / "dest/bin/tool").write_bytes(noise("u", 300))
    put(SAMPLE)
    assert tree(tmp_path / "dest") == whole(SAMPLE)
    assert (tmp_path / "dest/readme").stat().st_mode & 0o777 == 0o640


def test_nothing_is_set_user_id(put: Deliver, tmp_path: Path) -> None:
    put(Sample("a", {"f": b"x"}, mode=0o6755))
    assert (tmp_path / "dest/f").stat().st_mode & 0o7777 == 0o755


HOLLOW = Sample("h", {"z": b"z"}, {"a link": "z"}, folders=("var/log", "var/run/x", "empty"))


def test_empty_folders_are_made_and_existing_ones_left_alone(put: Deliver, tmp_path: Path) -> None:
    dest = tmp_path / "dest"
    (dest / "empty").mkdir(parents=True)
    (dest / "empty/mine").write_bytes(b"mine")
    (dest / "empty").chmod(0o700)
    for _ in range(2):
        put(HOLLOW)
        assert tree(dest) == {**whole(HOLLOW), "empty/mine": b"mine"}
        assert (dest / "empty").stat().st_mode & 0o777 == 0o700
        assert [path.name for path in sorted((dest / "var").iterdir())] == ["log", "run"]
        assert list((dest / "var/run").iterdir()) == [dest / "var/run/x"]
    new = tmp_path / "new"
    new.mkdir()
    assert (dest / "var/log").stat().st_mode == new.stat().st_mode & ~0o022, "as the umask has it"


@pytest.mark.parametrize("link", ["empty", "var", "var/log", "var/run"])
@pytest.mark.parametrize("target", ["outside", "missing", "dest/real"])
def test_a_folder_is_not_made_through_a_link_nor_in_its_place(
    put: Deliver, tmp_path: Path, link: str, target: str
) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "dest/real").mkdir(parents=True)
    (tmp_path / "dest" / link).parent.mkdir(exist_ok=True)
    (tmp_path / "dest" / link).symlink_to(tmp_path / target)
    with pytest.raises(UnsafePath, match="symbolic link") as caught:
        put(HOLLOW)
    assert caught.value.path == str(tmp_path / "dest" / link)
    assert (tmp_path / "dest" / link).is_symlink()
    assert list((tmp_path / "outside").iterdir()) == []
    assert list((tmp_path / "dest/real").iterdir()) == []
    assert not (tmp_path / "missing").exists()


@pytest.mark.parametrize("name", ["empty", "var", "var/run"])
def test_a_file_in_the_way_of_a_folder_is_named_before_anything_is_placed(
    put: Deliver, tmp_path: Path, name: str
) -> None:
    (tmp_path / "dest" / name).parent.mkdir(parents=True)
    (tmp_path / "dest" / name).write_bytes(b"precious")
    with pytest.raises(StorageError, match=f"{name} is no directory, but the package needs one"):
        put(HOLLOW)
    assert tree(tmp_path / "dest") == {name: b"precious"}


def test_folders_alone_are_a_delivery_that_may_be_stopped(put: Deliver, tmp_path: Path) -> None:
    class Enough(Exception):
        pass

    def stop(done: int) -> None:
        raise Enough

    sample = Sample("f", {}, folders=("a", "b"))
    with pytest.raises(Enough):
        put(sample, progress=stop)
    assert [path.name for path in (tmp_path / "dest").iterdir()] == ["a"]
    put(sample)
    assert sorted(path.name for path in (tmp_path / "dest").iterdir()) == ["a", "b"]


@pytest.mark.parametrize("target", ["outside", "dest/real", "missing"])
def test_a_link_on_the_way_is_refused(put: Deliver, tmp_path: Path, target: str) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "dest/real").mkdir(parents=True)
    (tmp_path / "dest/bin").symlink_to(tmp_path / target)
    with pytest.raises(UnsafePath, match="symbolic link"):
        put(SAMPLE)
    assert list((tmp_path / "outside").iterdir()) == []
    assert list((tmp_path / "dest/real").iterdir()) == []


def test_a_link_in_the_last_place_is_replaced_not_followed(put: Deliver, tmp_path: Path) -> None:
    (tmp_path / "precious").write_bytes(b"precious")
    (tmp_path / "dest").mkdir()
    (tmp_path / "dest/readme").symlink_to(tmp_path / "precious")
    put(SAMPLE)
    assert (tmp_path / "precious").read_bytes() == b"precious"
    assert tree(tmp_path / "dest") == whole(SAMPLE)


def test_the_destination_itself_may_be_a_link(put: Deliver, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "dest").symlink_to("real")
    put(SAMPLE)
    assert tree(tmp_path / "real") == whole(SAMPLE)


def test_what_stands_in_the_way_is_named(put: Deliver, tmp_path: Path) -> None:
    (tmp_path / "one/readme/full").mkdir(parents=True)
    (tmp_path / "two").mkdir()
    (tmp_path / "two/bin").write_bytes(b"")
    (tmp_path / "three").write_bytes(b"")
    (tmp_path / "four/doc").mkdir(parents=True)
    for dest, sentence in (
        ("one", "readme is a directory"),
        ("two", "bin is no directory"),
        ("three", "three is no directory"),
        ("four", "doc is a directory"),
    ):
        with pytest.raises(StorageError, match=sentence):
            put(SAMPLE, tmp_path / dest)


def test_wrong_bytes_keep_the_old_file_and_are_reported(put: Deliver, tmp_path: Path) -> None:
    put(Sample("b", {"readme": b"old"}))
    items = [replace(item, sha256=bytes(32)) if item.path == "readme" else item
             for item in SAMPLE.table.items]  # fmt: skip
    with pytest.raises(DigestMismatch, match="readme"):
        put(SAMPLE, items=items)
    assert tree(tmp_path / "dest")["readme"] == b"old"
    assert not [name for name in tree(tmp_path / "dest") if name.startswith(PREFIX)]


def test_many_files_in_several_batches(put: Deliver, tmp_path: Path) -> None:
    sample = Sample("many", {f"d{n % 7}/e{n % 3}/f{n}": b"%d" % n for n in range(400)})
    put(sample)
    assert tree(tmp_path / "dest") == sample.files


def test_progress_may_stop_it_and_nothing_is_left_behind(put: Deliver, tmp_path: Path) -> None:
    class Enough(Exception):
        pass

    def progress(done: int) -> None:
        if done > 100:
            raise Enough

    sample = Sample("a", {"a": bytes(90), "b": bytes(3 * COPY_BYTES)})
    with pytest.raises(Enough):
        put(sample, progress=progress)
    assert tree(tmp_path / "dest") == {}
    assert list((tmp_path / "dest").iterdir()) == []


class Cloning(QuickDisk):
    """A file system that shares, as far as anybody can tell."""

    def __init__(self) -> None:
        self.cloned: list[tuple[int, int]] = []

    def clone(self, source: File, target: File, start: int, length: int) -> bool:
        self.cloned.append((start, length))
        os.pwrite(target.fd, os.pread(source.fd, length, start), 0)
        return True


def test_large_files_share_what_they_can(put: Deliver, tmp_path: Path) -> None:
    disk = Cloning()
    sample = Sample("a", {"a": noise("a", 2 * COPY_BYTES + 5), "b": b"small"}, chunk_bytes=1 << 20)
    put(sample, disk=disk)
    assert tree(tmp_path / "dest") == sample.files
    assert disk.cloned == [(0, 2 * COPY_BYTES)]


class Full(QuickDisk):
    def write(self, file: File, data: bytes | memoryview, offset: int) -> None:
        with refusals_about(file.path):
            raise OSError(28, "No space left on device")


def test_a_full_destination_keeps_the_old_files(put: Deliver, tmp_path: Path) -> None:
    put(Sample("b", {"readme": b"old"}))
    with pytest.raises(NoSpace):
        put(SAMPLE, disk=Full())
    found = tree(tmp_path / "dest")
    assert found == {"readme": b"old"}
