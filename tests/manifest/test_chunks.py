from __future__ import annotations

import hashlib
from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcastdist.errors import MalformedManifest
from mcastdist.manifest import CHUNK_BYTES_MAX, Chunker, ChunkTable, chunk_bytes_max
from mcastdist.manifest.chunks import PACK_BYTES_MAX
from mcastdist.manifest.limits import CHUNKS_MAX, PAYLOAD_BYTES_MAX

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30


def cut(files: Sequence[bytes], slice_bytes: int = 64 * KIB, step: int | None = None) -> ChunkTable:
    chunker = Chunker(slice_bytes)
    for data in files:
        chunker.begin_file(len(data))
        for start in range(0, len(data), step or max(len(data), 1)):
            chunker.update(data[start : start + (step or len(data))])
        assert chunker.end_file() == hashlib.sha256(data).digest()
    return chunker.finish()


def digests(table: ChunkTable) -> set[bytes]:
    return {table.digest(index) for index in range(table.count)}


def some_files(rng: Random, count: int, size_max: int) -> list[bytes]:
    return [rng.randbytes(rng.randrange(size_max)) for _ in range(count)]


@pytest.mark.parametrize(
    ("payload_bytes", "expected"),
    [
        (0, 64 * KIB),
        (256 * MIB, 64 * KIB),
        (256 * MIB + 1, 128 * KIB),
        (512 * MIB, 128 * KIB),
        (4 * GIB - 1, MIB),
        (20 * GIB, MIB),
        (PAYLOAD_BYTES_MAX, MIB),
    ],
)
def test_slices_grow_with_the_package_until_a_mebibyte(payload_bytes: int, expected: int) -> None:
    assert chunk_bytes_max(payload_bytes) == expected


def test_the_table_of_twenty_gibibytes_is_below_a_megabyte() -> None:
    table_bytes = 20 * GIB // chunk_bytes_max(20 * GIB) * (32 + 4)
    assert table_bytes < 1_000_000


@given(
    sizes=st.lists(st.sampled_from([0, 1, 9, 40, 63, 64, 65, 128, 200]), max_size=12),
    seed=st.integers(0, 99),
    step=st.sampled_from([None, 1, 7, 64]),
)
def test_chunks_cover_the_payload_and_end_where_files_do(
    sizes: list[int], seed: int, step: int | None
) -> None:
    rng = Random(seed)
    files = [rng.randbytes(size) for size in sizes]
    table = cut(files, slice_bytes=64, step=step)
    payload = b"".join(files)
    edges = {sum(sizes[:index]) for index in range(len(sizes) + 1)}
    position = 0
    for index in range(table.count):
        start, stop = table.span(index)
        assert start == position < stop <= start + 64
        assert table.digest(index) == hashlib.sha256(payload[start:stop]).digest()
        whole_files = {start, stop} <= edges
        one_file = not any(start < edge < stop for edge in edges)
        assert whole_files or one_file
        position = stop
    assert position == len(payload) == table.payload_bytes


def test_how_the_bytes_arrive_does_not_matter() -> None:
    files = some_files(Random(1), 20, 200 * KIB)
    assert cut(files) == cut(files, step=5_000) == cut(files, step=MIB)


def test_a_large_file_shares_no_chunk_and_is_sliced_from_its_start() -> None:
    rng = Random(2)
    large = rng.randbytes(3 * MIB + 5)
    alone = cut([large], MIB)
    assert [alone.span(index) for index in range(alone.count)] == [
        (0, MIB),
        (MIB, 2 * MIB),
        (2 * MIB, 3 * MIB),
        (3 * MIB, 3 * MIB + 5),
    ]
    assert digests(alone) <= digests(cut([b"before", large, b"behind"], MIB))


def test_a_file_that_grows_costs_its_own_slices_only() -> None:
    rng = Random(3)
    old = [rng.randbytes(300 * KIB) for _ in range(10)]
    new = [*old[:4], old[4] + b"more", *old[5:]]
    assert len(digests(cut(new)) - digests(cut(old))) == 1


@pytest.mark.parametrize("seed", range(10))
def test_a_small_file_put_in_costs_a_few_packs(seed: int) -> None:
    rng = Random(seed)
    old = some_files(rng, 1_000, 8 * KIB)
    new = [*old[:100], rng.randbytes(4_000), *old[100:]]
    for slice_bytes in (64 * KIB, MIB):
        before, after = cut(old, slice_bytes), cut(new, slice_bytes)
        assert len(digests(after) - digests(before)) <= 4


def test_packs_do_not_grow_with_slices() -> None:
    files = some_files(Random(4), 500, 8 * KIB)
    table = cut(files, MIB)
    sizes = [stop - start for start, stop in map(table.span, range(table.count))]
    assert max(sizes) <= PACK_BYTES_MAX
    assert PACK_BYTES_MAX / 8 < sum(sizes) / len(sizes) < PACK_BYTES_MAX / 2


@pytest.mark.parametrize("files", [[], [b""], [b"", b"", b""]])
def test_an_empty_payload_has_no_chunks(files: list[bytes]) -> None:
    table = cut(files)
    assert (table.count, table.payload_bytes) == (0, 0)
    assert len(table.over(0, 10)) == 0


def test_a_file_must_have_the_size_it_was_said_to_have() -> None:
    chunker = Chunker(64 * KIB)
    chunker.begin_file(3)
    chunker.update(b"ab")
    with pytest.raises(ValueError, match="fewer"):
        chunker.end_file()
    with pytest.raises(ValueError, match="more"):
        chunker.update(b"cd")


def test_look_ups_know_their_bounds() -> None:
    table = cut([b"a" * 64, b"b" * 64, b"c"], slice_bytes=64)
    assert table.index_at(64) == 1
    assert table.over(63, 65) == range(2)
    assert table.over(0, 1 << 40) == range(3)
    assert table.over(5, 5) == range(0)
    for index in (-1, 3):
        with pytest.raises(IndexError):
            table.digest(index)
    with pytest.raises(IndexError):
        table.index_at(129)


@pytest.mark.parametrize(
    ("sizes", "digest_bytes"),
    [
        ([0], 32),
        ([-1], 32),
        ([CHUNK_BYTES_MAX + 1], 32),
        ([1, 0, 1], 96),
        ([1], 31),
        ([1], 64),
        ([1] * (CHUNKS_MAX + 1), 32 * (CHUNKS_MAX + 1)),
    ],
)
def test_a_table_that_cannot_be_is_refused(sizes: list[int], digest_bytes: int) -> None:
    with pytest.raises(MalformedManifest):
        ChunkTable(sizes, bytes(digest_bytes))
