"""How a plain file becomes a package: whole, resumed, and right."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from agent_kit import NOW, noise, plain, sha256
from fetch_kit import Yard, open_yard

from mcastdist.agent import plain as plain_module
from mcastdist.agent.plain import PlainDownload, manifest_of
from mcastdist.agent.runs import Wanted
from mcastdist.errors import DigestMismatch, SourceError, StoreBusy
from mcastdist.ids import Locator

DATA = noise("plain", 3 << 20)
AT = Locator.of_file(sha256(DATA))


@pytest.fixture
async def yard(tmp_path: Path) -> AsyncIterator[Yard]:
    async with open_yard(tmp_path) as yard:
        (tmp_path / "origin" / "x.bin").write_bytes(DATA)
        yield yard


def make_download(yard: Yard) -> tuple[PlainDownload, str]:
    url = f"{yard.origin.url}x.bin"
    wanted = Wanted(AT, (url,), sha256(DATA), precached=False)
    came: list[int] = []
    download = PlainDownload(
        client=yard.means.client,
        library=yard.library,
        wanted=wanted,
        sha256=sha256(DATA),
        clock=lambda: NOW,
        on_bytes=came.append,
    )
    return download, url


def stage(yard: Yard, data: bytes) -> None:
    """What an interrupted download has left."""
    staged = yard.library.store.stage(AT, None)
    staged.write(0, data)
    staged.sync()
    staged.close()


async def test_a_file_that_is_right(yard: Yard) -> None:
    download, url = make_download(yard)
    package = await download.run(url)

    assert package.holding.complete
    assert package.holding.read(0, len(DATA)) == DATA
    assert download.brought_bytes == len(DATA)
    assert yard.library.store.lookup(AT) == package.content


async def test_an_interrupted_download_goes_on(yard: Yard) -> None:
    stage(yard, DATA[: 2 << 20])
    download, url = make_download(yard)
    package = await download.run(url)

    assert package.holding.complete
    assert download.brought_bytes == 1 << 20


async def test_what_was_resumed_and_is_wrong_is_had_again(yard: Yard) -> None:
    """The file may have changed between the two halves."""
    stage(yard, bytes(2 << 20))
    download, url = make_download(yard)

    assert (await download.run(url)).holding.complete
    assert download.brought_bytes == 4 << 20


async def test_a_file_that_is_wrong_is_thrown_away(yard: Yard) -> None:
    (yard.folder / "origin" / "x.bin").write_bytes(DATA[:-1] + b"\0")
    download, url = make_download(yard)
    with pytest.raises(DigestMismatch, match=r"x\.bin.*compare --sha256"):
        await download.run(url)

    assert yard.library.store.entries() == []
    staged = yard.library.store.stage(AT, None)
    assert staged.size == 0
    staged.close()


async def test_a_failed_download_lets_go_of_its_file(yard: Yard) -> None:
    download, _ = make_download(yard)
    for _ in range(2):  # the second would find the store busy if the first still had it
        with pytest.raises(SourceError):
            await download.run("http://127.0.0.1:9/x.bin")


async def test_a_file_that_somebody_still_has_is_waited_for(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plain_module, "STAGE_WAIT_S", 0.001)
    monkeypatch.setattr(plain_module, "STAGE_TRIES", 3)
    staged = yard.library.store.stage(AT, None)
    download, url = make_download(yard)
    with pytest.raises(StoreBusy):
        await download.run(url)
    staged.close()

    assert (await download.run(url)).holding.complete


async def test_the_manifest_is_the_one_that_everybody_makes(yard: Yard) -> None:
    data = noise("small", 70_000)
    staged = yard.library.store.stage(AT, None)
    staged.write(0, data)
    staged.sync()

    made = manifest_of(staged)
    assert made.files[0].path == "file"
    assert made.sources == ()
    assert made.promises_file(sha256(data))
    assert manifest_of(staged).encode() == made.encode()
    assert made.files == plain(data).manifest.files
    staged.close()


async def test_an_empty_file(yard: Yard) -> None:
    staged = yard.library.store.stage(AT, None)

    assert manifest_of(staged).promises_file(sha256(b""))
    staged.close()
