"""Chunks are found wherever they lie, hashed again, and never believed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from store_kit import NO_LIMITS, NOW, QuickDisk, Sample, noise

from mcastdist.store import Store

SHARED = noise("shared", 64 * 5)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "store", NO_LIMITS, disk=QuickDisk()) as store:
        yield store


def test_each_chunk_comes_from_where_it_is(store: Store) -> None:
    for n in range(5):
        Sample(f"old{n}", {"f": SHARED[64 * n : 64 * (n + 1)], "g": noise(str(n), 30)}).keep(store)
    new = Sample("new", {"all": SHARED, "more": b"more"})
    holding = new.begin(store)
    assert holding.reused_bytes == len(SHARED)
    assert list(holding.verified) == [(0, 5)]


def test_it_is_durable_and_the_same_bytes(store: Store) -> None:
    Sample("old", {"f": SHARED}).keep(store)
    new = Sample("new", {"x": noise("x", 10), "all": SHARED})
    new.begin(store).close()
    holding = store.open_holding(new.content, new.table, now=NOW)
    assert holding is not None
    assert holding.reused_bytes == 0, "only what this opening copied"
    assert holding.read(10, 330) == SHARED


def test_a_damaged_source_is_not_believed(store: Store) -> None:
    old = Sample("old", {"f": SHARED})
    old.keep(store)
    payload = store.directory / "packages" / old.content.hex() / "payload"
    data = bytearray(payload.read_bytes())
    data[70] ^= 1
    payload.write_bytes(data[:200])  # and the last chunks are missing
    new = Sample("new", {"all": SHARED + b"!"})
    holding = new.begin(store)
    assert list(holding.verified) == [(0, 1), (2, 3)]
    assert holding.reused_bytes == 128


def test_chunks_that_were_never_verified_are_not_used(store: Store) -> None:
    old = Sample("old", {"f": SHARED})
    half = old.begin(store)
    half.write(0, SHARED[:128])
    half.commit()
    holding = Sample("new", {"all": SHARED, "b": b"b"}).begin(store)
    assert holding.reused_bytes == 128


def test_a_damaged_list_of_chunks_only_costs_the_reuse(store: Store) -> None:
    old = Sample("old", {"f": SHARED})
    old.keep(store)
    (store.directory / "packages" / old.content.hex() / "chunks").write_bytes(b"damaged")
    holding = Sample("new", {"all": SHARED, "b": b"b"}).begin(store)
    assert holding.reused_bytes == 0


def test_resuming_looks_again(store: Store) -> None:
    new = Sample("new", {"all": SHARED, "b": b"b"})
    assert new.begin(store).reused_bytes == 0
    Sample("later", {"f": SHARED}).keep(store)
    assert new.begin(store).reused_bytes == len(SHARED)
