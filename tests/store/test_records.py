"""The records of a package stay readable for stores to come."""

from __future__ import annotations

import msgspec
import pytest

from mcastdist.ranges import RangeSet
from mcastdist.store.records import (
    DECODER,
    Begun,
    Forgotten,
    Status,
    Verified,
    edges_of,
    pairs_of,
)

GOLDEN = [
    (Begun("a", "1", 7, 200, 4, 0.5), "9701a161a13107ccc804cb3fe0000000000000"),
    (Verified([0, 3, 5, 6]), "92029400030506"),
    (Forgotten([1, 2]), "9203920102"),
    (Status(True, False, 0.5), "9404c3c2cb3fe0000000000000"),
]


@pytest.mark.parametrize(("record", "golden"), GOLDEN)
def test_the_bytes_of_each_record(record: object, golden: str) -> None:
    assert msgspec.msgpack.encode(record).hex() == golden
    assert DECODER.decode(bytes.fromhex(golden)) == record


def test_edges_are_ranges_and_an_odd_one_is_nothing() -> None:
    assert edges_of(RangeSet([(0, 3), (5, 6)])) == [0, 3, 5, 6]
    assert pairs_of([0, 3, 5, 6]) == [(0, 3), (5, 6)]
    assert pairs_of([0, 3, 5]) == [(0, 3)]
    assert pairs_of([]) == []
