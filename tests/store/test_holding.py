"""What is recorded is durable, what is damaged is found, and threads do not harm one another."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from figure_book import Figure
from store_kit import NO_LIMITS, NOW, QuickDisk, Sample, noise, pieces, small_sample, tree

from mcastdist.errors import DigestMismatch, NoSpace, StorageError
from mcastdist.store import File, Holding, Store
from mcastdist.store.refusals import refusals_about

SAMPLE = Sample("a", {"x": noise("x", 300), "y": noise("y", 300)})


class MoodyDisk(QuickDisk):
    """Refuses writes or syncs of payloads while it is told to, and notes the order of things."""

    def __init__(self) -> None:
        self.refuses: str = ""
        self.error = 28  # ENOSPC
        self.seen: list[str] = []

    def _note(self, act: str, file: File) -> None:
        self.seen.append(f"{act} {file.path.name}")
        if self.refuses == act and file.path.name == "payload":
            with refusals_about(file.path):
                raise OSError(self.error, "refused")

    def write(self, file: File, data: bytes | memoryview, offset: int) -> None:
        self._note("write", file)
        super().write(file, data, offset)

    def sync_data(self, file: File) -> None:
        self._note("sync", file)

    def read_into(self, file: File, buffer: bytearray | memoryview, offset: int) -> int:
        self._note("read", file)
        return super().read_into(file, buffer, offset)


@pytest.fixture
def disk() -> MoodyDisk:
    return MoodyDisk()


@pytest.fixture
def store(tmp_path: Path, disk: MoodyDisk) -> Iterator[Store]:
    with Store(tmp_path / "store", NO_LIMITS, disk=disk) as store:
        yield store


def payload_path(store: Store, sample: Sample) -> Path:
    return store.directory / "packages" / sample.content.hex() / "payload"


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 0x10
    path.write_bytes(data)


def reopened(store: Store, sample: Sample) -> Holding:
    """The holding, from what is on disk only."""
    holding = store.open_holding(sample.content, sample.table, now=NOW)
    assert holding is not None
    return holding


def test_a_record_is_written_only_when_its_bytes_are_durable(store: Store, disk: MoodyDisk) -> None:
    holding = SAMPLE.begin(store)
    holding.write(0, SAMPLE.payload[:300])
    disk.seen.clear()
    holding.commit()
    assert disk.seen == ["sync payload", "write journal", "sync journal"]
    disk.seen.clear()
    holding.commit()
    assert disk.seen == [], "nothing new"


def test_only_what_was_committed_is_there_after_a_crash(store: Store, tmp_path: Path) -> None:
    holding = SAMPLE.begin(store)
    holding.write(0, SAMPLE.payload[:128])
    holding.commit()
    holding.write(128, SAMPLE.payload[128:])
    (tmp_path / "copy").mkdir()
    for path in store.directory.rglob("*"):
        target = tmp_path / "copy" / path.relative_to(store.directory)
        target.mkdir() if path.is_dir() else target.write_bytes(path.read_bytes())
    with Store(tmp_path / "copy", NO_LIMITS, disk=QuickDisk()) as after:
        assert list(reopened(after, SAMPLE).verified) == [(0, 2)]


def test_a_full_disk_loses_nothing_and_the_bytes_can_be_written_later(
    store: Store, disk: MoodyDisk, figure: Figure
) -> None:
    holding = SAMPLE.begin(store)
    holding.write(0, SAMPLE.payload[:100])
    disk.refuses = "write"
    held_bytes = holding.held_bytes
    with pytest.raises(NoSpace):
        holding.write(100, SAMPLE.payload[100:300])
    figure("bytes lost", held_bytes - holding.held_bytes)
    disk.refuses = ""
    assert holding.held_bytes == held_bytes
    assert holding.write(0, SAMPLE.payload).bad == []
    figure("bytes written later", holding.held_bytes - held_bytes)
    assert holding.complete


def test_after_a_failed_sync_only_recorded_chunks_are_believed(
    store: Store, disk: MoodyDisk
) -> None:
    holding = SAMPLE.begin(store)
    holding.write(0, SAMPLE.payload[:64])
    holding.commit()
    holding.write(64, SAMPLE.payload[64:256])
    assert (holding.gaps(0, 256), holding.has_lost_bytes) == ([], False)
    disk.refuses, disk.error = "sync", 5
    with pytest.raises(StorageError):
        holding.commit()
    disk.refuses = ""
    assert (holding.gaps(0, 256), holding.has_lost_bytes) == ([(64, 256)], True)
    assert list(holding.verified) == [(0, 1)]
    assert holding.held_bytes == 64
    assert holding.write(0, SAMPLE.payload).verified == list(range(1, SAMPLE.table.chunk_count))
    holding.commit()
    assert holding.complete


def test_a_chunk_the_disk_cannot_read_is_bad(store: Store, disk: MoodyDisk) -> None:
    holding = SAMPLE.begin(store)
    disk.refuses, disk.error = "read", 5
    holding.write(0, SAMPLE.payload[:32])  # in two parts: so it is read back
    assert holding.write(32, SAMPLE.payload[32:64]).bad == [0]
    holding.write(64, SAMPLE.payload[64:70])
    with pytest.raises(StorageError):
        holding.read(64, 70)
    disk.refuses = ""
    assert holding.write(0, SAMPLE.payload[:64]).verified == [0]


def test_a_chunk_that_one_write_brought_is_not_read_back(store: Store, disk: MoodyDisk) -> None:
    holding = SAMPLE.begin(store)
    holding.write(0, SAMPLE.payload[:40])
    disk.refuses, disk.error = "read", 5
    assert holding.write(0, bytes(40) + SAMPLE.payload[40:192]).bad == [0]
    assert list(holding.verified) == [(1, 3)]


@pytest.mark.parametrize("is_passing", [False, True])
def test_what_is_passing_is_kept_all_the_same(store: Store, is_passing: bool) -> None:
    holding = SAMPLE.begin(store)
    holding.write(0, SAMPLE.payload, is_passing=is_passing)
    assert holding.complete
    assert holding.read(0, len(SAMPLE.payload)) == SAMPLE.payload


def test_verify_finds_a_flipped_bit_and_forgets_the_chunk_for_good(store: Store) -> None:
    SAMPLE.keep(store)
    flip(payload_path(store, SAMPLE), 310)
    holding = reopened(store, SAMPLE)
    assert holding.complete
    told: list[int] = []
    assert holding.verify_all(told.append) == [5]
    assert told[-1] == 600
    assert not holding.covers(300, 364)
    holding.close()
    again = reopened(store, SAMPLE)
    assert list(again.verified.gaps(0, SAMPLE.table.chunk_count)) == [(5, 6)]
    assert again.write(300, SAMPLE.payload[300:364]).verified == [5]
    assert again.complete
    assert again.verify_all() == []


def test_what_is_closed_while_it_is_verified_is_not_damaged(store: Store) -> None:
    SAMPLE.keep(store)
    holding = reopened(store, SAMPLE)
    with pytest.raises(StorageError, match="closed"):
        holding.verify_all(lambda done: holding.close() if done == 192 else None)
    assert reopened(store, SAMPLE).complete


def test_delivery_finds_a_flipped_bit_and_forgets_the_chunk_for_good(
    store: Store, tmp_path: Path
) -> None:
    SAMPLE.keep(store)
    flip(payload_path(store, SAMPLE), 310)
    holding = reopened(store, SAMPLE)
    with pytest.raises(DigestMismatch, match="y as the store has it"):
        holding.deliver(tmp_path / "dest")
    assert "y" not in tree(tmp_path / "dest")
    holding.close()
    again = reopened(store, SAMPLE)
    assert list(again.verified.gaps(0, SAMPLE.table.chunk_count)) == [(5, 6)]
    again.write(0, SAMPLE.payload)
    again.deliver(tmp_path / "dest")
    assert tree(tmp_path / "dest") == SAMPLE.files


def test_a_payload_that_was_cut_is_found_out(store: Store) -> None:
    SAMPLE.keep(store)
    path = payload_path(store, SAMPLE)
    path.write_bytes(path.read_bytes()[:320])
    holding = reopened(store, SAMPLE)
    assert holding.verify_all() == [5, 6, 7, 8, 9]
    holding.write(0, SAMPLE.payload)
    assert holding.complete


def test_a_thread_that_comes_late_gets_an_error_and_no_other_file(store: Store) -> None:
    holding = SAMPLE.begin(store)
    holding.close()
    with pytest.raises(StorageError, match="closed"):
        holding.write(0, SAMPLE.payload)
    assert reopened(store, SAMPLE).held_bytes == 0


def test_threads_that_write_right_and_wrong_bytes_end_with_the_right_ones(store: Store) -> None:
    sample = small_sample(size=64 * 200)
    holding = sample.begin(store)
    wrong = bytes(byte ^ 1 for byte in sample.payload)
    problems: list[BaseException] = []

    def write(data: bytes, size: int, turn: int) -> None:
        try:
            parts = list(pieces(data, size))
            for at, piece in parts[turn:] + parts[:turn]:
                holding.write(at, piece)
                holding.has_chunk(at // 64)
            holding.commit()
        except BaseException as error:
            problems.append(error)

    jobs = [(sample.payload, 48, 0), (sample.payload, 100, 50), (wrong, 30, 7), (wrong, 64, 90)]
    threads = [threading.Thread(target=write, args=job) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    for start, stop in holding.verified:
        assert holding.read(start * 64, stop * 64) == sample.payload[start * 64 : stop * 64]
    for _ in range(2):  # wrong bytes may hold a place until their chunk is whole, and found bad
        holding.write(0, sample.payload)
    assert holding.complete
    holding.commit()
    assert holding.verify_all() == []
    assert holding.read(0, len(sample.payload)) == sample.payload


def test_a_mark_is_kept_whoever_else_marks(store: Store) -> None:
    holding = SAMPLE.begin(store)
    marking = threading.Thread(target=holding.mark_precached)
    marking.start()
    store.pin(SAMPLE.content)
    marking.join()
    (entry,) = store.entries()
    assert (entry.pinned, entry.precached) == (True, True)


def test_the_journal_is_rewritten_before_it_grows_large(store: Store) -> None:
    sample = small_sample(size=640)
    holding = sample.begin(store)
    holding.write(0, sample.payload)
    holding.commit()
    journal = payload_path(store, sample).with_name("journal")
    for turn in range(40_000):
        holding._package.record_status(used=NOW + turn)
    assert journal.stat().st_size < 1 << 20
    holding.close()
    again = reopened(store, sample)
    assert again.complete
    assert store.entries()[0].used == NOW + 39_999
