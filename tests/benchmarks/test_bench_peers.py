"""The drivers of other programs, as far as they can be tried without them."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from bench.content import Content
from bench.peers.aria2 import PIECE_BYTES, bencode, make_torrent
from bench.peers.delivery import not_installed, require_equal


def test_bencoding_is_that_of_the_specification() -> None:
    # BEP 3's own examples.
    assert bencode("spam") == b"4:spam"
    assert bencode(-3) == b"i-3e"
    assert bencode({"spam": b"eggs", "cow": "moo"}) == b"d3:cow3:moo4:spam4:eggse"
    with pytest.raises(TypeError):
        bencode(1.5)


def test_a_torrent_has_the_pieces_and_the_seed(tmp_path: Path) -> None:
    file = tmp_path / "content.bin"
    file.write_bytes(bytes(PIECE_BYTES) + b"rest")

    torrent = make_torrent(file, "http://origin/content.bin")

    pieces = hashlib.sha1(bytes(PIECE_BYTES)).digest() + hashlib.sha1(b"rest").digest()
    assert b"6:pieces40:" + pieces in torrent
    assert b"8:url-list25:http://origin/content.bin" in torrent
    assert b"announce" not in torrent


def test_what_is_not_here_is_named_with_its_package() -> None:
    assert not_installed("coreutils", "ls") is None
    reason = not_installed("some-package", "ls", "no-such-tool")
    assert reason == "no-such-tool not installed (Debian: some-package)"


def test_a_copy_must_be_equal(tmp_path: Path) -> None:
    content = Content(tmp_path, 3 << 20)
    sound, cut, other = (tmp_path / name for name in ("sound", "cut", "other"))
    data = content.file.read_bytes()
    sound.write_bytes(data)
    cut.write_bytes(data[:-1])
    other.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))

    require_equal(content, [sound])
    for wrong in (cut, other, tmp_path / "absent"):
        with pytest.raises(AssertionError, match="1 of 2 copies"):
            require_equal(content, [sound, wrong])


def test_content_is_the_same_each_time_and_can_be_many_files(tmp_path: Path) -> None:
    one, two = Content(tmp_path / "one", 100_000), Content(tmp_path / "two", 100_000)
    many = Content(tmp_path / "many", 100_000, file_bytes=7_000)

    assert one.sha256 == two.sha256
    sizes = [path.stat().st_size for path in many.files.rglob("*.bin")]
    assert (len(sizes), sum(sizes), max(sizes)) == (15, 100_000, 7_000)
