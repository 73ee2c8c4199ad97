from __future__ import annotations

import pytest

from mcastdist.errors import MalformedManifest, UnsafePath
from mcastdist.ids import Digest
from mcastdist.manifest import FileEntry, LinkEntry, SafePath, check_tree

DIGEST = Digest(bytes(32))

OUTSIDE = [
    ("link", "/etc/passwd"),
    ("link", ""),
    ("link", ".."),
    ("link", "../x"),
    ("link", "a/../../x"),
    ("a/link", "../../x"),
    ("a/link", ".././../x"),
    ("a/b/link", "../../.."),
    ("link", "a/../../../etc"),
    ("link", "c:x"),
    ("link", "a\\b"),
    ("link", "a\0b"),
    ("link", "nul"),
    ("link", "\udcff"),
    ("link", "x/" * 3_000),
]

INSIDE = [
    ("lib.so", "lib.so.1"),
    ("a/link", "../b/x"),
    ("a/b/link", "../.."),
    ("a/link", "."),
    ("link", "./a//b/"),
    ("link", "a/../b"),
    ("link", "missing"),
    ("a/link", "../../x"[3:]),
]


@pytest.mark.parametrize(("path", "target"), OUTSIDE)
def test_a_link_may_not_lead_out(path: str, target: str) -> None:
    with pytest.raises(UnsafePath) as caught:
        LinkEntry(SafePath(path), target)
    assert caught.value.path == path
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize(("path", "target"), INSIDE)
def test_a_link_inside_is_kept_as_it_is(path: str, target: str) -> None:
    assert LinkEntry(SafePath(path), target).target == target


@pytest.mark.parametrize(
    ("paths", "links"),
    [
        (["b/inside"], [("b", "a")]),  # a file through a link
        (["B/inside"], [("b", "a")]),  # the same where case does not count
        ([], [("b", "a"), ("b/c", "x")]),  # a link through a link
        ([], [("p/q/b", "../.."), ("x", "p/q/b/../foo")]),  # reads as p/q/foo, is ../foo
        ([], [("b", "a"), ("x", "b/c")]),
        ([], [("b", "a"), ("x", "B/c")]),
        ([], [("b", "a"), ("x", "./b//../y")]),
        ([], [("d/self", "self/x")]),
    ],
)
def test_nothing_leads_through_a_link(paths: list[str], links: list[tuple[str, str]]) -> None:
    with pytest.raises(UnsafePath):
        check_tree(map(SafePath, paths), [LinkEntry(SafePath(p), t) for p, t in links], [])


def test_links_to_links_are_chains_as_libraries_have_them() -> None:
    chain = [("lib/x.so", "x.so.1"), ("lib/x.so.1", "x.so.1.2"), ("lib64", "lib"), ("loop", "loop")]
    links = [LinkEntry(SafePath(path), target) for path, target in chain]
    check_tree([SafePath("lib/x.so.1.2")], links, [SafePath("empty")])


@pytest.mark.parametrize("mode", [0o4755, 0o2755, 0o1777, -1, 0o1000])
def test_only_permission_bits_are_shipped(mode: int) -> None:
    with pytest.raises(MalformedManifest, match="permission bits"):
        FileEntry(SafePath("a"), 1, mode, DIGEST)


@pytest.mark.parametrize("size", [-1, 1 << 39, 1 << 63])
def test_a_file_has_a_size_that_can_be(size: int) -> None:
    with pytest.raises(MalformedManifest):
        FileEntry(SafePath("a"), size, 0o644, DIGEST)
