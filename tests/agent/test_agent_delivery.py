"""How a package reaches its task: names, empty folders, and a last look."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from agent_kit import URL, admit, fill, held, make_library, noise, plain, publish

from mcastdist.agent.api import TaskRequest
from mcastdist.agent.delivery import Withdrawn, check_whole_file, deliver, hand_out
from mcastdist.agent.library import Library
from mcastdist.errors import DigestMismatch, UnavailableError
from mcastdist.manifest import SafePath

NAME = SafePath("setup.exe")


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    library = make_library(tmp_path / "store")
    yield library
    library.close_all()


def test_files_links_and_empty_folders_are_put_in_place(library: Library, tmp_path: Path) -> None:
    package = held(
        library,
        publish({"bin/tool": b"#!"}, links=[("t", "bin/tool")], folders=["var/log/ü", "bin/x"]),
    )
    deliver(package, tmp_path / "out", file_name=NAME, is_wanted=lambda: True)

    assert (tmp_path / "out" / "t").read_bytes() == b"#!"
    assert (tmp_path / "out" / "var" / "log" / "ü").is_dir()
    assert (tmp_path / "out" / "bin" / "x").is_dir()


def test_a_package_of_nothing_but_folders(library: Library, tmp_path: Path) -> None:
    package = held(library, publish({}, folders=["only/this"]))
    deliver(package, tmp_path / "out", file_name=NAME, is_wanted=lambda: True)

    assert [str(p.relative_to(tmp_path / "out")) for p in (tmp_path / "out").rglob("*")] == [
        "only",
        "only/this",
    ]


def test_a_plain_file_has_the_name_of_its_task(library: Library, tmp_path: Path) -> None:
    package = held(library, plain(b"data"))
    deliver(package, tmp_path, file_name=NAME, is_wanted=lambda: True)

    assert (tmp_path / "setup.exe").read_bytes() == b"data"
    assert not (tmp_path / "file").exists()


def test_who_is_not_wanted_any_more_stops(library: Library, tmp_path: Path) -> None:
    package = held(library, publish({"a": noise("a", 3 << 20)}))

    with pytest.raises(Withdrawn):
        deliver(package, tmp_path / "out", file_name=NAME, is_wanted=lambda: False)
    assert not (tmp_path / "out" / "a").exists()


def test_what_is_not_all_here_is_not_cached(library: Library) -> None:
    published = publish({"a": noise("a", 3 << 20)})
    package = admit(library, published)
    fill(package, published.payload, [(0, 1 << 20)])

    with pytest.raises(UnavailableError, match="app-1 is not all here"):
        hand_out(TaskRequest(url=URL), package, is_wanted=lambda: True)


def test_what_was_fetched_and_is_pre_cached_now_is_kept_as_pre_cached(
    library: Library, tmp_path: Path
) -> None:
    package = held(library, publish({"a": b"1"}))
    hand_out(TaskRequest(url=URL, dest=str(tmp_path / "out")), package, is_wanted=lambda: True)
    assert not library.store.entries()[0].precached

    hand_out(TaskRequest(url=URL), package, is_wanted=lambda: True)
    assert library.store.entries()[0].precached


def test_a_lie_about_a_plain_file_ends_at_the_last_look(library: Library) -> None:
    """The chunks hash as the table says, but the table is not of the file that was promised."""
    honest = plain(b"what was asked for")
    package = held(library, honest)
    check_whole_file(package)

    lie = plain(b"something else, sir")
    lying = admit(library, lie)
    fill(lying, lie.payload)
    object.__setattr__(lying.manifest, "files", honest.manifest.files)
    with pytest.raises(DigestMismatch):
        check_whole_file(lying)
