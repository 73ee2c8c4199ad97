from __future__ import annotations

import tracemalloc

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st
from manifest_packages import rewritten, small_manifest

from mcastdist.errors import MalformedManifest, UnsafePath
from mcastdist.manifest import Manifest
from mcastdist.manifest.form import read_form, write_form
from mcastdist.manifest.limits import MANIFEST_BYTES_MAX

TRUE = small_manifest().encode()


@given(st.binary(max_size=200))
def test_other_bytes_are_no_manifest(data: bytes) -> None:
    with pytest.raises(MalformedManifest):
        read_form(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html><body>404 Not Found</body></html>",
        msgpack.packb([1, 2, 3]),
        msgpack.packb({}),
        msgpack.packb({"name": "x"}),
        msgpack.packb({b"mcastdist": 1}),
        msgpack.packb({1: 2}),
        b"\x81\xc0\xc0",  # a nil as key
        b"\x81\x90\xc0",  # a list as key
        b"\x81\xa9mcastdist\xc7\x00\x05",  # an extension
        b"\x81\xa1\xff\x01",  # a key that is no UTF-8
    ],
)
def test_what_a_wrong_url_brings_is_no_manifest(data: bytes) -> None:
    with pytest.raises(MalformedManifest, match="manifest"):
        Manifest.decode(data)


@pytest.mark.parametrize(
    "bomb",
    [
        b"\x91" * 100_000,  # nesting
        b"\x81\xa1a" * 100_000,
        b"\xdd\xff\xff\xff\xff",  # a list of four thousand million
        b"\xdf\xff\xff\xff\xff",
        b"\xdb\xff\xff\xff\xff",
        b"\xc6\xff\xff\xff\xff",
        b"\xc9\xff\xff\xff\xff\x00",
        b"\xdd\x00\x00\x01\x00" * 5_000,  # lists of 256 in one another
        b"\xde\x00\x40" + b"\xa1a" * 200,
    ],
)
def test_a_length_field_cannot_ask_for_memory(bomb: bytes) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(MalformedManifest):
            read_form(bomb)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 20_000_000


def test_a_manifest_has_a_largest_size() -> None:
    with pytest.raises(MalformedManifest, match="too many"):
        read_form(bytes(MANIFEST_BYTES_MAX + 1))


def test_fields_of_tomorrow_are_ignored() -> None:
    assert Manifest.decode(rewritten(TRUE, icon=b"PNG", tags=["a"], nested={"a": [1]})) == (
        small_manifest()
    )


@pytest.mark.parametrize("number", [2, 1_000])
def test_a_format_of_tomorrow_is_refused_with_advice(number: int) -> None:
    with pytest.raises(MalformedManifest, match=f"format {number} .* update"):
        Manifest.decode(rewritten(TRUE, mcastdist=number, files="in another way"))


@pytest.mark.parametrize("number", [0, -1, 1.0, True, "1", None, [1], "x" * 10_000])
def test_a_format_is_a_number(number: object) -> None:
    with pytest.raises(MalformedManifest, match="format") as caught:
        Manifest.decode(rewritten(TRUE, mcastdist=number))
    assert len(str(caught.value)) < 200


FIELDS = list(msgpack.unpackb(TRUE))


@pytest.mark.parametrize("field", FIELDS[1:])
def test_no_field_may_be_missing_or_of_another_type(field: str) -> None:
    with pytest.raises(MalformedManifest):
        Manifest.decode(rewritten(TRUE, **{field: ...}))
    for value in (1.5, [{}], {"a": 1}, True):
        with pytest.raises(MalformedManifest):
            Manifest.decode(rewritten(TRUE, **{field: value}))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", "folder"),
        ("sequence", -1),
        ("sequence", 1 << 63),
        ("sequence", float("nan")),
        ("created", 1 << 53),
        ("expires", "never"),
        ("file_paths", "a"),
        ("file_paths", "a\0b\0"),
        ("file_sizes", bytes(23)),
        ("file_sizes", b"\xff" * 24),
        ("file_modes", b"\xff" * 6),
        ("file_modes", b""),
        ("file_digests", bytes(95)),
        ("link_paths", "a"),
        ("link_targets", "a"),
        ("chunk_sizes", b""),
        ("chunk_sizes", bytes(4)),
        ("chunk_sizes", b"\xff\xff\xff\xff"),
        ("chunk_digests", bytes(64)),
        ("sources", ["x"] * 65),
        ("install", ["x"] * 257),
        ("install", [b"x"]),
    ],
)
def test_a_field_that_breaks_a_promise_is_refused(field: str, value: object) -> None:
    with pytest.raises((MalformedManifest, UnsafePath)):
        Manifest.decode(rewritten(TRUE, **{field: value}))


@pytest.mark.parametrize("path", ["/etc/passwd", "../x", "a/../b", "c:x", "nul", "a.", "\\x"])
def test_no_unsafe_path_gets_through(path: str) -> None:
    with pytest.raises(UnsafePath) as caught:
        Manifest.decode(rewritten(TRUE, file_paths=f"ok\0{path}\0ok2"))
    assert caught.value.path == path
    with pytest.raises(UnsafePath):
        Manifest.decode(rewritten(TRUE, folders=path))
    with pytest.raises(UnsafePath):
        Manifest.decode(rewritten(TRUE, link_paths=path, link_targets="x"))


def test_of_two_fields_of_one_name_all_readers_take_the_last() -> None:
    doubled = b"\xde\x00\x13" + TRUE[3:] + msgpack.packb("name") + msgpack.packb("other")
    assert Manifest.decode(doubled).name == "other"


def test_equal_forms_give_equal_bytes() -> None:
    assert write_form(read_form(TRUE)) == TRUE
