"""How blocks get here by HTTP: only what is missing, each byte verified."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from agent_kit import BLOCK, PATIENCE_S, Published, admit, fill, held, noise, publish, until
from fetch_kit import Yard, open_yard

from mcastdist.agent import fetching_blocks
from mcastdist.agent.fetching_blocks import HOLE_BYTES_MIN, Stretch, missing_stretches
from mcastdist.agent.package import Landed, OpenPackage
from mcastdist.http_fetch import Source
from mcastdist.node import GetBlocks

PUBLISHED = publish({"a": noise("a", BLOCK // 10), "b": noise("b", 4 * BLOCK)})  # five blocks
FILES = {f"f{n}": noise(f"f{n}", 7 * BLOCK // 10) for n in range(10)}
OLD = publish(FILES)
NEW = publish(FILES | {"f4": noise("changed", 7 * BLOCK // 10)}, version="2", sequence=2)


@pytest.fixture
async def yard(tmp_path: Path) -> AsyncIterator[Yard]:
    async with open_yard(tmp_path) as yard:
        yield yard


async def test_several_blocks_in_one_request(yard: Yard) -> None:
    package = yard.package(PUBLISHED)
    assert await yard.blocks(yard.payload_source(PUBLISHED), package, 1, 4) == "finished"

    assert yard.reported.blocks == [1, 2, 3, 4]
    assert yard.reported.wan == len(PUBLISHED.payload) - BLOCK
    stats = yard.origin.stats()["paths"]
    assert [one["requests"] for path, one in stats.items() if path.endswith("payload")] == [1]
    assert yard.reported.kinds == {"origin"}


async def test_every_byte_is_accounted_once(yard: Yard) -> None:
    package = yard.package(PUBLISHED)
    source = yard.payload_source(PUBLISHED)
    await yard.blocks(source, package, 2, 2)
    await yard.blocks(source, package, 0, 2)
    await yard.blocks(source, package, 4, 1)

    assert yard.reported.landed_bytes == len(PUBLISHED.payload)
    assert package.holding.complete


async def test_an_update_costs_what_has_changed(yard: Yard) -> None:
    held(yard.library, OLD)
    package = admit(yard.library, NEW, url="http://origin/app-2.mcd")
    count = package.geometry.block_count
    assert await yard.blocks(yard.payload_source(NEW), package, 0, count) == "finished"

    assert yard.reported.blocks == list(range(count))
    assert package.holding.complete
    assert yard.reported.wan < 8 * BLOCK // 10


async def test_what_is_here_already_is_reported_and_not_asked_for(yard: Yard) -> None:
    package = held(yard.library, PUBLISHED)
    assert await yard.blocks(yard.payload_source(PUBLISHED), package, 0, 5) == "finished"

    assert yard.reported.blocks == [0, 1, 2, 3, 4]
    assert yard.reported.wan == 0


async def test_wrong_bytes_are_named_and_nothing_of_them_is_kept(yard: Yard) -> None:
    package = yard.package(PUBLISHED)
    source = yard.payload_source(PUBLISHED)
    (yard.folder / "origin" / "app-1.payload").write_bytes(bytes(len(PUBLISHED.payload)))
    assert await yard.blocks(source, package, 0, 5) == "wrong_bytes"

    (failure,) = yard.reported.failures
    assert failure["permanent"]
    assert "not the file that was published" in failure["sentence"]
    assert 0 in yard.reported.lost
    assert package.holding.held_bytes == 0


async def test_a_file_of_another_length_is_refused_at_once(yard: Yard) -> None:
    package = yard.package(PUBLISHED)
    source = yard.payload_source(PUBLISHED)
    (yard.folder / "origin" / "app-1.payload").write_bytes(b"short")

    assert await yard.blocks(source, package, 0, 5) == "wrong_length"
    assert yard.reported.blocks == []


async def test_what_is_being_written_while_its_request_is_cancelled_is_still_reported(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stream brought the block too, found it claimed, and so it is held: but is it sound?"""
    package = yard.package(PUBLISHED)
    begun, may_go_on = threading.Event(), threading.Event()
    write = OpenPackage.write

    def slowly(*arguments: Any, **named: Any) -> Landed:
        begun.set()
        assert may_go_on.wait(PATIENCE_S)
        return write(*arguments, **named)

    monkeypatch.setattr(OpenPackage, "write", slowly)
    yard.fetcher.get_blocks(GetBlocks("t", 1, yard.payload_source(PUBLISHED), 1, 1), package)
    await until(begun.is_set)
    yard.fetcher.cancel(1)
    may_go_on.set()
    await until(lambda: yard.reported.blocks)
    assert yard.reported.blocks == [1]
    assert yard.reported.landed_bytes > 0
    assert yard.reported.ends == []


async def test_a_file_that_changes_between_two_requests(
    yard: Yard, caplog: pytest.LogCaptureFixture
) -> None:
    package = yard.package(PUBLISHED)
    source = yard.payload_source(PUBLISHED)
    assert await yard.blocks(source, package, 0, 2) == "finished"
    (yard.folder / "origin" / "app-1.payload").write_bytes(bytes(len(PUBLISHED.payload)))

    assert await yard.blocks(source, package, 2, 2) == "changed"
    assert package.holding.held_bytes > 0
    assert await yard.blocks(source, package, 2, 2) == "wrong_bytes"
    assert caplog.text == ""  # our origin bears with a client that leaves at once


