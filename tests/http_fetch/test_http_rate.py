"""The token bucket, on a clock that moves only when somebody sleeps."""

from __future__ import annotations

import asyncio

import pytest

from mcastdist.http_fetch.rate import RECHECK_S, RateLimit


class Watch:
    """A clock, and the sleep that moves it."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.overshoot_s = 0.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds + self.overshoot_s
        await asyncio.sleep(0)


def limit_of(rate_bps: int) -> tuple[RateLimit, Watch]:
    watch = Watch()
    return RateLimit(rate_bps, clock=watch, sleep=watch.sleep), watch


@pytest.mark.parametrize("rate_bps", [1_000_000, 20_000_000, 1_000_000_000])
@pytest.mark.parametrize("overshoot_s", [0.0, 0.0005])
async def test_within_three_percent_over_any_second(rate_bps: int, overshoot_s: float) -> None:
    limit, watch = limit_of(rate_bps)
    watch.overshoot_s = overshoot_s
    taken: list[tuple[float, int]] = []
    piece = limit.piece_bytes_max(1 << 20)
    while watch.now < 1004.0:
        await limit.take(piece)
        taken.append((watch.now, piece))
    for start in (1000.5, 1001.0, 1001.77, 1002.9):
        in_second = sum(size for at, size in taken if start < at <= start + 1.0)
        assert in_second * 8 == pytest.approx(rate_bps, rel=0.03)


async def test_two_transfers_share_it_evenly() -> None:
    limit, watch = limit_of(8_000_000)
    taken = [0, 0]

    async def transfer(which: int) -> None:
        while watch.now < 1001.0:
            await limit.take(10_000)
            taken[which] += 10_000

    await asyncio.gather(transfer(0), transfer(1))
    assert sum(taken) == pytest.approx(1_000_000, rel=0.05)
    assert abs(taken[0] - taken[1]) <= 20_000


async def test_idle_time_is_not_saved_up() -> None:
    limit, watch = limit_of(8_000_000)
    await limit.take(1)
    watch.now += 3600.0
    before = watch.now
    for _ in range(100):
        await limit.take(10_000)
    assert watch.now - before > 0.95


async def test_no_limit_never_waits_and_earns_nothing() -> None:
    limit, watch = limit_of(0)
    await limit.take(10**12)
    assert watch.now == 1000.0
    watch.now += 100.0
    limit.set(8_000_000)
    await limit.take(1_000_000)
    assert watch.now == pytest.approx(1101.0)


async def test_a_raised_rate_is_felt_by_who_waits_already() -> None:
    limit, watch = limit_of(8_000)
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        watch.now += seconds
        limit.set(0)

    limit._sleep = sleep
    await limit.take(1_000_000)  # would be a thousand seconds
    assert slept == [RECHECK_S]


def test_pieces_follow_the_rate() -> None:
    assert RateLimit(0).piece_bytes_max(1 << 20) == 1 << 20
    assert RateLimit(80_000_000).piece_bytes_max(1 << 20) == 200_000
    assert RateLimit(8_000).piece_bytes_max(1 << 20) == 2_048
    assert RateLimit(10**12).piece_bytes_max(1 << 20) == 1 << 20


def test_a_negative_rate_is_refused() -> None:
    with pytest.raises(ValueError, match="-1"):
        RateLimit(-1)
