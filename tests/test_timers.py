"""Deadlines come in order; random waits stay in their bounds and let few speak early."""

from __future__ import annotations

from random import Random

import pytest

from mcastdist.timers import NEVER, Timers, truncated_exponential_s


def test_deadlines_come_earliest_first_and_once() -> None:
    timers: Timers[str] = Timers()
    timers.set("late", 2.0)
    timers.set("soon", 1.0)

    assert timers.wake_at() == 1.0
    assert timers.due(0.5) == []
    assert timers.due(2.0) == ["soon", "late"]
    assert timers.due(3.0) == []
    assert timers.wake_at() == NEVER


def test_a_later_wish_does_not_delay_an_earlier_one() -> None:
    timers: Timers[str] = Timers()
    timers.set("x", 1.0)
    timers.set_if_earlier("x", 5.0)
    assert timers.wake_at() == 1.0
    timers.set_if_earlier("x", 0.5)
    assert timers.wake_at() == 0.5
    timers.stop("x")
    assert not timers.is_set("x")


@pytest.mark.parametrize("group_size", [1, 10, 1_000, 100_000])
def test_waits_stay_within_their_bound(group_size: int) -> None:
    rng = Random(1)
    waits = [
        truncated_exponential_s(rng, wait_s_max=0.05, group_size=group_size) for _ in range(2_000)
    ]
    assert min(waits) >= 0.0
    assert max(waits) <= 0.05 + 1e-12


def test_of_a_large_group_few_speak_before_they_hear_the_first() -> None:
    """RFC 5740's point: with a uniform wait 20 of 1,000 would speak in the first millisecond."""
    early = []
    for seed in range(50):
        rng = Random(seed)
        waits = sorted(
            truncated_exponential_s(rng, wait_s_max=0.05, group_size=1_000) for _ in range(1_000)
        )
        early.append(sum(wait < waits[0] + 0.001 for wait in waits))
    assert sum(early) / len(early) < 5
