"""What receivers report, and that a thousand of them do not drown their representative."""

from __future__ import annotations

import pytest
from node_kit import BLOCKS, SYMBOLS, announce, configuration, environment, hear, package, streamed

from mcastdist.node import Package
from mcastdist.node.intake import Intake
from mcastdist.node.reporting import (
    EARLY_REPORT_S,
    EARLY_S,
    JOIN_SPREAD_S_MAX,
    SPREAD_S_MIN,
    STEADY_REPORT_S,
    Reporter,
    lacked_altogether,
    shortened,
)
from mcastdist.ranges import RangeSet
from mcastdist.session import Measurement
from mcastdist.timers import NEVER
from mcastdist.wire import (
    MISSING_RANGES_MAX,
    REPORT_S,
    REPORTS_PER_S_MAX,
    Announce,
    Phase,
    ReceiverState,
    Report,
)


def _reporter(told: Announce | None = None, seed: int = 1) -> Reporter:
    return Reporter(told or announce(), config=configuration(), env=environment(seed=seed), now=0.0)


def _report(reporter: Reporter, held: Package | None, intake: Intake | None = None) -> Report:
    return reporter.report(
        ReceiverState.RECEIVING, reason="", weight=7, package=held, intake=intake, receivers=1,
        now=9.0,
    )  # fmt: skip


def _intake(held: range = range(0)) -> Intake:
    told = announce(Phase.STREAMING)
    return Intake(task="task", package=package(held), announce=told, env=environment(), now=0.0)


def test_a_report_tells_what_is_held_and_what_is_lacked() -> None:
    report = _report(_reporter(), package([0, 1, 5]))
    assert report.held_blocks == 3
    assert report.missing == ((2, 3), (6, 2))
    assert (report.weight, report.http_port) == (7, 8_000)


def test_without_a_manifest_there_is_nothing_to_tell() -> None:
    report = _report(_reporter(), None)
    assert (report.held_blocks, report.missing) == (0, ())


def test_what_parity_can_repair_is_not_lacked_altogether() -> None:
    intake = _intake()
    sent = streamed(range(BLOCKS))
    half = SYMBOLS // 2 + 1
    hear(intake.stream, sent[:half] + sent[SYMBOLS : SYMBOLS + half - 1] + sent[-1:], now=0.0)
    intake.passed(BLOCKS, now=0.0)

    lacked = lacked_altogether(package(), intake, 5.0)
    assert 0 not in lacked  # more than half of it is here
    assert 1 in lacked
    assert 2 in lacked


def test_measurements_are_those_of_the_stream_and_of_this_machines_kernel() -> None:
    reporter, intake = _reporter(), _intake()
    sent = streamed(range(BLOCKS))
    hear(intake.stream, [one for number, one in enumerate(sent) if number % 4], now=0.1)
    reporter.kernel_drops(5_000_000)
    reporter.measure(intake, 0.3)

    report = _report(reporter, package(), intake)
    assert report.loss_ppm == pytest.approx(250_000, abs=20_000)
    assert report.drop_ppm == 1_000_000  # no more than all
    assert report.rate_bps > 0


@pytest.mark.parametrize("holes", [1, MISSING_RANGES_MAX, MISSING_RANGES_MAX + 1, 500])
def test_many_ranges_are_shortened_to_few_that_cover_them(holes: int) -> None:
    missing = RangeSet((10 * hole, 10 * hole + 3) for hole in range(holes))
    ranges = shortened(missing)
    assert len(ranges) <= MISSING_RANGES_MAX
    covered = RangeSet((first, first + count) for first, count in ranges)
    assert all(covered.covers(start, stop) for start, stop in missing)
    assert holes > MISSING_RANGES_MAX or covered == missing


def test_the_smallest_gaps_are_filled_first() -> None:
    missing = RangeSet((100 * at, 100 * at + 50) for at in range(MISSING_RANGES_MAX))
    missing.add(52, 60)  # a gap of two
    assert len(shortened(missing)) == MISSING_RANGES_MAX
    assert shortened(missing)[0] == (0, 60)


def _say(reporter: Reporter, state: ReceiverState, receivers: int, now: float) -> float:
    """Report; when the next is due."""
    reporter.report(
        state, reason="", weight=50, package=None, intake=None, receivers=receivers, now=now
    )
    return reporter.due_at


