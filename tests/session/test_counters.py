"""The promise of the counters: each byte is counted once, also when it turns out to be forged."""

from __future__ import annotations

from mcastdist.session import Counters


def test_each_byte_is_counted_once() -> None:
    counters = Counters()
    counters.placed(is_parity=False, came=100, of_use=80)
    counters.placed(is_parity=True, came=50, of_use=40)

    counters.unmasked(source=10, parity=5)

    assert counters == Counters(source=70, parity=35, duplicate=30, forged=15)
