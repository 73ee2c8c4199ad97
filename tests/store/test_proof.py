"""A chunk is proven by its digest, wherever its bytes are looked at."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from store_kit import Sample, noise

from mcastdist.errors import StorageError
from mcastdist.store.disk import Disk
from mcastdist.store.ledger import Claim
from mcastdist.store.payload import Payload
from mcastdist.store.proof import Proof

SAMPLE = Sample("a", {"x": noise("x", 300)})
BYTES = memoryview(SAMPLE.payload)


@pytest.fixture
def payload(tmp_path: Path) -> Iterator[Payload]:
    disk = Disk()
    opened = Payload(disk, disk.open(tmp_path / "payload", create=True))
    yield opened
    opened.close()


def test_what_the_file_has_is_proven(payload: Payload) -> None:
    proof = Proof(payload, SAMPLE.table)
    assert not proof.holds(0)
    payload.write(BYTES, 0)
    assert proof.holds(0)


def test_what_is_closed_is_neither_right_nor_wrong(payload: Payload) -> None:
    payload.write(BYTES, 0)
    payload.close()
    with pytest.raises(StorageError, match="closed"):
        Proof(payload, SAMPLE.table).holds(0)


def test_what_one_write_brought_is_proven_without_reading(payload: Payload) -> None:
    start, stop = SAMPLE.table.chunk_span(1)
    whole, part = Claim([(start, stop)], 0), Claim([(start + 1, stop)], 0)
    proof = Proof(payload, SAMPLE.table)

    assert proof.holds_as_written(1, whole, start, BYTES[start:stop])
    assert not proof.holds_as_written(1, whole, start, memoryview(bytes(stop - start)))
    assert not proof.holds_as_written(1, part, start, BYTES[start:stop])  # the file has nothing
