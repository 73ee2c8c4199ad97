from __future__ import annotations

import hashlib
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from manifest_packages import CREATED, small_manifest

from mcastdist.errors import MalformedManifest, McastdistError, UnsafePath
from mcastdist.ids import Digest
from mcastdist.manifest import (
    Chunker,
    ChunkTable,
    FileEntry,
    LinkEntry,
    Manifest,
    SafePath,
    content_id,
    plain_manifest,
)

GOLDEN = (
    "de0012"  # a map of 18 fields
    "a96d6361737464697374"  # mcastdist
    "01"
    "a46b696e64"  # kind
    "a77061636b616765"
    "a46e616d65"  # name
    "a4746f6f6c"
    "a776657273696f6e"  # version
    "a3312e30"
    "a873657175656e6365"  # sequence
    "07"
    "a763726561746564"  # created
    "ce6553f100"
    "a765787069726573"  # expires
    "ce655a8880"
    "aa66696c655f7061746873"  # file_paths
    "aa62696e2f746f6f6c0061"
    "aa66696c655f73697a6573"  # file_sizes
    "c41000000000000000040000000000000000"
    "aa66696c655f6d6f646573"  # file_modes
    "c40401a401a4"
    "ac66696c655f64696765737473"  # file_digests
    "c440"
    "3bdbb4fe8397cd2b842430b39ccff01a8663c751945ef5e9a09e267fb8b1d359"
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    "aa6c696e6b5f7061746873"  # link_paths
    "a176"
    "ac6c696e6b5f74617267657473"  # link_targets
    "a862696e2f746f6f6c"
    "a7666f6c64657273"  # folders
    "a3766172"
    "ab6368756e6b5f73697a6573"  # chunk_sizes
    "c40400000004"
    "ad6368756e6b5f64696765737473"  # chunk_digests
    "c420"
    "3bdbb4fe8397cd2b842430b39ccff01a8663c751945ef5e9a09e267fb8b1d359"
    "a7736f7572636573"  # sources
    "91b0746f6f6c2d312e302e7061796c6f6164"
    "a7696e7374616c6c"  # install
    "92a86c64636f6e666967a22d76"
)


def golden_manifest() -> Manifest:
    return small_manifest(
        {"bin/tool": b"\x7fELF", "a": b""},
        expires=CREATED + 5 * 86_400,
        links=(LinkEntry(SafePath("v"), "bin/tool"),),
        folders=(SafePath("var"),),
        install=("ldconfig", "-v"),
    )


def test_the_bytes_of_a_manifest_never_change() -> None:
    assert golden_manifest().encode().hex() == GOLDEN
    assert Manifest.decode(bytes.fromhex(GOLDEN)) == golden_manifest()


def test_the_content_id_is_the_hash_of_the_bytes_as_they_came() -> None:
    data = bytes.fromhex(GOLDEN)
    assert content_id(data) == hashlib.sha256(data).digest()
    # The same map, its count written in another width: the same package under another id.
    other = b"\xdf\0\0\0\x12" + data[3:]
    assert Manifest.decode(other) == Manifest.decode(data)
    assert content_id(other) != content_id(data)


def test_every_part_of_it_is_refused_alone() -> None:
    data = bytes.fromhex(GOLDEN)
    for length in range(len(data)):
        with pytest.raises(MalformedManifest):
            Manifest.decode(data[:length])
    with pytest.raises(MalformedManifest):
        Manifest.decode(data + b"\0")