def test_the_first_report_comes_quickly_in_a_small_group() -> None:
    assert all(_reporter(seed=seed).due_at <= SPREAD_S_MIN for seed in range(50))


def test_with_time_until_the_start_first_reports_are_spread_over_a_part_of_it() -> None:
    soon = [_reporter(announce(delay_ms=600), seed).due_at for seed in range(200)]
    later = [_reporter(announce(delay_ms=60_000), seed).due_at for seed in range(200)]
    assert 0.08 < max(soon) <= 0.1
    assert 1.8 < max(later) <= JOIN_SPREAD_S_MAX


def test_first_reports_are_spread_further_when_more_have_joined_than_was_thought() -> None:
    reporter = _reporter()
    at_first = reporter.due_at
    assert not reporter.is_due(1_000, at_first)
    assert at_first * 100 < reporter.due_at <= 1_000 / REPORTS_PER_S_MAX
    assert reporter.is_due(1_000, reporter.due_at)


def test_news_wait_for_the_first_report_and_hasten_all_others() -> None:
    reporter = _reporter(announce(delay_ms=60_000))
    at_first = reporter.due_at
    reporter.soon(1, 0.0)
    assert reporter.due_at == at_first
    _say(reporter, ReceiverState.JOINED, 1, at_first)
    reporter.soon(1, at_first + 0.5)
    assert reporter.due_at <= at_first + 0.5 + SPREAD_S_MIN


@pytest.mark.parametrize(
    "state", [ReceiverState.JOINED, ReceiverState.RECEIVING, ReceiverState.REPAIRING]
)
def test_a_thousand_report_a_hundred_times_a_second_at_the_most(state: ReceiverState) -> None:
    reporter = _reporter()
    gaps = [_say(reporter, state, 1_000, 0.0) for _ in range(1_000)]
    assert sum(1 / gap for gap in gaps) <= 1.1 * REPORTS_PER_S_MAX


def test_a_few_report_often_while_they_receive_and_seldom_otherwise() -> None:
    reporter = _reporter()
    assert _say(reporter, ReceiverState.RECEIVING, 3, 0.0) <= 1.25 * REPORT_S
    assert _say(reporter, ReceiverState.JOINED, 3, 0.0) >= 0.75 * STEADY_REPORT_S


@pytest.mark.parametrize(
    ("rate_bps", "now", "gap_s"),
    [(10**8, 0.5, EARLY_REPORT_S), (10**8, EARLY_S + 0.1, REPORT_S), (10**7, 0.5, REPORT_S)],
)
def test_in_a_streams_first_second_the_rate_hears_more_often_unless_there_is_little_to_tell(
    monkeypatch: pytest.MonkeyPatch, rate_bps: int, now: float, gap_s: float
) -> None:
    intake = _intake()
    measured = Measurement(0, 0, rate_bps, 50, 50 * 1_472)
    monkeypatch.setattr(intake, "measure", lambda now: measured)
    reporter = _reporter()
    _say(reporter, ReceiverState.RECEIVING, 3, 0.0)
    reporter.measure(intake, now)
    wait_s = _say(reporter, ReceiverState.RECEIVING, 3, now) - now
    assert 0.7 * gap_s <= wait_s <= 1.3 * gap_s


def test_who_reported_when_few_were_known_waits_its_turn_among_many() -> None:
    reporter = _reporter()
    _say(reporter, ReceiverState.JOINED, 100, 0.0)
    due = reporter.due_at
    assert not reporter.is_due(2_000, due)
    assert 3 * due < reporter.due_at <= 25.0
    assert reporter.is_due(2_000, reporter.due_at)


def test_news_do_not_wait_for_that_turn() -> None:
    reporter = _reporter()
    _say(reporter, ReceiverState.RECEIVING, 1, 0.0)
    reporter.soon(1, 0.05)
    assert reporter.is_due(2_000, 0.05 + SPREAD_S_MIN)


def test_who_is_done_or_gone_reports_no_more() -> None:
    assert _say(_reporter(), ReceiverState.DONE, 3, 0.0) == NEVER
    assert _say(_reporter(), ReceiverState.LEFT, 3, 0.0) == NEVER
    reporter = _reporter()
    reporter.stop()
    assert not reporter.is_due(1_000, 1e9)
