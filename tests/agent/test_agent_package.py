"""Blocks over the store's chunks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from agent_kit import BLOCK, CHUNK, URL, Published, admit, fill, make_library, noise, plain, publish

from mcastdist.agent.library import Library
from mcastdist.agent.package import SEVERAL, payload_urls, shown_name
from mcastdist.errors import UnavailableError
from mcastdist.ranges import RangeSet

# 0.1 MiB, then 2.3 MiB: no chunk but the first begins where a block does.
FILES = {"a": noise("a", BLOCK // 10), "b": noise("b", 2 * BLOCK + BLOCK // 3)}


@pytest.fixture
def published() -> Published:
    return publish(FILES)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    library = make_library(tmp_path / "store")
    yield library
    library.close_all()


def test_nothing_is_sound_at_first_and_all_in_the_end(
    library: Library, published: Published
) -> None:
    package = admit(library, published)
    assert package.for_node(["http://o/x.mcd"]).held == RangeSet()

    fill(package, published.payload)
    known = package.for_node(["http://o/x.mcd"])
    assert known.held == known.sound == RangeSet([(0, known.block_count)])
    assert known.held is not known.sound
    assert package.read_block(1) == published.payload[BLOCK : 2 * BLOCK]


def test_a_block_is_gone_when_a_byte_of_it_is_not_here(
    library: Library, published: Published
) -> None:
    package = admit(library, published)
    package.write(0, published.payload[: 2 * BLOCK], "test")  # not all of it is proven
    package.write(2 * BLOCK, published.payload[2 * BLOCK : -1], "test")
    last = package.geometry.block_count - 1

    assert package.blocks_gone(RangeSet([(0, last + 1)])) == RangeSet([(last, last + 1)])
    assert package.blocks_gone(RangeSet([(0, last)])) == RangeSet()


def test_a_block_is_sound_when_every_chunk_that_touches_it_is(
    library: Library, published: Published
) -> None:
    package = admit(library, published)

    landed = package.write(0, published.payload[:BLOCK], "test")
    assert not landed.sound
    assert not package.has_block(0)
    assert package.partial_blocks() == [0]

    landed = package.write(BLOCK, published.payload[BLOCK : 2 * BLOCK], "test")
    assert landed.sound == RangeSet([(0, 1)])
    assert package.sound_blocks() == RangeSet([(0, 1)])
    assert package.partial_blocks() == [1]


def test_the_bytes_of_all_writes_add_up_to_the_payload(
    library: Library, published: Published
) -> None:
    package = admit(library, published)
    pieces = range(0, len(published.payload), 100_003)
    landed = [
        package.write(at, published.payload[at : at + 100_003], "test") for at in reversed(pieces)
    ]

    assert sum(one.new_bytes for one in landed) == len(published.payload)
    assert package.sound_blocks().count == 3


def test_bytes_that_are_here_already_are_sound_too(library: Library, published: Published) -> None:
    """Two tasks may bring the same content: the second must hear that it is whole."""
    package = admit(library, published)
    fill(package, published.payload)

    landed = package.write(BLOCK, published.payload[BLOCK : 2 * BLOCK], "test")
    assert landed.sound == RangeSet([(1, 2)])
    assert landed.new_bytes == 0


def test_a_bad_chunk_takes_back_its_blocks_and_names_who_gave_them(
    library: Library, published: Published
) -> None:
    package = admit(library, published)
    wrong = bytes(len(published.payload))

    landed = package.write(0, wrong[: 2 * BLOCK], "node 0000002a")
    assert landed.lost == RangeSet([(0, 2)])
    assert not landed.sound
    assert landed.culprit == "node 0000002a"
    assert package.partial_blocks() == []


def test_nobody_is_blamed_for_a_chunk_that_two_gave(library: Library, published: Published) -> None:
    package = admit(library, published)
    payload = published.payload
    package.write(0, payload[: BLOCK - 1] + b"\xff", "peer a:1")

    landed = package.write(BLOCK, payload[BLOCK : 2 * BLOCK], "origin http://o/p")
    assert landed.lost == RangeSet([(0, 2)])
    assert landed.culprit == SEVERAL

    # Both give all of it once more, each alone: now it is clear.
    landed = package.write(0, payload[: BLOCK - 1] + b"\xff", "peer a:1")
    landed = package.write(BLOCK, payload[BLOCK : BLOCK + CHUNK], "peer a:1")
    assert landed.culprit == "peer a:1"


def test_what_is_not_here_cannot_be_read(library: Library, published: Published) -> None:
    package = admit(library, published)

    with pytest.raises(UnavailableError):
        package.sealed_block(0, package.seal)
    assert not package.has_block(-1)
    assert not package.has_block(3)


def test_an_empty_payload_has_no_blocks_and_is_whole(library: Library) -> None:
    package = admit(library, publish({"empty": b""}))

    assert package.for_node(["http://o/x.mcd"]).block_count == 0
    assert package.holding.complete
    assert package.partial_blocks() == []


def test_the_blocks_of_chunks(library: Library, published: Published) -> None:
    package = admit(library, published)

    last = published.manifest.chunks.count - 1
    assert package.blocks_over_chunks([0, last]) == RangeSet([(0, 1), (2, 3)])


def test_sources_are_resolved_against_each_url_in_order() -> None:
    urls = ["http://near/p/app-1.mcd", "http://far/app-1.mcd"]

    found = payload_urls(publish({"a": b"1"}).manifest, urls)
    assert found == ("http://near/p/app-1.payload", "http://far/app-1.payload")
    assert payload_urls(plain(b"1").manifest, ["http://o/setup.exe"]) == ("http://o/setup.exe",)


def test_a_file_is_shown_by_its_url_and_a_package_by_its_name() -> None:
    assert shown_name(plain(b"1").manifest, ["http://near/x", "http://o/set%20up.exe?a=b"]) == (
        "set up.exe"
    )
    assert shown_name(publish({"a": b"1"}).manifest, [URL]) == "app"
