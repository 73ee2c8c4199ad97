"""Bytes are claimed once, and chunks proven once."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from store_kit import Sample, noise

from mcastdist.ranges import RangeSet
from mcastdist.store.ledger import Ledger

TABLE = Sample("a", {"x": noise("x", 150), "y": noise("y", 70)}).table  # chunks 64 64 22 64 6


def test_a_claim_takes_only_what_nobody_has() -> None:
    ledger = Ledger(TABLE, RangeSet())
    first = ledger.claim(10, 100)
    assert first.ranges == [(10, 100)]
    assert ledger.claim(0, 120).ranges == [(0, 10), (100, 120)]
    assert ledger.claim(50, 90).ranges == []
    ledger.give_back(first)
    assert ledger.claim(0, 150).ranges == [(10, 100), (120, 150)]


def test_a_chunk_is_to_prove_by_the_one_who_wrote_its_last_byte() -> None:
    ledger = Ledger(TABLE, RangeSet())
    one, two = ledger.claim(0, 30), ledger.claim(30, 70)
    assert ledger.wrote(two) == []
    assert ledger.wrote(one) == [0]
    assert ledger.wrote(ledger.claim(70, 128)) == [1]
    assert not ledger.covers(0, 64)
    assert ledger.has_bytes(0, 128)
    assert ledger.settle(0, one, good=True)
    assert ledger.covers(0, 64)
    assert ledger.held_bytes == 64


def test_a_bad_chunk_can_be_claimed_again() -> None:
    ledger = Ledger(TABLE, RangeSet())
    claim = ledger.claim(64, 150)
    assert ledger.wrote(claim) == [1, 2]
    ledger.settle(1, claim, good=False)
    ledger.settle(2, claim, good=True)
    assert ledger.claim(0, 220).ranges == [(0, 128), (150, 220)]
    assert list(ledger.verified) == [(2, 3)]
    assert ledger.held_bytes == 22


def test_forgetting_a_verified_chunk_frees_its_bytes() -> None:
    ledger = Ledger(TABLE, RangeSet([(0, 5)]))
    assert ledger.is_complete
    ledger.forget(3)
    ledger.forget(3)
    assert not ledger.is_complete
    assert ledger.held_bytes == 156
    assert ledger.claim(0, 220).ranges == [(150, 214)]


def test_after_a_reset_old_claims_mean_nothing() -> None:
    ledger = Ledger(TABLE, RangeSet())
    old, proving = ledger.claim(64, 128), ledger.claim(0, 64)
    assert ledger.wrote(proving) == [0]
    ledger.reset(RangeSet([(4, 5)]))
    assert not ledger.settle(0, proving, good=True)
    new = ledger.claim(0, 220)
    assert new.ranges == [(0, 214)]
    assert ledger.wrote(old) == []
    ledger.give_back(old)
    assert ledger.claim(0, 220).ranges == []
    assert ledger.held_bytes == 6


def test_an_empty_payload_is_complete() -> None:
    assert Ledger(Sample("none", {}).table, RangeSet()).is_complete


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    st.lists(
        st.tuples(st.integers(0, 220), st.integers(0, 220), st.booleans(), st.booleans()),
        max_size=30,
    )
)
def test_it_agrees_with_a_list_of_bytes(steps: list[tuple[int, int, bool, bool]]) -> None:
    ledger = Ledger(TABLE, RangeSet())
    here = [False] * 220
    verified: set[int] = set()
    for one, other, is_written, good in steps:
        start, stop = min(one, other), max(one, other)
        claim = ledger.claim(start, stop)
        wanted = {at for at in range(start, stop) if not here[at]}
        assert {at for a, b in claim.ranges for at in range(a, b)} == wanted
        if not is_written:
            ledger.give_back(claim)
            continue
        for at in wanted:
            here[at] = True
        for chunk in ledger.wrote(claim):
            span = range(*TABLE.chunk_span(chunk))
            assert all(here[at] for at in span)
            assert chunk not in verified
            ledger.settle(chunk, claim, good=good)
            if good:
                verified.add(chunk)
            else:
                for at in span:
                    here[at] = False
        assert set(ledger.verified.numbers()) == verified
        assert ledger.held_bytes == sum(len(range(*TABLE.chunk_span(c))) for c in verified)
