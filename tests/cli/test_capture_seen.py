"""Which numbers have been seen."""

from __future__ import annotations

import random

from mcastdist.cli.capture.seen import Seen


def test_it_is_a_set() -> None:
    rng = random.Random(3)
    seen, known = Seen(), set[int]()
    for _ in range(3_000):
        number = rng.choice((rng.randrange(3_000), rng.randrange(1 << 32)))
        assert seen.add(number) is (number not in known)
        known.add(number)

    assert seen.count == len(known)
    assert (seen.first, seen.last) == (min(known), max(known))


def test_gaps_are_what_is_missing_in_between() -> None:
    seen = Seen()
    assert seen.gaps == 0
    for number in (5, 9, 6, 6):
        seen.add(number)

    assert seen.gaps == 2