def test_a_flipped_bit_makes_another_true_manifest_or_an_error_of_ours() -> None:
    data = bytes.fromhex(GOLDEN)
    refused = 0
    for position in range(len(data) * 8):
        flipped = bytearray(data)
        flipped[position // 8] ^= 1 << position % 8
        try:
            manifest = Manifest.decode(bytes(flipped))
        except McastdistError:
            refused += 1
        else:
            assert manifest.chunks.payload_bytes == manifest.payload_bytes
    assert refused > len(data) * 8 / 3


NAMES = st.text("aB9._+-", min_size=1, max_size=8).map(lambda text: "x" + text)
PARTS = st.text("abcü日 .", min_size=1, max_size=6).map(lambda text: f"p{text}e")


@given(
    name=NAMES,
    version=NAMES,
    sequence=st.integers(0, 2**53 - 1),
    expires=st.none() | st.integers(0, 2**53 - 1),
    contents=st.dictionaries(PARTS, st.binary(max_size=50), max_size=6),
    folders=st.lists(PARTS.map(lambda part: f"folder/{part}"), max_size=2, unique=True),
    install=st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0")), max_size=3),
)
def test_what_is_encoded_is_decoded(
    name: str,
    version: str,
    sequence: int,
    expires: int | None,
    contents: dict[str, bytes],
    folders: list[str],
    install: list[str],
) -> None:
    manifest = small_manifest(
        contents,
        name=name,
        version=version,
        sequence=sequence,
        expires=expires,
        folders=tuple(map(SafePath, folders)),
        install=tuple(install),
        sources=("https://host/x.payload", "x.payload"),
    )
    assert Manifest.decode(manifest.encode()) == manifest


def test_files_lie_one_after_another() -> None:
    manifest = small_manifest({"a": b"123", "b": b"", "c": b"4567"})
    assert [manifest.file_span(index) for index in range(3)] == [(0, 3), (3, 3), (3, 7)]
    assert manifest.payload_bytes == 7
    with pytest.raises(IndexError):
        manifest.file_span(3)


def test_ten_thousand_files_are_well_below_a_megabyte_and_a_half() -> None:
    rng = Random(5)
    contents = {
        f"usr/lib/python3/site-packages/package{number % 97}/module_{number}.py": rng.randbytes(
            rng.randrange(2_000)
        )
        for number in range(10_000)
    }
    manifest = small_manifest(contents)
    data = manifest.encode()
    assert len(data) < 1_200_000
    assert Manifest.decode(data) == manifest


@pytest.mark.parametrize("contents", [{}, {"empty": b""}, {"a": b"", "b": b""}])
def test_an_empty_payload_is_a_package_too(contents: dict[str, bytes]) -> None:
    manifest = small_manifest(contents, folders=(SafePath("d"),))
    assert manifest.payload_bytes == manifest.chunks.count == 0
    assert Manifest.decode(manifest.encode()) == manifest


def test_it_expires_at_the_second_it_says() -> None:
    assert not small_manifest().is_expired(1e12)
    manifest = small_manifest(expires=CREATED)
    assert not manifest.is_expired(CREATED - 0.1)
    assert manifest.is_expired(CREATED)
    assert small_manifest(expires=0).is_expired(CREATED)


ONE = Digest(hashlib.sha256(b"x").digest())
WRONG: list[dict[str, Any]] = [
    {"name": ""},
    {"name": "../x"},
    {"name": "-rf"},
    {"name": ".hidden"},
    {"name": "a/b"},
    {"name": "ü"},
    {"name": "a\n"},
    {"name": "x" * 101},
    {"version": ""},
    {"version": "1 0"},
    {"version": "x" * 65},
    {"sequence": -1},
    {"sequence": 1 << 53},
    {"created": -1},
    {"expires": -5},
    {"sources": ("ftp://host/x",)},
    {"sources": ("../x",)},
    {"sources": ("x",) * 65},
    {"install": ("a\0b",)},
    {"install": ("\udcff",)},
    {"install": ("x" * 4_097,)},
    {"install": ("x",) * 257},
    {"chunks": ChunkTable((), b"")},
    {"chunks": ChunkTable((9,), ONE)},
    {"kind": "file"},
]


@pytest.mark.parametrize("changes", WRONG, ids=lambda changes: repr(changes)[:40])
def test_a_manifest_that_is_not_true_cannot_be_built(changes: dict[str, Any]) -> None:
    with pytest.raises(MalformedManifest) as caught:
        small_manifest(**changes)
    assert len(str(caught.value)) < 400


def test_a_chunk_may_not_reach_from_inside_a_file_into_another() -> None:
    files = {"a": b"123", "b": b"4567"}
    for sizes in ((2, 5), (4, 3), (1, 3, 3), (3, 2, 2)):
        table = ChunkTable(sizes, bytes(32 * len(sizes)))
        if sizes == (3, 2, 2):
            assert small_manifest(files, chunks=table).chunks.count == 3
        else:
            with pytest.raises(MalformedManifest, match="ends inside a file"):
                small_manifest(files, chunks=table)


def test_entries_must_fit_together() -> None:
    with pytest.raises(UnsafePath):
        small_manifest({"A": b"1", "a": b"2"})
    with pytest.raises(UnsafePath):
        small_manifest({"a/b": b"1"}, links=(LinkEntry(SafePath("A"), "x"),))
    with pytest.raises(UnsafePath):
        small_manifest({"a": b"1"}, folders=(SafePath("a"),))


def test_sources_are_resolved_in_the_publishers_order() -> None:
    manifest = small_manifest(sources=("https://cdn.example/x", "tool-1.0.payload"))
    assert manifest.resolve_sources("http://origin/dir/tool-1.0.mcd?v=1") == [
        "https://cdn.example/x",
        "http://origin/dir/tool-1.0.payload",
    ]


def plain(name: str = "setup.exe", data: bytes = b"x" * 100_000, **changes: Any) -> Manifest:
    chunker = Chunker(1 << 16)
    chunker.begin_file(len(data))
    chunker.update(data)
    digest = chunker.end_file()
    return plain_manifest(SafePath(name), len(data), digest, chunker.finish(), **changes)


def test_a_plain_file_has_a_manifest_that_anybody_makes_alike() -> None:
    assert plain().encode() == plain().encode()
    manifest = Manifest.decode(plain().encode())
    assert manifest.kind == "file"
    assert manifest.files == plain().files
    assert not manifest.is_expired(1e12)


def test_a_plain_manifest_promises_its_file_and_nothing_else_does() -> None:
    digest = hashlib.sha256(b"x" * 100_000).digest()
    assert plain().promises_file(digest)
    assert not plain().promises_file(bytes(32))
    assert not small_manifest({"setup.exe": b"x" * 100_000}).promises_file(digest)
    assert not small_manifest({}).promises_file(digest)


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("Setup (x64).exe", "Setup-x64-.exe"),
        ("日本語", "file"),
        ("-x", "x"),
        ("a" * 200, "a" * 100),
    ],
)
def test_a_plain_file_may_have_any_safe_name(name: str, word: str) -> None:
    manifest = plain(name)
    assert manifest.files[0].path == name
    assert manifest.name == word


def test_a_plain_manifest_with_more_than_its_file_is_refused() -> None:
    entry = FileEntry(SafePath("x"), 0, 0o644, Digest(bytes(32)))
    other = FileEntry(SafePath("y"), 0, 0o644, Digest(bytes(32)))
    for extra in (
        {"folders": (SafePath("d"),)},
        {"links": (LinkEntry(SafePath("l"), "x"),)},
        {"install": ("x",)},
        {"files": (entry, other)},
        {"files": ()},
    ):
        with pytest.raises(MalformedManifest, match="plain file"):
            small_manifest({"x": b""}, kind="file", **extra)
