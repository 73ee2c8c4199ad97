"""What is in the cache, and what may be done to it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import Mock, call

import pytest
from agent_kit import (
    NOW,
    PATIENCE_S,
    STRANGER,
    Published,
    admit,
    fill,
    held,
    make_library,
    noise,
    publish,
    until,
)

from mcastdist.agent import cache as module
from mcastdist.agent.cache import DAMAGED_MANIFEST, Cache
from mcastdist.agent.library import Library
from mcastdist.agent.package import OpenPackage
from mcastdist.errors import UsageError
from mcastdist.ids import ContentId
from mcastdist.store import reuse
from mcastdist.store.proof import Proof

APP = publish({"a": noise("a", 1 << 20)})
TOOL = publish({"b": noise("b", 1000)}, name="tool", version="2")


class Watched(Cache):
    """As a running agent's: it knows what is in use, and notes what it is told."""

    def __init__(self, library: Library) -> None:
        super().__init__(library)
        self.used: set[ContentId] = set()
        self.gone: list[ContentId] = []
        self.damaged: list[tuple[ContentId, list[int]]] = []

    def _is_in_use(self, content: ContentId) -> bool:
        return content in self.used

    def _gone(self, content: ContentId) -> None:
        self.gone.append(content)

    def _damaged(self, package: OpenPackage, chunks: list[int]) -> None:
        self.damaged.append((package.content, chunks))


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    library = make_library(tmp_path)
    held(library, APP)
    held(library, TOOL)
    yield library
    library.close_all()


@pytest.fixture
def cache(library: Library) -> Watched:
    return Watched(library)


def flip(library: Library, content: ContentId, name: str = "payload") -> None:
    path = library.store.directory / "packages" / content.hex() / name
    with path.open("r+b") as file:
        file.write(b"flipped")


async def test_packages_are_listed_and_found_in_three_ways(cache: Watched) -> None:
    listed = await cache.cache_list()
    assert {(entry.name, entry.complete) for entry in listed} == {("app", True), ("tool", True)}

    name = APP.content.hex()
    for given in (name, name[:8], "app-1"):
        assert (await cache.cache_pin(given, True)).pinned
    assert not (await cache.cache_pin("app-1", False)).pinned


@pytest.mark.parametrize("given", ["", "nothing", "app", "zz"])
async def test_what_is_not_named_clearly_is_not_found(cache: Watched, given: str) -> None:
    with pytest.raises(UsageError, match="no package"):
        await cache.cache_remove(given)


async def test_an_ambiguous_name(cache: Watched, library: Library) -> None:
    held(library, publish({"c": b"3"}, name="tool", version="2", sequence=2))

    with pytest.raises(UsageError, match="more than one package"):
        await cache.cache_pin("tool-2", True)


async def test_removing(cache: Watched, library: Library) -> None:
    cache.used.add(APP.content)
    with pytest.raises(UsageError, match="in use by a task"):
        await cache.cache_remove("app-1")

    cache.used.clear()
    report = await cache.cache_remove("app-1")
    assert report.removed == [APP.content.hex()]
    assert report.freed_bytes == len(APP.payload)
    assert cache.gone == [APP.content]
    assert [entry.name for entry in await cache.cache_list()] == ["tool"]


async def test_verifying_finds_a_flipped_bit_and_the_next_write_repairs_it(
    cache: Watched, library: Library
) -> None:
    assert (await cache.cache_verify(None)).damaged == {}
    flip(library, APP.content)

    report = await cache.cache_verify("app-1")
    assert report.damaged == {APP.content.hex(): 1}
    assert report.checked == [APP.content.hex()]
    assert cache.damaged == [(APP.content, [0])]

    package = library.opened(APP.content)
    assert package is not None
    fill(package, APP.payload)
    assert (await cache.cache_verify(None)).damaged == {}


