"""Both stores keep the same promises."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from store_kit import NO_LIMITS, NOW, QuickDisk, Sample, noise, pieces, small_sample, tree

from mcastdist.errors import DigestMismatch, StoreBusy, UnavailableError, UsageError
from mcastdist.ids import ContentId, Locator
from mcastdist.store import MemoryStore, Store

LOCATOR = Locator.of_url("https://origin/a.mcd")


@pytest.fixture(params=["disk", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    made: Any = MemoryStore()
    if request.param == "disk":
        made = Store(tmp_path / "store", NO_LIMITS, disk=QuickDisk())
    yield made
    made.close()


def test_a_package_written_in_pieces_is_complete_and_reads_back(store: Any) -> None:
    sample = Sample("a", {"x": noise("x", 150), "y": noise("y", 70)})
    holding = sample.begin(store)
    verified: list[int] = []
    for at, piece in pieces(sample.payload, 50):
        absorbed = holding.write(at, piece)
        assert absorbed.bad == []
        verified += absorbed.verified
    assert sorted(verified) == list(range(sample.table.chunk_count))
    assert holding.complete
    assert holding.held_bytes == holding.payload_bytes == 220
    assert holding.read(0, 220) == sample.payload
    buffer = bytearray(30)
    holding.read_into(140, memoryview(buffer))
    assert bytes(buffer) == sample.payload[140:170]
    holding.close()


def test_pieces_in_any_order_and_twice_change_nothing(store: Any) -> None:
    sample = small_sample(size=1000)
    holding = sample.begin(store)
    for at, piece in [*reversed(list(pieces(sample.payload, 37))), *pieces(sample.payload, 91)]:
        holding.write(at, memoryview(piece))
    assert holding.complete
    assert holding.read(0, 1000) == sample.payload


def test_a_wrong_chunk_is_named_and_forgotten_and_can_be_written_again(store: Any) -> None:
    sample = small_sample(size=200)
    holding = sample.begin(store)
    wrong = bytearray(sample.payload)
    wrong[70] ^= 1
    absorbed = holding.write(0, wrong)
    assert absorbed.bad == [1]
    assert absorbed.verified == [0, 2, 3]
    assert not holding.has_chunk(1)
    assert not holding.covers(0, 200)
    assert holding.covers(0, 64)
    assert holding.covers(128, 200)
    with pytest.raises(UnavailableError):
        holding.read(64, 65)
    assert holding.write(64, sample.payload[64:128]).verified == [1]
    assert holding.complete


def test_what_is_verified_cannot_be_overwritten(store: Any) -> None:
    sample = small_sample(size=128)
    holding = sample.begin(store)
    holding.write(0, sample.payload)
    assert holding.write(0, bytes(128)).bad == []
    assert holding.read(0, 128) == sample.payload


def test_bytes_that_are_written_but_not_yet_proven_can_be_read(store: Any) -> None:
    sample = small_sample(size=128)
    holding = sample.begin(store)
    holding.write(10, sample.payload[10:20])
    assert holding.read(10, 20) == sample.payload[10:20]
    assert not holding.covers(10, 20)
    for start, stop in ((9, 20), (10, 21), (100, 101), (120, 129), (-1, 2), (5, 4)):
        with pytest.raises(UnavailableError):
            holding.read(start, stop)


@pytest.mark.parametrize(("offset", "size"), [(-1, 1), (128, 1), (0, 129), (1 << 40, 1)])
def test_bytes_outside_the_payload_are_refused(store: Any, offset: int, size: int) -> None:
    holding = small_sample(size=128).begin(store)
    with pytest.raises(ValueError, match="outside"):
        holding.write(offset, bytes(size))


def test_an_empty_payload_is_complete_at_once(store: Any, tmp_path: Path) -> None:
    sample = Sample("empty", {"nothing": b"", "neither": b""})
    holding = sample.begin(store)
    assert holding.complete
    assert holding.write(0, b"").verified == []
    assert holding.read(0, 0) == b""
    assert holding.covers(0, 0)
    holding.deliver(tmp_path / "dest")
    assert tree(tmp_path / "dest") == {"nothing": b"", "neither": b""}


def test_a_package_without_files_can_be_kept(store: Any, tmp_path: Path) -> None:
    holding = Sample("none", {}).begin(store)
    assert holding.complete
    holding.deliver(tmp_path / "dest")
    assert tree(tmp_path / "dest") == {}


def test_delivery_of_files_links_and_any_unicode(store: Any, tmp_path: Path) -> None:
    files = {
        "bin/tool": noise("tool", 300),
        "empty": b"",
        "größe/日本語 😀.txt": "ünï".encode(),
        "a/b/c/d/deep": b"deep",
    }
    links = {"current": "bin/tool", "bin/self": "tool"}
    sample = Sample("a", files, links, mode=0o750, folders=("nothing/in it", "a/void"))
    holding = sample.begin(store)
    holding.write(0, sample.payload)
    told: list[int] = []
    holding.deliver(tmp_path / "dest", progress=told.append)
    assert tree(tmp_path / "dest") == {**files, **links}
    assert list((tmp_path / "dest/nothing").iterdir()) == [tmp_path / "dest/nothing/in it"]
    assert (tmp_path / "dest/a/void").is_dir()
    assert (tmp_path / "dest/bin/tool").stat().st_mode & 0o7777 == 0o750
    assert told == sorted(told)
    assert told[-1] == len(sample.payload)


def test_an_incomplete_package_is_not_delivered(store: Any, tmp_path: Path) -> None:
    holding = small_sample().begin(store)
    with pytest.raises(UnavailableError):
        holding.deliver(tmp_path / "dest")
    assert not (tmp_path / "dest").exists()


def test_chunks_of_other_packages_are_reused(store: Any) -> None:
    shared = noise("shared", 640)
    Sample("a", {"s": shared, "x": noise("x", 100)}).keep(store)
    update = Sample("a", {"n": noise("n", 64), "s": shared, "again": shared[:64]})
    holding = update.begin(store)
    assert holding.reused_bytes == 640 + 64
    assert holding.held_bytes == 704
    assert not holding.complete
    assert holding.read(64, 704) == shared
    holding.write(0, update.payload[:64])
    assert holding.complete


def test_a_package_is_found_again_by_content_and_by_locator(store: Any) -> None:
    sample = small_sample()
    assert store.lookup(LOCATOR) is None
    assert store.manifest(sample.content) is None
    assert store.open_holding(sample.content, sample.table, now=NOW) is None
    store.bind(LOCATOR, sample.content)
    assert store.lookup(LOCATOR) is None, "bound, but not here"
    sample.keep(store)
    assert store.lookup(LOCATOR) == sample.content
    assert store.manifest(sample.content) == (sample.manifest, b"signature")
    holding = store.open_holding(sample.content, sample.table, now=NOW + 5)
    assert holding.complete
    holding.close()


def test_a_manifest_that_is_not_the_content_is_refused(store: Any) -> None:
    sample = small_sample()
    sample.manifest += b"!"
    with pytest.raises(DigestMismatch):
        sample.begin(store)
    assert store.entries() == []


def test_entries_say_what_there_is(store: Any) -> None:
    small_sample("old").keep(store, now=NOW, precached=True)
    half = small_sample("new", 128).begin(store, now=NOW + 1)
    half.write(0, noise("new", 128)[:64])
    half.commit()
    new, old = store.entries()
    assert (new.name, new.complete, new.held_bytes, new.in_use) == ("new", False, 64, True)
    assert (old.name, old.complete, old.held_bytes, old.in_use) == ("old", True, 200, False)
    assert (new.precached, old.precached) == (False, True)
    assert (old.version, old.sequence, old.signed, old.payload_bytes) == ("1", 1, True, 200)
    assert (old.created, old.used) == (NOW, NOW)
    assert store.usage().held_bytes == 328


def test_pinning_is_shown_and_unknown_packages_are_named(store: Any) -> None:
    sample = small_sample()
    sample.keep(store)
    store.pin(sample.content)
    assert store.entries()[0].pinned
    store.unpin(sample.content)
    assert not store.entries()[0].pinned
    nobody = ContentId(bytes(32))
    for act in (store.pin, store.unpin, store.remove):
        with pytest.raises(UsageError, match="000000000000"):
            act(nobody)


def test_what_is_in_use_is_not_removed(store: Any) -> None:
    sample = small_sample()
    first, second = sample.begin(store), sample.begin(store)
    first.close()
    with pytest.raises(UsageError, match="in use"):
        store.remove(sample.content)
    second.close()
    store.remove(sample.content)
    assert store.entries() == []


def test_begin_twice_shares_one_holding(store: Any) -> None:
    sample = small_sample()
    first, second = sample.begin(store), sample.begin(store, precached=True)
    first.write(0, sample.payload)
    assert second.complete
    assert store.entries()[0].precached


def test_sequences_only_rise_and_outlive_the_package(store: Any) -> None:
    assert store.highest_sequence("a") == 0
    store.note_sequence("a", 7)
    store.note_sequence("a", 3)
    sample = small_sample()
    sample.keep(store)
    store.remove(sample.content)
    assert store.highest_sequence("a") == 7
    assert store.highest_sequence("b") == 0


def test_a_staged_file_grows_and_becomes_a_package(store: Any) -> None:
    sample = small_sample(size=300)
    staged = store.stage(LOCATOR, 300)
    with pytest.raises(StoreBusy):
        store.stage(LOCATOR, 300)
    assert staged.size == 0
    staged.write(0, sample.payload[:100])
    staged.write(200, sample.payload[200:])
    staged.sync()
    assert staged.size == 100, "up to the first hole"
    with pytest.raises(UnavailableError):
        staged.read(50, 150)
    staged.write(100, sample.payload[100:200])
    staged.sync()
    assert staged.size == 300
    assert staged.read(50, 250) == sample.payload[50:250]
    holding = sample.adopt(store, staged)
    assert holding.complete
    assert holding.read(0, 300) == sample.payload
    holding.close()
    again = store.stage(LOCATOR, None)
    assert again.size == 0
    again.discard()


def test_an_adopted_file_with_wrong_bytes_lacks_just_those_chunks(store: Any) -> None:
    sample = small_sample(size=300)
    staged = store.stage(LOCATOR, None)
    wrong = bytearray(sample.payload)
    wrong[100] ^= 1
    staged.write(0, wrong)
    holding = sample.adopt(store, staged)
    assert list(holding.verified.gaps(0, 5)) == [(1, 2)]
    holding.write(64, sample.payload[64:128])
    assert holding.complete


@pytest.mark.parametrize("extra", [-100, 50])
def test_an_adopted_file_of_another_length(store: Any, extra: int) -> None:
    sample = small_sample(size=320)
    staged = store.stage(LOCATOR, None)
    staged.write(0, (sample.payload + bytes(50))[: 320 + extra])
    holding = sample.adopt(store, staged)
    assert holding.complete == (extra > 0)
    holding.write(0, sample.payload)
    assert holding.read(0, 320) == sample.payload


def test_adopting_what_is_here_already_fills_its_gaps(store: Any) -> None:
    sample = small_sample(size=320)
    begun = sample.begin(store)
    begun.write(0, sample.payload[:64])
    staged = store.stage(LOCATOR, None)
    staged.write(0, sample.payload)
    adopted = sample.adopt(store, staged)
    assert begun.complete
    assert adopted.complete
    assert store.stage(LOCATOR, None).size == 0


def test_a_staged_file_that_restarts_forgets_all(store: Any) -> None:
    staged = store.stage(LOCATOR, None)
    staged.validator = '"etag"'
    staged.write(0, b"old bytes")
    staged.sync()
    staged.restart()
    assert (staged.size, staged.validator, len(staged.written)) == (0, "", 0)
    staged.write(0, b"new")
    staged.sync()
    assert staged.read(0, 3) == b"new"
    with pytest.raises(UnavailableError):
        staged.read(0, 4)


def test_a_staged_file_left_alone_goes_on_where_it_was_durable(store: Any) -> None:
    staged = store.stage(LOCATOR, None)
    staged.validator = '"v1"'
    staged.write(0, b"0123456789")
    staged.sync()
    staged.close()
    again = store.stage(LOCATOR, None)
    assert (again.size, again.validator) == (10, '"v1"')
    assert again.read(0, 10) == b"0123456789"
