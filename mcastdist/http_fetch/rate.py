"""How long must these bytes wait? One token bucket over all transfers of a client.

The level falls by what is taken, rises with time, and never above `BURST_S` of the rate; whoever
finds it below zero waits, the others behind him. So in any time T at most T + BURST_S of the rate
passes, plus one piece, and pieces are cut to `PIECE_S` of the rate.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

BURST_S = 0.01  # with PIECE_S below: within 3 % over any second
PIECE_S = 0.02  # fifty pieces a second, whatever the rate
PIECE_BYTES_MIN = 2_048  # smaller ones would be all overhead; matters below 0.8 Mbit/s only
SLEEP_S_MIN = 0.0005  # a shorter one may not move the clock at all; the level evens it out
RECHECK_S = 0.25  # a changed rate is felt within this time by those who wait already

Clock = Callable[[], float]
Sleep = Callable[[float], Awaitable[None]]


class RateLimit:
    """`await take(n)` returns when n bytes may pass. Rates in bits per second, 0 is no limit."""

    def __init__(
        self, rate_bps: int, *, clock: Clock | None = None, sleep: Sleep = asyncio.sleep
    ) -> None:
        self._clock = clock or (lambda: asyncio.get_running_loop().time())
        self._sleep = sleep
        self._turn = asyncio.Lock()
        self._level_bytes = 0.0
        self._seen_at: float | None = None
        self.set(rate_bps)

    def set(self, rate_bps: int) -> None:
        """Another rate from now on, also for those who wait."""
        if rate_bps < 0:
            raise ValueError(f"a rate of {rate_bps} bit/s cannot be; 0 means no limit")
        self._rate = rate_bps / 8

    @property
    def rate_bps(self) -> int:
        """The rate now; 0 is no limit."""
        return round(self._rate * 8)

    def piece_bytes_max(self, unlimited: int) -> int:
        """How much to take at once; `unlimited` without a limit."""
        if not self._rate:
            return unlimited
        return min(unlimited, max(PIECE_BYTES_MIN, int(self._rate * PIECE_S)))

    async def take(self, byte_count: int) -> None:
        """Wait until `byte_count` bytes may pass, first come, first served."""
        if not self._rate:
            self._seen_at = None  # time without a limit earns nothing
            return
        async with self._turn:
            self._refill()
            self._level_bytes -= byte_count
            while self._rate and self._level_bytes < 0:
                wait_s = -self._level_bytes / self._rate
                await self._sleep(min(max(wait_s, SLEEP_S_MIN), RECHECK_S))
                self._refill()

    def _refill(self) -> None:
        now = self._clock()
        if self._seen_at is None:
            self._level_bytes = 0.0
        else:
            self._level_bytes += (now - self._seen_at) * self._rate
        self._level_bytes = min(self._level_bytes, self._rate * BURST_S)
        self._seen_at = now
