from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from pathlib import Path

import pytest

from mcastdist.cli.package_tree import PackageTree, find_tree, in_words
from mcastdist.errors import McastdistError, NotPermitted, StorageError, UnsafePath, UsageError


def make(folder: Path, contents: Mapping[str, str]) -> Path:
    for name, text in contents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def find(*paths: Path) -> PackageTree:
    return find_tree(paths, out=Path("/nowhere/out"))


def names(tree: PackageTree) -> list[str]:
    return [str(file.path) for file in tree.files]


def refused(*paths: Path) -> str:
    with pytest.raises((UsageError, UnsafePath)) as caught:
        find(*paths)
    return str(caught.value)


def test_a_single_folder_becomes_the_package(tmp_path: Path) -> None:
    make(tmp_path, {"a.txt": "1", "b/c/d.txt": "2"})
    assert names(find(tmp_path)) == ["a.txt", "b/c/d.txt"]


def test_several_paths_keep_their_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, {"one/x": "1", "two/x": "2", "three.txt": "3"})
    paths = [tmp_path / "two", tmp_path / "three.txt", tmp_path / "one" / "."]
    assert names(find(*paths)) == ["one/x", "three.txt", "two/x"]
    monkeypatch.chdir(tmp_path / "one")
    assert names(find(Path(), Path("../three.txt"))) == ["one/x", "three.txt"]


def test_a_single_file_keeps_its_name(tmp_path: Path) -> None:
    make(tmp_path, {"x/setup.exe": "1"})
    assert names(find(tmp_path / "x" / "setup.exe")) == ["setup.exe"]


def test_the_order_is_folder_by_folder_whatever_the_disk_says(tmp_path: Path) -> None:
    for name in ("b/z", "b.txt", "b/a", "a", "b-c/x", "ü", "Z"):
        make(tmp_path, {name: name})
    assert names(find(tmp_path)) == ["Z", "a", "b/a", "b/z", "b-c/x", "b.txt", "ü"]


def test_links_inside_stay_links_and_folders_without_files_are_kept(tmp_path: Path) -> None:
    make(tmp_path, {"lib/x.so.1": "1"})
    (tmp_path / "lib/x.so").symlink_to("x.so.1")
    (tmp_path / "lib64").symlink_to("lib")
    (tmp_path / "var/empty").mkdir(parents=True)
    tree = find(tmp_path)
    assert [(link.path, link.target) for link in tree.links] == [
        ("lib/x.so", "x.so.1"),
        ("lib64", "lib"),
    ]
    assert tree.folders == ["var/empty"]
    assert names(tree) == ["lib/x.so.1"]


def test_a_link_that_is_named_is_followed(tmp_path: Path) -> None:
    make(tmp_path, {"real/x": "1", "file": "2"})
    (tmp_path / "folder-link").symlink_to("real")
    (tmp_path / "file-link").symlink_to("file")
    tree = find(tmp_path / "folder-link", tmp_path / "file-link")
    assert names(tree) == ["file-link", "folder-link/x"]


@pytest.mark.parametrize("target", ["/etc/passwd", "../outside", "a/../../outside"])
def test_a_link_that_leads_out_is_refused_by_name(tmp_path: Path, target: str) -> None:
    make(tmp_path, {"a/x": "1"})
    (tmp_path / "escape").symlink_to(target)
    assert "'escape'" in refused(tmp_path)


def test_a_link_may_lead_to_another_path_of_the_package(tmp_path: Path) -> None:
    make(tmp_path, {"one/x": "1", "two/x": "2"})
    (tmp_path / "one/link").symlink_to("../two/x")
    assert find(tmp_path / "one", tmp_path / "two").links[0].target == "../two/x"
    assert "leads out" in refused(tmp_path / "one")


def test_what_is_no_file_is_refused_by_name(tmp_path: Path) -> None:
    make(tmp_path, {"x": "1"})
    os.mkfifo(tmp_path / "pipe")
    assert "pipe is a named pipe" in refused(tmp_path)
    assert "named pipe" in refused(tmp_path / "pipe")
    assert "/dev/null is a character device" in refused(Path("/dev/null"))


def test_a_socket_is_refused_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's name may have 100 characters only
    with socket.socket(socket.AF_UNIX) as door:
        door.bind("door")
        assert "door is a socket" in refused(tmp_path)


def test_names_that_other_systems_cannot_hold_are_refused(tmp_path: Path) -> None:
    for name in ("aux.txt", "a:b", "a\\b", "line\nbreak", "dot."):
        folder = make(tmp_path / str(abs(hash(name))), {name: "1"})
        assert "rename" in refused(folder)


def test_a_name_that_is_no_unicode_is_refused(tmp_path: Path) -> None:
    try:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/bad\xff")).touch()
    except OSError:
        pytest.skip("this file system takes only Unicode")
    assert "Unicode" in refused(tmp_path)


def test_names_that_collide_elsewhere_are_refused(tmp_path: Path) -> None:
    make(tmp_path, {"Readme": "1"})
    if (tmp_path / "README").exists():
        pytest.skip("they collide here already")
    make(tmp_path, {"README": "2"})
    assert "collide" in refused(tmp_path)


def test_the_same_name_twice_is_refused(tmp_path: Path) -> None:
    make(tmp_path, {"one/x": "1", "two/x": "2"})
    assert "collide" in refused(tmp_path / "one" / "x", tmp_path / "two" / "x")


def test_mode_keeps_permissions_only(tmp_path: Path) -> None:
    make(tmp_path, {"x": "1"})
    (tmp_path / "x").chmod(0o6755)
    assert find(tmp_path).files[0].mode == 0o755


def test_nothing_is_no_package(tmp_path: Path) -> None:
    assert "nothing" in refused(tmp_path)
    assert "is not there" in refused(tmp_path / "missing")


def test_the_package_may_not_be_written_into_what_is_published(tmp_path: Path) -> None:
    make(tmp_path, {"x": "1"})
    for out in (tmp_path, tmp_path / "dist", tmp_path / "a" / "b"):
        with pytest.raises(UsageError, match="outside"):
            find_tree([tmp_path], out=out)
    find_tree([tmp_path / "x"], out=tmp_path)


def test_a_folder_may_be_deep(tmp_path: Path) -> None:
    deep = tmp_path
    for _ in range(300):
        deep = deep / "d"
    deep.mkdir(parents=True)
    (deep / "x").write_text("1")
    assert names(find(tmp_path))[0].count("/") == 300


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (FileNotFoundError(2, "no", "x"), UsageError),
        (PermissionError(13, "no", "x"), NotPermitted),
        (OSError(5, "Input/output error", "x"), StorageError),
    ],
)
def test_a_failure_to_read_is_said_in_words(error: OSError, kind: type[McastdistError]) -> None:
    said = in_words(error)
    assert type(said) is kind
    assert "x " in str(said)