async def test_of_many_files_it_is_not_remembered_for_ever_what_they_were_known_by(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching_blocks, "VALIDATORS_MAX", 1)
    package, source = yard.package(PUBLISHED), yard.payload_source(PUBLISHED)
    origin = yard.folder / "origin"
    (origin / "copy.payload").write_bytes(PUBLISHED.payload)
    copy = Source("origin", f"{yard.origin.url}copy.payload", 10)
    for one, block in ((source, 0), (copy, 1)):
        assert await yard.blocks(one, package, block, 1) == "finished"
    for name in ("app-1.payload", "copy.payload"):
        (origin / name).write_bytes(bytes(len(PUBLISHED.payload)))

    assert await yard.blocks(copy, package, 3, 1) == "changed"
    assert await yard.blocks(source, package, 3, 1) == "wrong_bytes"  # its hashes say so anyway


async def test_an_origin_that_is_not_there(yard: Yard) -> None:
    package = yard.package(PUBLISHED)
    nobody = Source("origin", "http://127.0.0.1:9/app-1.payload", 10)

    assert await yard.blocks(nobody, package, 0, 1) == "refused"
    assert not yard.reported.failures[0]["permanent"]


async def test_a_peer_gives_blocks_sealed(yard: Yard) -> None:
    package = yard.package(PUBLISHED)
    source, _, _ = await yard.peer(PUBLISHED)
    assert await yard.blocks(source, package, 3, 2) == "finished"

    assert yard.reported.blocks == [3, 4]
    assert yard.reported.wan == 0
    assert yard.reported.kinds == {"peer"}


async def test_a_peer_that_has_it_not(yard: Yard) -> None:
    package = yard.package(PUBLISHED)
    source, _, _ = await yard.peer()

    assert await yard.blocks(source, package, 0, 1) == "status_404"


async def test_a_busy_peer_names_others(yard: Yard) -> None:
    package = yard.package(PUBLISHED)
    source, _, server = await yard.peer(PUBLISHED)
    server.uploads_max = 0
    server.others = lambda content: ["10.0.0.2:7447", "10.0.0.3:80"]
    await yard.blocks(source, package, 0, 1)

    (failure,) = yard.reported.failures
    named = [one.address for one in failure["ask_instead"]]
    assert (failure["code"], named) == ("status_503", ["10.0.0.2:7447", "10.0.0.3:80"])
    assert failure["retry_after_s"] == 1.0


async def test_a_peer_that_lies_is_refused_for_good(yard: Yard) -> None:
    package = yard.package(PUBLISHED)
    source, library, _ = await yard.peer(PUBLISHED)
    theirs = library.opened(PUBLISHED.content)
    assert theirs is not None
    object.__setattr__(theirs.holding, "read", lambda start, stop: bytes(stop - start))

    assert await yard.blocks(source, package, 1, 1) == "wrong_bytes"
    assert yard.reported.failures[0]["permanent"]


async def test_a_peer_is_not_blamed_for_what_the_stream_brought(yard: Yard) -> None:
    package = yard.package(PUBLISHED)
    package.write(0, PUBLISHED.payload[: BLOCK - 1] + b"\xff", "node 00000001")
    source, _, _ = await yard.peer(PUBLISHED)

    assert await yard.blocks(source, package, 1, 1) == "finished"
    assert yard.reported.lost == [0, 1]


async def test_a_block_of_another_length(yard: Yard) -> None:
    package = yard.package(PUBLISHED)
    source, library, _ = await yard.peer(PUBLISHED)
    theirs = library.opened(PUBLISHED.content)
    assert theirs is not None
    object.__setattr__(theirs.holding, "read", lambda start, stop: b"x")

    assert await yard.blocks(source, package, 1, 1) == "wrong_length"


def test_small_holes_are_not_worth_a_request(tmp_path: Path) -> None:
    from agent_kit import make_library

    def stretches(published: Published, *spans: tuple[int, int]) -> list[Stretch]:
        library = make_library(tmp_path / str(len(list(tmp_path.iterdir()))))
        package = admit(library, published)
        if spans:
            fill(package, published.payload, spans)
        found = missing_stretches(package, 0, package.geometry.block_count)
        library.close_all()
        return found

    fine = publish({"a": noise("fine", 2 * BLOCK)}, chunk_bytes=HOLE_BYTES_MIN // 2)
    small, large = HOLE_BYTES_MIN // 2, HOLE_BYTES_MIN
    assert stretches(fine) == [Stretch(0, 2 * BLOCK)]
    assert stretches(fine, (small, 2 * small)) == [Stretch(0, 2 * BLOCK)]
    assert stretches(fine, (large, 2 * large)) == [Stretch(0, large), Stretch(2 * large, 2 * BLOCK)]
    assert stretches(fine, (0, large)) == [Stretch(large, 2 * BLOCK)]
    assert stretches(fine, (0, 2 * BLOCK)) == []
