"""Promises of the rate: it fills a bottleneck, spares it, and is not fooled by random loss."""

from __future__ import annotations

import pytest
from bottleneck import Link, Network

from mcastdist.ids import NodeId
from mcastdist.session import RateControl
from mcastdist.session.rate import EVEN_SHARE, HEADROOM, YIELDED_SHARE
from mcastdist.tracing import EventLog
from mcastdist.wire import RATE_BPS_MAX, RATE_BPS_MIN, RATE_BPS_START, REPORT_S

GIGABIT = 1e9


def report(
    rate: RateControl,
    now: float,
    *,
    node: int = 1,
    loss: float = 0.0,
    drop: float = 0.0,
    delay_us: int = 0,
    rate_bps: float = 0.0,
) -> None:
    arrived = rate_bps or rate.rate_bps * (1.0 - loss)
    rate.report(NodeId(node), round(loss * 1e6), round(drop * 1e6), delay_us, arrived, now=now)
    rate.wake(now)


@pytest.mark.parametrize("capacity_bps", [1e9, 200e6, 20e6])
@pytest.mark.parametrize("receivers", [1, 3, 10, 40])
@pytest.mark.parametrize("queue_s", [0.002, 0.03])
def test_a_bottleneck_is_filled_within_two_seconds_and_kept_filled(
    capacity_bps: float, receivers: int, queue_s: float
) -> None:
    network = Network([Link(capacity_bps, queue_s) for _ in range(receivers)], seed=receivers)

    network.run(2.0)

    assert min(network.mean_arrival_bps(6.0)) >= 0.9 * capacity_bps
    overrun_s = sum(rate > 1.1 * capacity_bps for rate in network.rates) * 0.001
    assert overrun_s < 1.0


@pytest.mark.parametrize("capacity_bps", [1e9, 200e6, 20e6])
@pytest.mark.parametrize("loss", [0.01, 0.03, 0.05, 0.1])
@pytest.mark.parametrize("receivers", [1, 10, 40])
def test_random_loss_does_not_collapse_the_rate(
    capacity_bps: float, loss: float, receivers: int
) -> None:
    links = [Link(capacity_bps, loss=loss) for _ in range(receivers)]
    network = Network(links, seed=receivers)

    network.run(3.0)

    assert min(network.mean_arrival_bps(6.0)) >= 0.9 * capacity_bps * (1.0 - loss)
    assert sum(rate > 1.2 * capacity_bps for rate in network.rates[3_000:]) == 0


def test_random_loss_that_begins_later_is_learned_too() -> None:
    network = Network([Link(GIGABIT) for _ in range(10)])
    network.run(3.0)
    for link in network.links:
        link.loss = 0.05

    network.run(2.0)

    assert min(network.mean_arrival_bps(4.0)) >= 0.9 * GIGABIT * 0.95


def test_one_slow_receiver_among_ten_does_not_slow_the_rest() -> None:
    network = Network([Link(GIGABIT) for _ in range(9)] + [Link(10e6)])

    network.run(2.0)

    assert min(network.mean_arrival_bps(6.0)[:9]) >= 0.9 * GIGABIT


@pytest.mark.parametrize("others", [1, 2, 3, 5])
@pytest.mark.parametrize("capacity_bps", [1e9, 200e6])
def test_a_straggler_is_told_to_leave_within_a_second_and_costs_the_others_nothing(
    others: int, capacity_bps: float
) -> None:
    alike = Network([Link(capacity_bps) for _ in range(others)], seed=others)
    network = Network([Link(capacity_bps) for _ in range(others)] + [Link(capacity_bps / 10)])
    straggler, seconds = NodeId(others), 0.0
    while straggler not in network.rate.slow(2_000_000) and seconds < 1.5:
        network.run(0.1)
        seconds += 0.1
    assert network.rate.slow(2_000_000) == [straggler]
    network.leave(others)

    alike.run(seconds)
    network.run(8.0 - seconds)
    alike.run(8.0 - seconds)
    undisturbed = min(link.total for link in alike.links)
    assert min(link.total for link in network.links[:others]) >= 0.95 * undisturbed


def test_a_complaint_by_chance_costs_little() -> None:
    """A receiver's machine is busy for a moment, and its figures of that moment are wrong."""
    network = Network([Link(GIGABIT)])
    network.run(3.0)

    network.rate.report(NodeId(0), 0, 0, 30_000, 0.4 * GIGABIT, now=network.now)
    network.rate.wake(network.now)

    assert network.mean_arrival_bps(4.0)[0] >= 0.92 * GIGABIT


