from __future__ import annotations

import copy
import pickle
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcastdist.errors import UnsafePath
from mcastdist.manifest import SafePath, check_collisions
from mcastdist.manifest.paths import collision_key, part_fault, shown

UNSAFE = [
    "",
    "/",
    "/etc/passwd",
    "//server/share",
    ".",
    "..",
    "../up",
    "a/../../b",
    "a/..",
    "./a",
    "a/./b",
    "a//b",
    "a/",
    "a\\b",
    "..\\up",
    "C:",
    "C:/windows",
    "c:relative",
    "file.txt:stream",
    "a\0b",
    "a\nb",
    "a\x1bb",
    "a\x7fb",
    "a\x85b",
    "a.",
    "a ",
    "a./b",
    "a /b",
    "...",
    "CON",
    "con",
    "nul",
    "aux.txt",
    "AUX.tar.gz",
    "dir/PRN",
    "dir/nul .txt",
    "com1",
    "COM0.log",
    "lpt9.x",
    "com¹",
    "LPT³.txt",
    "conin$",
    "CONOUT$",
    "clock$",
    "con/inside",
    "\udcff",
    "ok/\ud800",
    "x" * 256,
    "ü" * 128,
    "/".join(["abcdefg"] * 600),
]

SAFE = [
    "a",
    ".hidden",
    "..a",
    "a..b",
    " leading",
    "a b/c d",
    "console",
    "auxiliary.txt",
    "com10",
    "com",
    "nul-1",
    "~",
    "$HOME",
    "-rf",
    "*",
    "naïve/日本語/🧰.txt",
    "e\u0301",
    "x" * 255,
    "ü" * 127,
    "/".join(["abcdefg"] * 512),
]


@pytest.mark.parametrize("path", UNSAFE)
def test_what_some_system_takes_for_something_else_cannot_be_built(path: str) -> None:
    with pytest.raises(UnsafePath) as caught:
        SafePath(path)
    assert caught.value.path == path
    assert len(str(caught.value)) < 500
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("path", SAFE)
def test_any_other_name_is_kept_as_it_is(path: str) -> None:
    assert SafePath(path) == path


def test_neither_copying_nor_pickling_goes_round_the_check() -> None:
    path = SafePath("a/b")
    assert type(copy.deepcopy(path)) is SafePath
    assert type(pickle.loads(pickle.dumps(path))) is SafePath
    assert type(path.replace("a", "..")) is str


@given(st.text(max_size=40))
def test_a_safe_path_stays_inside_whatever_was_asked(text: str) -> None:
    try:
        path = SafePath(text)
    except UnsafePath:
        return
    parts = path.split("/")
    assert all(part not in ("", ".", "..") for part in parts)
    assert not any(bad in path for bad in "\\:\0")


COLLIDING = [
    ("Readme", "README"),
    ("a/Readme", "a/readme"),
    ("é", "e\u0301"),
    ("É", "e\u0301"),
    ("straße", "STRASSE"),
    ("K", "\u212a"),  # the Kelvin sign
    ("Å", "\u212b"),  # the Ångström sign
    ("a\u200bb", "ab"),  # a zero-width space
    ("a\ufe0f", "a"),  # a variation selector
    ("a\u00adb", "AB"),  # a soft hyphen
    ("\u1fb3", "\u03b1\u0345"),
    ("same", "same"),
    ("a", "a/b"),
    ("A", "a/b"),
    ("a/b", "a/b/c/d"),
    ("Lib/x", "lib/y"),
    ("a/Lib/x", "a/lib/y"),
]


@pytest.mark.parametrize(("one", "other"), COLLIDING)
def test_two_names_of_one_file_are_refused_in_any_order(one: str, other: str) -> None:
    for pair in ([one, other], [other, one]):
        with pytest.raises(UnsafePath, match="collide"):
            check_collisions([SafePath("m"), *map(SafePath, pair), SafePath("z")])


def test_folders_of_their_own_collide_too() -> None:
    with pytest.raises(UnsafePath):
        check_collisions([SafePath("a")], [SafePath("a")])
    with pytest.raises(UnsafePath):
        check_collisions([SafePath("a")], [SafePath("A/b")])
    with pytest.raises(UnsafePath):
        check_collisions([], [SafePath("a"), SafePath("A")])
    with pytest.raises(UnsafePath):
        check_collisions([SafePath("a/x")], [SafePath("A")])
    check_collisions([SafePath("a/x")], [SafePath("a"), SafePath("b/c")])


def test_what_differs_may_stand_together() -> None:
    check_collisions(map(SafePath, ["a/b", "a/c", "ab", "a.b", "a b", "ä", "a/bc", "b/a"]))
    check_collisions([])


def test_many_deep_paths_cost_little() -> None:
    deep = "/".join(["d"] * 1_000)
    check_collisions([SafePath(f"{deep}/{number}") for number in range(2_000)])


@given(st.text(max_size=20))
def test_the_collision_key_forgets_case_and_normal_form(text: str) -> None:
    key = collision_key(text)
    for form in ("NFC", "NFD"):
        assert collision_key(unicodedata.normalize(form, text)) == key
    assert collision_key(text.casefold()) == key


def test_a_part_is_judged_alone() -> None:
    assert part_fault("good") is None
    assert part_fault("..") is not None


def test_a_quoted_path_is_short_and_printable() -> None:
    assert shown("a b") == "'a b'"
    assert shown("\udcff\n") == r"'\udcff\n'"
    assert len(shown("x" * 5_000)) < 130
