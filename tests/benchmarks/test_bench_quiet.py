"""A run waits for a quiet machine, but not for ever."""

from __future__ import annotations

import pytest

from bench import quiet, sheet
from bench.sheet import Sheet


@pytest.mark.parametrize(("shares", "came"), [([0.1, 0.9], True), ([0.1, 0.2, 0.3], False)])
def test_waiting_ends_with_the_quiet_or_with_patience(
    monkeypatch: pytest.MonkeyPatch, shares: list[float], came: bool
) -> None:
    clock, told = [0.0], iter(shares)

    def share(span_s: float) -> float:
        clock[0] += span_s
        return next(told)

    monkeypatch.setattr(quiet, "idle_share", share)
    monkeypatch.setattr(quiet.time, "monotonic", lambda: clock[0])

    assert quiet.await_quiet(3.0) is came


def test_a_share_is_a_share() -> None:
    assert 0.0 <= quiet.idle_share(0.05) <= 1.0


def test_runs_on_a_busy_machine_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet, "await_quiet", lambda patience_s: patience_s > 2.0)
    hasty, patient = Sheet(loud=False, patience_s=1.0), Sheet(loud=False, patience_s=3.0)
    for one in (hasty, patient):
        with one.trial("a"):
            pass

    assert (hasty.busy_runs, patient.busy_runs) == (1, 0)
