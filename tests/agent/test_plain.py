"""How a plain file becomes a package: whole, resumed, and right."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path

import pytest
from agent_kit import NO_LIMITS, NOW, noise, plain, sha256
from fetch_kit import Yard, open_yard

from mcastdist.agent import plain as plain_module
from mcastdist.agent.plain import PlainDownload, manifest_of
from mcastdist.agent.runs import Wanted
from mcastdist.errors import DigestMismatch, SourceError, StoreBusy
from mcastdist.ids import Locator
from mcastdist.store import Store

DATA = noise("plain", 3 << 20)
AT = Locator.of_file(sha256(DATA))


@pytest.fixture
async def yard(tmp_path: Path) -> AsyncIterator[Yard]:
    async with open_yard(tmp_path) as yard:
        (tmp_path / "origin" / "x.bin").write_bytes(DATA)
        yield yard


def make_download(
    yard: Yard,
    *,
    clock: Callable[[], float] = lambda: NOW,
    on_bytes: Callable[[int], None] = lambda count: None,
) -> tuple[PlainDownload, str]:
    url = f"{yard.origin.url}x.bin"
    wanted = Wanted(AT, (url,), sha256(DATA), precached=False)
    download = PlainDownload(
        client=yard.means.client,
        library=yard.library,
        wanted=wanted,
        sha256=sha256(DATA),
        clock=clock,
        on_bytes=on_bytes,
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


@pytest.mark.parametrize("by", ["bytes", "seconds"])
async def test_a_download_that_is_killed_goes_on_from_what_it_had(
    yard: Yard, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    clock = itertools.count(NOW, plain_module.SYNC_S if by == "seconds" else 0.0)
    if by == "bytes":
        monkeypatch.setattr(plain_module, "SYNC_BYTES", 1 << 20)
    left_bytes: list[int] = []

    def kill(_count: int) -> None:
        """What lies on the disk at this moment, and what another agent makes of it."""
        left = yard.folder / f"left-{len(left_bytes)}"
        shutil.copytree(yard.library.store.directory, left)
        with closing(Store(left, NO_LIMITS)) as store:
            staged = store.stage(AT, None)
            left_bytes.append(staged.size)
            assert DATA.startswith(staged.read(0, staged.size))
            staged.close()

    download, url = make_download(yard, clock=lambda: next(clock), on_bytes=kill)
    assert (await download.run(url)).holding.complete

    assert left_bytes[0] == 0
    assert left_bytes[-1] >= 1 << 20


async def test_a_clock_that_was_set_back_keeps_nobody_from_being_safe(yard: Yard) -> None:
    staged = yard.library.store.stage(AT, None)
    clock = iter([NOW, NOW - 3_600])
    plain_module._Arrival(staged, lambda: next(clock)).write(0, DATA)

    assert staged.size == len(DATA)
    staged.close()


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