async def test_what_is_closed_while_it_is_verified_is_verified_all_the_same(
    cache: Watched, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Verifying takes longer than a package stays open that nobody uses."""
    flip(library, APP.content)
    hashed, holds = [], Proof.holds

    def holds_and_closes(proof: Proof, chunk: int) -> bool:
        if not hashed:
            library.close(APP.content)
        hashed.append(chunk)
        return holds(proof, chunk)

    monkeypatch.setattr(Proof, "holds", holds_and_closes)
    report = await cache.cache_verify("app-1")

    assert hashed == [0, 1, 2, 3]
    assert report.damaged == {APP.content.hex(): 1}
    assert cache.damaged == [(APP.content, [0])]
    library.store.remove(APP.content)  # nobody has it any more


async def test_who_verifies_keeps_nothing_from_ageing(cache: Watched, library: Library) -> None:
    before = library.store.entries()
    await cache.cache_verify(None)

    assert [one.used for one in library.store.entries()] == [one.used for one in before]


async def test_what_is_verified_is_not_removed(cache: Watched, library: Library) -> None:
    with library.lent(APP.content, now=NOW) as package:
        with pytest.raises(UsageError, match="in use"):
            await cache.cache_remove("app-1")
        assert package is not None
        assert package.holding.verify_all() == []
    assert (await cache.cache_remove("app-1")).removed == [APP.content.hex()]


async def test_a_damaged_manifest_is_damage_too(cache: Watched, library: Library) -> None:
    library.close(APP.content)
    flip(library, APP.content, "manifest")

    report = await cache.cache_verify(None)
    assert report.damaged == {APP.content.hex(): DAMAGED_MANIFEST}
    assert len(report.checked) == 2
    assert cache.gone == [APP.content]


async def test_what_is_trusted_no_more_is_of_no_use(cache: Watched, library: Library) -> None:
    library.close(APP.content)
    library._trust._keys = [STRANGER.public]

    assert APP.content.hex() in (await cache.cache_verify("app-1")).damaged


async def test_tidying_removes_what_is_too_old_and_leaves_what_is_used(
    cache: Watched, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert NOW < 1_800_000_000  # long ago: both are past their age
    monkeypatch.setattr(module, "JUST_OPENED_S", 0.0)
    cache.used.add(TOOL.content)
    report = await cache.cache_gc()

    assert report.removed == [APP.content.hex()]
    assert report.freed_bytes == len(APP.payload)
    assert cache.gone == [APP.content]


async def test_tidying_leaves_what_is_just_being_opened(
    cache: Watched, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No run is known yet that uses it, and filling it from other packages takes its time."""
    fresh = publish({"c": noise("c", 1000)}, name="fresh")
    package = await opened_while(cache.cache_gc, library, fresh, monkeypatch)

    fill(package, fresh.payload)
    assert package.holding.complete
    assert library.opened(fresh.content) is package


async def test_what_is_just_being_opened_is_not_removed(
    cache: Watched, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = publish({"c": noise("c", 1000)}, name="fresh")

    async def refused() -> None:
        with pytest.raises(UsageError, match="just come into use"):
            await cache.cache_remove("fresh-1")

    package = await opened_while(refused, library, fresh, monkeypatch)

    fill(package, fresh.payload)
    assert package.holding.complete


async def opened_while(
    act: Callable[[], Awaitable[object]],
    library: Library,
    published: Published,
    monkeypatch: pytest.MonkeyPatch,
) -> OpenPackage:
    """A package whose opening goes on until `act` waits for it, or is done."""
    is_filling, may_end = threading.Event(), threading.Event()
    fill_from_others = reuse.fill

    def fill_slowly(*given: Any) -> None:
        is_filling.set()
        assert may_end.wait(PATIENCE_S)
        fill_from_others(*given)

    monkeypatch.setattr(reuse, "fill", fill_slowly)
    opening = asyncio.ensure_future(asyncio.to_thread(admit, library, published))
    await asyncio.to_thread(is_filling.wait, PATIENCE_S)
    turns = Mock(wraps=library._turn)
    monkeypatch.setattr(library, "_turn", turns)
    acting = asyncio.ensure_future(act())
    await until(lambda: acting.done() or call(published.content) in turns.mock_calls)
    may_end.set()
    await acting
    return await opening


async def test_with_no_agent_nothing_is_in_use(library: Library) -> None:
    report = await Cache(library).cache_remove("app-1")

    assert report.removed == [APP.content.hex()]
