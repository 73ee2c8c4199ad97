"""The digests of a package outlive the process that knew its manifest."""

from __future__ import annotations

from store_kit import Sample, noise

from mcastdist.store import Deliverable
from mcastdist.store.table import decode_places, encode_places

TABLE = Sample("a", {"x": noise("x", 150), "y": noise("y", 70)}).table
DATA = encode_places(TABLE)


def test_places_are_found_again() -> None:
    places = list(decode_places(DATA))
    assert [(place.start, place.stop) for place in places] == TABLE.spans
    assert [place.digest for place in places] == TABLE.digests
    assert [place.index for place in places] == [0, 1, 2, 3, 4]


def test_no_chunks_are_no_places() -> None:
    assert list(decode_places(encode_places(Sample("none", {}).table))) == []


def test_a_folder_is_neither_file_nor_link_and_has_no_bytes() -> None:
    folder = Deliverable.folder_at("a/b")
    assert (folder.path, folder.folder, folder.link) == ("a/b", True, None)
    assert folder.start == folder.stop
    assert not Deliverable("a", 0o644, 0, 0, b"").folder


def test_damage_gives_no_places_at_all() -> None:
    for at in range(len(DATA)):
        assert list(decode_places(DATA[:at])) == []
        flipped = DATA[:at] + bytes([DATA[at] ^ 4]) + DATA[at + 1 :]
        assert list(decode_places(flipped)) == []
