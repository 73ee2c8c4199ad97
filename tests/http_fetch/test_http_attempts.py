"""Attempts: when the next one comes, and what is said of one that failed."""

from __future__ import annotations

from random import Random

from mcastdist.http_fetch.attempts import RETRY_BACKOFF_S, Attempts, Exhausted
from mcastdist.timers import NEVER
from mcastdist.tracing import EventLog


def failed(attempts: Attempts, now: float, *, not_before: float = 0.0) -> float:
    """When the next attempt comes."""
    return attempts.failed("origin_refused", now, not_before=not_before).retry_at


def test_attempts_wait_by_the_table_and_then_by_its_last_line() -> None:
    attempts = Attempts((10.0, 20.0), Random(1))
    for nominal in (10.0, 20.0, 20.0):
        at = failed(attempts, 100.0)
        assert nominal <= at - 100.0 <= 1.25 * nominal
        assert failed(attempts, 101.0) == at  # it is the same failed attempt
        attempts.begin(at)
    attempts.progress()
    assert failed(attempts, 0.0) <= 12.5


def test_attempts_wait_for_the_earliest_source_and_never_without_one() -> None:
    assert failed(Attempts((10.0,), Random(1)), 0.0, not_before=500.0) == 500.0
    assert failed(Attempts((10.0,), Random(1)), 0.0, not_before=NEVER) == NEVER
    assert failed(Attempts((), Random(1)), 0.0) == NEVER


def test_the_waits_begin_at_minutes_and_end_at_hours() -> None:
    assert RETRY_BACKOFF_S[0] == 180.0
    assert RETRY_BACKOFF_S[-1] == 7200.0
    assert list(RETRY_BACKOFF_S) == sorted(RETRY_BACKOFF_S)


def test_receivers_of_one_failure_do_not_return_together() -> None:
    moments = {round(failed(Attempts((600.0,), Random(seed)), 0.0)) for seed in range(50)}
    assert len(moments) > 30


def test_exhausted_until_the_next_attempt_or_somebody_to_ask() -> None:
    attempts = Attempts((10.0,), Random(1))
    assert not attempts.is_exhausted
    failed(attempts, 0.0)
    assert attempts.is_exhausted
    attempts.resume()
    assert not attempts.is_exhausted
    assert attempts.next_at < NEVER  # the others are still tried again, at the same moment
    failed(attempts, 1.0)
    attempts.begin(20.0)
    assert not attempts.is_exhausted
    assert attempts.next_at == NEVER


def test_what_is_said_and_traced() -> None:
    log = EventLog()
    attempts = Attempts((), Random(1), trace=log)
    assert attempts.failed("no_source", 3.0, not_before=NEVER) == Exhausted("no_source", NEVER)
    attempts.begin(4.0)
    (event,) = log.named("http_fetch.exhausted")
    assert (event.at, event.fields) == (3.0, {"why": "no_source", "retry_at": NEVER})
    (event,) = log.named("http_fetch.attempt")
    assert event.fields == {"failed_before": 0}
