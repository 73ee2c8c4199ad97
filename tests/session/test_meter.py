"""Promises of the meter: true loss whatever the order, and delay whatever the clocks."""

from __future__ import annotations

from random import Random

import pytest

from mcastdist.session.meter import REORDER_DATAGRAMS, SENDERS_MAX, WINDOW_S, Meter
from mcastdist.session.pacing import link_bits
from mcastdist.wire import REPORT_S

SIZE = 1_472


def meter() -> Meter:
    return Meter(datagram_bytes=SIZE, now=0.0)


def test_no_loss_is_none_and_the_rate_is_what_came() -> None:
    counted = meter()
    for step in range(100):
        counted.note(7, step * 10, 10, 0, now=step * 0.0025)

    measured = counted.measure(0.25)

    assert (measured.loss_ppm, measured.datagrams, measured.bytes) == (0, 1_000, 1_000 * SIZE)
    assert measured.rate_bps == pytest.approx(link_bits(1_000, SIZE) / 0.25, rel=0.001)


def test_the_rate_counts_from_the_streams_first_datagram() -> None:
    counted = meter()
    for step in range(100):
        counted.note(7, step * 10, 10, 0, now=10.0 + step * 0.0025)

    assert counted.measure(10.25).rate_bps == pytest.approx(link_bits(1_000, SIZE) / 0.25)


def test_what_came_in_one_read_is_no_rate() -> None:
    counted = meter()
    counted.note(7, 0, 100, 0, now=1.0)
    assert counted.measure(1.0).rate_bps <= link_bits(100, SIZE) / 0.02


@pytest.mark.parametrize("start", [0, 5, 2**32 - 500, 2**31 - 500])
@pytest.mark.parametrize("seed", range(5))
def test_loss_is_told_true_through_reordering_and_duplicates(start: int, seed: int) -> None:
    rng = Random(seed)
    kept = [number for number in range(5_000) if rng.random() >= 0.05]
    lost = 5_000 - len(kept)
    kept.sort(key=lambda number: number + rng.randrange(REORDER_DATAGRAMS // 2))
    kept += kept[-20:-10]
    counted = meter()
    for number in kept:
        counted.note(7, (start + number) % 2**32, 1, 0, now=0.01)

    measured = counted.measure(0.25)

    assert measured.loss_ppm == pytest.approx(lost / 5_000 * 1e6, rel=0.03)


def test_what_is_late_is_not_lost_even_if_it_comes_after_the_report() -> None:
    counted = meter()
    counted.note(7, 0, 100, 0, now=0.01)
    counted.note(7, 110, 10, 0, now=0.01)
    assert counted.measure(0.1).loss_ppm == 0
    counted.note(7, 100, 10, 0, now=0.11)
    counted.note(7, 120, 200, 0, now=0.12)

    assert counted.measure(0.3).loss_ppm == 0


def test_each_sender_has_its_own_sequence() -> None:
    counted = meter()
    for step in range(100):
        counted.note(7, step, 1, 0, now=0.01)
        counted.note(8, 10**6 + step, 1, 0, now=0.01)

    assert counted.measure(0.25).loss_ppm == 0


def test_a_sequence_that_starts_again_is_no_loss() -> None:
    counted = meter()
    counted.note(7, 0, 100, 0, now=0.01)
    counted.note(7, 2**30, 100, 0, now=0.02)
    counted.note(7, 2**30 + 100, 100, 0, now=0.03)

    assert counted.measure(0.25).loss_ppm == 0


def test_senders_are_bounded() -> None:
    counted = meter()
    for sender in range(1_000):
        counted.note(sender, 0, 1, 0, now=0.01)

    assert len(counted._tracks) == SENDERS_MAX
    assert counted.measure(0.25).datagrams == 1_000


@pytest.mark.parametrize("offset_us", [0, 123_456_789, 2**32 - 200_000])
@pytest.mark.parametrize("drift", [0.0, 50e-6, -50e-6])
def test_queueing_is_seen_whatever_the_clocks_say(offset_us: int, drift: float) -> None:
    counted = meter()

    def arrive(since: float, until: float, queue_s: float) -> int:
        now = since
        while now < until:
            sent_us = round((now - queue_s) * (1 + drift) * 1e6) + offset_us
            counted.note(7, round(now * 1_000), 1, sent_us % 2**32, now=now)
            now += 0.002
        return counted.measure(until).delay_us

    assert arrive(0.0, 30.0, 0.0) < 1_500
    assert arrive(30.0, 30.25, 0.012) == pytest.approx(12_000, abs=1_500)
    assert arrive(30.25, 30.5, 0.0) < 1_500


def test_now_and_then_a_late_wake_up_is_no_queue() -> None:
    counted = meter()
    for step in range(200):
        sent_at = step * 0.00125
        period, within = divmod(sent_at, 0.020)
        slept_until = period * 0.020 + 0.009  # each 20 ms we sleep for 9
        now = max(sent_at, slept_until) if within < 0.009 else sent_at
        counted.note(7, step, 1, round(sent_at * 1e6), now=now)

    assert counted.measure(0.26).delay_us < 1_000


def test_figures_start_anew_with_each_call() -> None:
    counted = meter()
    counted.note(7, 0, 100, 0, now=0.01)
    counted.measure(0.25)

    assert counted.measure(0.5) == (0, 0, 0, 0, 0)


def test_who_asks_seldom_hears_of_the_last_moments_only() -> None:
    counted = meter()
    step = 0
    while step * 0.01 < 10.0:
        lossy = step * 0.01 < 8.0
        counted.note(7, step * (20 if lossy else 10) + (0 if lossy else 8_000), 10, 0, step * 0.01)
        step += 1

    measured = counted.measure(10.0)

    assert measured.loss_ppm == 0
    assert measured.datagrams <= (WINDOW_S + 2 * REPORT_S) / 0.01 * 10
    assert measured.rate_bps == pytest.approx(link_bits(1_000, SIZE), rel=0.05)


def test_after_a_long_silence_only_what_is_new_counts() -> None:
    counted = meter()
    counted.note(7, 0, 100, 0, now=0.01)
    counted.note(7, 100, 1_000, 0, now=60.0)

    measured = counted.measure(60.1)

    assert measured.datagrams == 1_000


def test_what_stood_behind_the_gathering_of_a_run_is_no_queue() -> None:
    """A run of 15 ms with three stretches: only the last datagram's arrival is known."""
    counted = meter()
    for step in range(20):
        now = step * 0.015
        for stretch, before_s in enumerate((0.014, 0.007, 0.0)):
            sent_us = int((now - before_s) * 1e6)
            counted.note(7, step * 30 + stretch * 10, 10, sent_us, now=now)

    assert counted.measure(0.3).delay_us <= 1
