"""Why was a costlier source asked? Each step up from the last one asked, counted by its reason."""

from __future__ import annotations

from collections.abc import Iterable

from mcastdist.tracing import Tracer, silent

from .sources import Health


class Fallbacks:
    """Counts steps to a costlier source past one that failed and would have been cheaper."""

    def __init__(self, *, trace: Tracer = silent) -> None:
        self._trace = trace
        self._last_rank: tuple[int, int] | None = None
        self.by_reason: dict[str, int] = {}

    def asked(self, health: Health, *, instead_of: Iterable[Health], now: float) -> None:
        """This source is asked; `instead_of` are all that might have been."""
        rank = health.source.rank
        passed = [one for one in instead_of if one.source.rank < rank and one.reason]
        if passed and (self._last_rank is None or rank > self._last_rank):
            best = min(passed, key=lambda one: one.source.rank)
            why = f"{best.source.kind}_{best.reason}"
            self.by_reason[why] = self.by_reason.get(why, 0) + 1
            self._trace("http_fetch.fallback", at=now, why=why, passed=best.source.address,
                        to=health.source.kind, source=health.source.address)  # fmt: skip
        self._last_rank = rank