def test_who_has_not_reported_yet_is_waited_for_but_not_for_long() -> None:
    rate = RateControl(limit_bps=0, now=0.0)
    rate.report(NodeId(1), 900_000, 0, 30_000, 10e6, now=0.1)
    rate.wake(0.2, receivers=4)
    assert rate.rate_bps == RATE_BPS_START

    rate.report(NodeId(1), 900_000, 0, 30_000, 10e6, now=1.0)
    rate.wake(1.0, receivers=4)
    assert rate.rate_bps < RATE_BPS_START


def test_who_has_not_seen_the_rate_says_nothing_about_it() -> None:
    """One of four reports late: what it said of the rate before does not excuse the present one."""
    rate = RateControl(limit_bps=0, now=0.0)
    for node in range(4):
        rate.report(NodeId(node), 0, 0, 0, 100e6, now=0.25)
    rate.wake(0.25)
    for node in range(3):
        rate.report(NodeId(node), 0, 0, 8_000 if node else 0, 150e6, now=0.5)
    rate.wake(0.5)
    fallen = rate.rate_bps
    for node in (0, 3, 1):
        rate.report(NodeId(node), 0, 0, 0, 140e6, now=1.1)
    rate.wake(1.1)

    assert fallen < 2 * RATE_BPS_START
    assert rate.rate_bps < 1.6 * RATE_BPS_START


def test_two_slow_receivers_among_ten_are_the_group() -> None:
    network = Network([Link(GIGABIT) for _ in range(8)] + [Link(100e6), Link(100e6)])

    network.run(3.0)
    network.mean_arrival_bps(4.0)

    assert network.rate.rate_bps < 1.2 * 100e6


def test_capacity_that_becomes_free_is_found_and_one_that_goes_is_given_back() -> None:
    network = Network([Link(100e6) for _ in range(5)])
    network.run(4.0)

    for link in network.links:
        link.rate_bps = 400e6
    network.run(8.0)
    assert min(network.mean_arrival_bps(3.0)) >= 0.85 * 400e6

    for link in network.links:
        link.rate_bps, link.queued = 100e6, 0.0
    network.run(1.5)
    assert network.rate.rate_bps < 1.1 * 100e6
    assert min(network.mean_arrival_bps(3.0)) >= 0.85 * 100e6


def test_a_full_queue_does_not_stand() -> None:
    network = Network([Link(GIGABIT, queue_s=0.3) for _ in range(3)])
    network.run(4.0)
    for link in network.links:
        link.waits.clear()

    worst = 0.0
    for _ in range(40):
        network.run(0.1)
        worst = max(worst, *(link.queued / link.rate_bps for link in network.links))

    assert worst < 0.03


def test_a_stream_that_waits_for_its_download_stays_a_little_ahead_of_it() -> None:
    network = Network([Link(10e9) for _ in range(3)])
    network.offered_bps = 50e6

    network.run(20.0)

    assert HEADROOM * 50e6 <= network.rate.rate_bps <= 2 * HEADROOM * 50e6


def test_the_limit_is_never_exceeded_and_a_small_one_is_kept_through_loss() -> None:
    network = Network([Link(GIGABIT, loss=0.05) for _ in range(4)], limit_bps=50e6)
    network.run(4.0)
    assert max(network.rates) <= 50e6
    assert min(network.mean_arrival_bps(3.0)) >= 0.9 * 50e6 * 0.95

    assert RateControl(limit_bps=300_000, now=0.0).rate_bps == 300_000
    assert RateControl(limit_bps=0, now=0.0).rate_bps == RATE_BPS_START


def test_it_doubles_with_each_report_until_the_group_complains_then_falls_by_a_quarter() -> None:
    trace = EventLog()
    rate = RateControl(limit_bps=0, now=0.0, trace=trace)

    for step in range(1, 4):
        report(rate, step * REPORT_S)
    assert rate.rate_bps == 8 * RATE_BPS_START
    report(rate, 4 * REPORT_S, delay_us=50_000)
    assert rate.rate_bps == 8 * RATE_BPS_START  # all that was sent arrived: it may be chance
    report(rate, 5 * REPORT_S, delay_us=50_000)

    assert rate.rate_bps == 6 * RATE_BPS_START
    told = [event.fields["why"] for event in trace.events if event.name == "session.rate"]
    assert told == ["room"] * 3 + ["complaints"]


