"""A manifest as the store sees it."""

from __future__ import annotations

import asyncio

from agent_kit import plain, publish

from mcastdist.agent.manifest_table import LINK_MODE, ManifestTable, file_named
from mcastdist.manifest import SafePath


def test_files_lie_one_after_the_other_and_links_hold_nothing() -> None:
    table = ManifestTable(publish({"a/x": b"12345", "b": b"678"}, links=[("c", "a/x")]).manifest)
    shown = [(one.path, one.start, one.stop, one.link) for one in table.deliverables()]

    assert shown == [("a/x", 0, 5, None), ("b", 5, 8, None), ("c", 0, 0, "a/x")]
    assert table.deliverables()[2].mode == LINK_MODE
    assert table.payload_bytes == 8


def test_its_chunks_are_those_of_the_manifest() -> None:
    manifest = publish({"a": bytes(100)}, chunk_bytes=64).manifest
    table = ManifestTable(manifest)

    spans = [table.chunk_span(chunk) for chunk in range(table.chunk_count)]
    assert spans == [(0, 64), (64, 100)]
    assert table.chunk_digest(1) == manifest.chunks.digest(1)
    assert table.chunks_over(63, 65) == range(2)


def test_a_plain_file_is_called_as_its_task_wants() -> None:
    table = ManifestTable(plain(b"data").manifest)

    with file_named(SafePath("setup.exe")):
        assert [one.path for one in table.deliverables()] == ["setup.exe"]
    assert [one.path for one in table.deliverables()] == ["file"]


def test_a_package_keeps_the_names_that_were_signed() -> None:
    table = ManifestTable(publish({"a": b"1"}).manifest)

    with file_named(SafePath("evil")):
        assert [one.path for one in table.deliverables()] == ["a"]


async def test_two_deliveries_at_once_do_not_mix_their_names() -> None:
    table = ManifestTable(plain(b"data").manifest)
    inside = asyncio.Barrier(2)

    async def named(name: str) -> str:
        with file_named(SafePath(name)):
            await inside.wait()
            return await asyncio.to_thread(lambda: table.deliverables()[0].path)

    assert await asyncio.gather(named("one"), named("two")) == ["one", "two"]
