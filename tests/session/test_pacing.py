"""Promises of the pacer: the rate holds over any second, and no burst makes up for a long sleep."""

from __future__ import annotations

from random import Random

import pytest

from mcastdist.session import Pacer
from mcastdist.session.pacing import AT_ONCE_S, CATCH_UP_S, REPAY, link_bits

DATAGRAM_BYTES = 1_472


def departures(
    rate_bps: float, *, seconds: float, lateness_s: float, datagrams_max: int = 16
) -> list[tuple[float, int]]:
    """(when, how many) of a sender that wakes up to `lateness_s` late each time."""
    rng = Random(7)
    pacer = Pacer(datagram_bytes=DATAGRAM_BYTES, rate_bps=rate_bps, now=100.0)
    sent = []
    now = 100.0
    while now < 100.0 + seconds:
        count = pacer.allowance(now, datagrams_max)
        assert count > 0
        pacer.sent(count, now)
        sent.append((now, count))
        if pacer.due_at > now:
            now = pacer.due_at + lateness_s * rng.random()
    return sent


@pytest.mark.parametrize("rate_bps", [1e6, 20e6, 200e6, 1e9, 10e9])
@pytest.mark.parametrize("lateness_s", [0.0, 0.002, 0.004])
def test_rate_holds_within_three_percent_over_any_second(
    rate_bps: float, lateness_s: float
) -> None:
    sent = departures(rate_bps, seconds=2.2, lateness_s=lateness_s)

    for start in (100.0, 100.31, 101.1):
        datagrams = sum(count for at, count in sent if start <= at < start + 1.0)
        assert link_bits(datagrams, DATAGRAM_BYTES) == pytest.approx(rate_bps, rel=0.03)


@pytest.mark.parametrize(
    ("rate_bps", "usual", "fast"),
    [(1e6, 1, 1), (20e6, 4, 4), (60e6, 14, 14), (100e6, 16, 16), (300e6, 16, 24), (10e9, 16, 44)],
)
def test_bursts_are_a_millisecond_of_the_rate_or_what_a_cheap_switch_holds(
    rate_bps: float, usual: int, fast: int
) -> None:
    pacer = Pacer(datagram_bytes=DATAGRAM_BYTES, rate_bps=rate_bps, now=0.0)

    assert pacer.allowance(0.0, 16) == usual
    assert pacer.allowance(0.0, 44) == fast


def test_nothing_goes_before_its_deadline() -> None:
    pacer = Pacer(datagram_bytes=DATAGRAM_BYTES, rate_bps=100e6, now=0.0)
    pacer.sent(8, 0.0)

    assert pacer.due_at == pytest.approx(link_bits(8, DATAGRAM_BYTES) / 100e6)
    assert pacer.allowance(pacer.due_at - 1e-6, 16) == 0
    assert pacer.allowance(pacer.due_at, 16) == 16


def test_a_long_sleep_is_not_made_up_for() -> None:
    pacer = Pacer(datagram_bytes=DATAGRAM_BYTES, rate_bps=100e6, now=0.0)
    datagrams = 0
    now = 5.0
    while count := pacer.allowance(now, 16):
        pacer.sent(count, now)
        datagrams += count

    burst_bits = 100e6 * AT_ONCE_S / REPAY + link_bits(16, DATAGRAM_BYTES)
    assert link_bits(datagrams, DATAGRAM_BYTES) <= burst_bits


@pytest.mark.parametrize("rate_bps", [20e6, 1e9])
@pytest.mark.parametrize("pause_s", [0.01, 0.02, 0.5])
def test_a_pause_is_made_up_for_gently_and_a_limit_holds_in_the_second_after_it(
    rate_bps: float, pause_s: float
) -> None:
    pacer = Pacer(datagram_bytes=DATAGRAM_BYTES, rate_bps=rate_bps, now=0.0)
    now, datagrams = pause_s, 0
    while now < pause_s + 1.0:
        count = pacer.allowance(now, 16)
        pacer.sent(count, now)
        datagrams += count
        now = max(now, pacer.due_at)

    sent_bits = link_bits(datagrams, DATAGRAM_BYTES)
    assert sent_bits >= rate_bps * (1.0 + 0.9 * min(pause_s, CATCH_UP_S))
    assert sent_bits <= 1.03 * rate_bps


@pytest.mark.parametrize("rate_bps", [0, -1, float("nan")])
def test_a_rate_that_is_none_is_refused(rate_bps: float) -> None:
    pacer = Pacer(datagram_bytes=DATAGRAM_BYTES, rate_bps=1e6, now=0.0)

    with pytest.raises(ValueError, match="above 0"):
        pacer.set_rate(rate_bps)