def test_it_stays_between_the_lowest_rate_and_the_highest() -> None:
    rate = RateControl(limit_bps=0, now=0.0)
    for step in range(1, 40):
        report(rate, step * REPORT_S)
    assert rate.rate_bps == RATE_BPS_MAX

    for step in range(40, 200):
        report(rate, step * REPORT_S, loss=0.9)
    assert rate.rate_bps == RATE_BPS_MIN


def test_loss_with_no_queue_at_the_lowest_rate_is_not_our_doing() -> None:
    rate = RateControl(limit_bps=0, now=0.0)
    for step in range(1, 60):
        report(rate, step * REPORT_S, loss=0.9, delay_us=100_000)
    assert rate.rate_bps == RATE_BPS_MIN

    for step in range(60, 200):
        report(rate, step * REPORT_S, loss=0.1)
    assert rate.rate_bps > 10 * RATE_BPS_MIN


@pytest.mark.parametrize(("foreground", "share"), [(False, YIELDED_SHARE), (True, EVEN_SHARE)])
def test_a_queue_that_others_keep_full_leaves_us_a_share_until_it_is_gone(
    foreground: bool, share: float
) -> None:
    rate = RateControl(limit_bps=100e6, foreground=foreground, now=0.0)
    for step in range(1, 60):
        report(rate, step * REPORT_S, delay_us=25_000)
    assert rate.rate_bps == pytest.approx(share * 100e6, rel=0.1)

    for step in range(60, 80):
        report(rate, step * REPORT_S)
    assert rate.rate_bps > 0.95 * 100e6


def test_loss_and_small_delays_that_no_fall_changes_do_not_collapse_the_rate() -> None:
    """A busy machine: 5 % lost and 8 ms of delay at any rate, so the rate is not the cause."""
    rate = RateControl(limit_bps=0, now=0.0)
    for step in range(1, 120):
        report(rate, step * REPORT_S, loss=0.05, delay_us=8_000)
    assert rate.rate_bps > RATE_BPS_START / 2


@pytest.mark.parametrize(("dropping", "falls"), [(4, False), (6, True)])
def test_kernel_drops_count_only_when_half_of_the_group_has_them(
    dropping: int, falls: bool
) -> None:
    rate = RateControl(limit_bps=0, now=0.0)
    for node in range(10):
        drop_ppm = 300_000 if node < dropping else 0
        rate.report(NodeId(node), drop_ppm, drop_ppm, 0, 0.7 * rate.rate_bps, now=REPORT_S)
    rate.wake(REPORT_S)

    assert (rate.rate_bps < RATE_BPS_START) == falls


def test_who_gets_too_little_for_some_time_is_slow_until_it_leaves() -> None:
    network = Network([Link(GIGABIT) for _ in range(9)] + [Link(1e6)])
    network.run(0.3)
    assert network.rate.slow(2_000_000) == []

    network.run(2.0)
    assert network.rate.slow(2_000_000) == [NodeId(9)]
    assert network.rate.slow(0) == []

    network.rate.left(NodeId(9))
    assert network.rate.slow(2_000_000) == []


def test_nobody_is_slow_because_little_is_sent() -> None:
    network = Network([Link(GIGABIT) for _ in range(3)])
    network.offered_bps = 1e6
    network.run(3.0)

    assert network.rate.slow(2_000_000) == []


def test_a_receiver_that_fell_silent_does_not_hold_up_the_others() -> None:
    rate = RateControl(limit_bps=0, now=0.0)
    report(rate, REPORT_S, node=1)
    report(rate, REPORT_S, node=2)
    before = rate.rate_bps
    for step in range(2, 10):
        report(rate, step * REPORT_S, node=1)

    assert rate.rate_bps > before


def test_reports_without_sense_do_no_harm() -> None:
    rate = RateControl(limit_bps=0, now=0.0)
    for step in range(1, 30):
        rate.report(NodeId(1), 1_000_000, 1_000_000, 2**32 - 1, 0, now=step * REPORT_S)
        rate.wake(step * REPORT_S)
    rate.left(NodeId(1))
    rate.left(NodeId(1))
    rate.wake(100.0)

    assert RATE_BPS_MIN <= rate.rate_bps <= RATE_BPS_START
