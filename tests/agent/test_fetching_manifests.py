"""How a manifest gets here."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from agent_kit import OTHER_KEY, STRANGER, noise, plain, publish, sha256
from fetch_kit import Yard, open_yard

from mcastdist.http_fetch import Source
from mcastdist.manifest import SafePath
from mcastdist.wire import BlockSeal

PUBLISHED = publish({"a": noise("a", 1000)})


@pytest.fixture
async def yard(tmp_path: Path) -> AsyncIterator[Yard]:
    async with open_yard(tmp_path) as yard:
        yield yard


def at(url: str) -> Source:
    return Source("origin", url, 10)


async def test_from_an_origin_with_its_signature(yard: Yard) -> None:
    url = yard.put(PUBLISHED)
    assert await yard.manifest(at(url)) == "finished"

    ((package, brought),) = yard.reported.known
    assert (package.content, brought) == (PUBLISHED.content, 0)
    assert yard.reported.wan == len(PUBLISHED.data) + len(PUBLISHED.signature)
    assert package.for_node([url]).origins == (f"{yard.origin.url}app-1.payload",)


async def test_from_a_peer_by_its_content_id(yard: Yard) -> None:
    source, _, _ = await yard.peer(PUBLISHED)
    assert await yard.manifest(source, content=PUBLISHED.content) == "finished"

    assert yard.reported.known[0][0].signature == PUBLISHED.signature
    assert yard.reported.wan == 0


async def test_what_a_stranger_signed_is_refused_whoever_gives_it(yard: Yard) -> None:
    foreign = publish({"a": b"1"}, signer=STRANGER)
    assert await yard.manifest(at(yard.put(foreign))) == "bad_signature"
    assert yard.reported.failures[0]["permanent"]
    assert yard.library.store.entries() == []


async def test_what_has_expired_says_so(yard: Yard) -> None:
    old = publish({"a": b"1"}, expires=1)

    assert await yard.manifest(at(yard.put(old))) == "expired"
    assert yard.reported.failures[0]["permanent"]


async def test_a_package_without_a_signature(yard: Yard) -> None:
    url = yard.put(PUBLISHED)
    (yard.folder / "origin" / "app-1.mcd.minisig").unlink()

    assert await yard.manifest(at(url)) == "status_404"
    assert "is no package, since no signature" in yard.reported.failures[0]["sentence"]
    assert "--sha256" in yard.reported.failures[0]["sentence"]


async def test_of_a_package_that_is_not_there_its_own_url_is_named(yard: Yard) -> None:
    url = yard.put(PUBLISHED).replace("app-1", "app-2")

    assert await yard.manifest(at(url)) == "status_404"
    assert "minisig" not in yard.reported.failures[0]["sentence"]


async def test_a_peer_that_gives_another_manifest_than_asked(yard: Yard) -> None:
    source, library, _ = await yard.peer(PUBLISHED)
    theirs = library.opened(PUBLISHED.content)
    assert theirs is not None
    theirs.manifest_bytes = publish({"b": b"2"}).data

    assert await yard.manifest(source, content=PUBLISHED.content) == "digest_mismatch"
    assert yard.reported.failures[0]["permanent"]


async def test_a_peer_that_answers_under_another_key_is_not_understood(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, _, _ = await yard.peer(PUBLISHED)
    other = BlockSeal(OTHER_KEY, PUBLISHED.content)
    monkeypatch.setattr("mcastdist.agent.peers.BlockSeal", lambda key, content: other)

    assert await yard.manifest(source, content=PUBLISHED.content) == "bad_seal"
    assert not yard.reported.failures[0]["permanent"]


async def test_a_plain_file_is_downloaded_whole(yard: Yard) -> None:
    data = noise("plain", 300_000)
    (yard.folder / "origin" / "setup.exe").write_bytes(data)
    url = f"{yard.origin.url}setup.exe"
    assert await yard.manifest(at(url), sha256=sha256(data)) == "finished"

    ((package, brought),) = yard.reported.known
    assert package.holding.complete
    assert brought == yard.reported.wan == len(data)


async def test_every_node_makes_the_same_content_of_a_plain_file(yard: Yard) -> None:
    data = noise("plain", 300_000)
    for name in ("setup.exe", "other.bin"):
        (yard.folder / "origin" / name).write_bytes(data)
    urls = [f"{yard.origin.url}{name}" for name in ("setup.exe", "other.bin")]
    await yard.manifest(at(urls[0]), sha256=sha256(data))
    first = yard.reported.known[0][0]
    yard.library.discard(first.content)
    await yard.manifest(at(urls[1]), sha256=sha256(data))

    assert yard.reported.known[1][0].content == first.content


async def test_a_plain_file_from_a_peer_is_what_the_task_asked_for(yard: Yard) -> None:
    good, evil = plain(b"good"), plain(b"evil", name=SafePath("good.exe"))
    source, _, _ = await yard.peer(good, evil)
    urls = ["http://origin/good.exe"]

    ended = await yard.manifest(source, content=evil.content, sha256=sha256(b"good"), urls=urls)
    assert ended == "digest_mismatch"
    ended = await yard.manifest(source, content=good.content, sha256=sha256(b"good"), urls=urls)
    assert ended == "finished"


async def test_a_package_in_place_of_a_plain_file(yard: Yard) -> None:
    source, _, _ = await yard.peer(publish({}))

    ended = await yard.manifest(
        source, content=publish({}).content, sha256=sha256(b"x"), urls=["http://o/x"]
    )
    assert ended == "content_error"
    assert yard.reported.failures[0]["permanent"]
