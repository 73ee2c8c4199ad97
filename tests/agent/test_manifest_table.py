"""A manifest as the store sees it."""

from __future__ import annotations

from agent_kit import plain, publish

from mcastdist.agent.manifest_table import LINK_MODE, ManifestTable


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

    assert [one.path for one in table.deliverables("setup.exe")] == ["setup.exe"]
    assert [one.path for one in table.deliverables()] == ["file"]


def test_a_package_keeps_the_names_that_were_signed() -> None:
    table = ManifestTable(publish({"a": b"1"}).manifest)

    assert [one.path for one in table.deliverables("evil")] == ["a"]
