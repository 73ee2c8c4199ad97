"""What does a receiver tell its representative, and how often? (PROTOCOL.md, section 6)

A thousand receivers must not drown the one that hears them all: whatever makes all of them speak
at once (a session that opens, a stream that begins or ends) is spread over as much time as
REPORTS_PER_S_MAX asks for.
"""

from __future__ import annotations

from mcastdist.ranges import RangeSet
from mcastdist.timers import NEVER
from mcastdist.wire import (
    MISSING_RANGES_MAX,
    REPORT_S,
    REPORTS_PER_S_MAX,
    Announce,
    ReceiverState,
    Report,
)

from .commands import Package
from .config import NodeConfig
from .environment import Environment
from .intake import Intake

# At the beginning the rate has to find its place: each report lets it double.
EARLY_S = 1.5  # this long
EARLY_REPORT_S = 0.06
EARLY_DATAGRAMS_MIN = 200  # of fewer, the loss of one or two would look like much
STEADY_REPORT_S = 5.0  # while nothing changes: well under the representative's idle time-out
SPREAD_S_MIN = 0.05
JOIN_SPREAD_S_MAX = 2.0  # when nobody knows yet how many join: a thousand make 500 a second
JOIN_SPREAD_SHARE = 1 / 6  # of the time that is left until the start
OVER = (ReceiverState.DONE, ReceiverState.LEFT)


class Reporter:
    """Makes the reports of one receiver in one session, and says when the next is due."""

    def __init__(
        self, announce: Announce, *, config: NodeConfig, env: Environment, now: float
    ) -> None:
        self._session = announce.session
        self._config = config
        self._env = env
        self._measured = (0, 0, 0, 0)  # loss_ppm, drop_ppm, delay_us, rate_bps
        self._datagrams_per_s = 0.0  # by the last measurement
        self._streams_since = NEVER
        self._kernel_drops = 0
        self._has_reported = False
        self._said_at = now
        self._joined_at = now
        self._place = env.rng.random()  # among those who join, 0 to 1
        delay_s = announce.delay_ms / 1000
        self._join_spread_s = min(delay_s * JOIN_SPREAD_SHARE, JOIN_SPREAD_S_MAX)
        self.due_at = self._first_at(announce.receivers)
        self._steady_at = self.due_at
        self._gap = (0.0, 1.0)  # of the next steady report: the least, and our share of the spread

    # In

    def soon(self, receivers: int, now: float) -> None:
        """There is something to tell. A thousand that have it together must not tell it together.

        The first report waits for its own turn: it will tell that too.
        """
        if self._has_reported:
            self.due_at = min(self.due_at, now + _spread_s(receivers) * self._env.rng.random())

    def is_due(self, receivers: int, now: float) -> bool:
        """True if it is time; if there are more of us than we thought, our turn comes later."""
        if self.due_at == self._steady_at != NEVER:
            self.due_at = self._steady_at = max(self.due_at, self._steadily_at(receivers))
        return now >= self.due_at

    def kernel_drops(self, per_million: int) -> None:
        """The share of datagrams that this machine's kernel dropped since the last report."""
        self._kernel_drops = min(1_000_000, per_million)

    def measure(self, intake: Intake, now: float) -> None:
        """Take what the stream has measured since the last time."""
        measured = intake.measure(now)
        self._measured = (
            measured.loss_ppm, self._kernel_drops, measured.delay_us, measured.rate_bps,
        )  # fmt: skip
        bits = max(1, measured.bytes * 8)
        self._datagrams_per_s = measured.datagrams * measured.rate_bps / bits

    def stop(self) -> None:
        """No report is due any more."""
        self.due_at = NEVER

    # Out

    def report(
        self,
        state: ReceiverState,
        *,
        reason: str,
        weight: int,
        package: Package | None,
        intake: Intake | None,
        receivers: int,
        now: float,
    ) -> Report:
        """Where we stand now. The next is due after a while, unless there is nothing to come."""
        self._has_reported, self._said_at = True, now
        self._gap = (self._gap_s(state, now), 0.75 + 0.5 * self._env.rng.random())
        self.due_at = self._steady_at = NEVER if state in OVER else self._steadily_at(receivers)
        loss_ppm, drop_ppm, delay_us, rate_bps = self._measured
        return Report(
            session=self._session,
            state=state,
            held_blocks=package.held.count if package else 0,
            loss_ppm=loss_ppm,
            drop_ppm=drop_ppm,
            delay_us=delay_us,
            rate_bps=rate_bps,
            datagram_bytes_max=self._config.datagram_bytes_max,
            weight=weight,
            http_port=self._config.http_port,
            missing=shortened(lacked_altogether(package, intake, now)) if package else (),
            reason=reason,
        )

    # Within

    def _gap_s(self, state: ReceiverState, now: float) -> float:
        if state is not ReceiverState.RECEIVING:
            return STEADY_REPORT_S
        self._streams_since = min(self._streams_since, now)
        is_early = now - self._streams_since < EARLY_S
        is_enough = self._datagrams_per_s * EARLY_REPORT_S >= EARLY_DATAGRAMS_MIN
        return EARLY_REPORT_S if is_early and is_enough else REPORT_S

    def _first_at(self, receivers: int) -> float:
        return self._joined_at + self._place * max(self._join_spread_s, _spread_s(receivers))

    def _steadily_at(self, receivers: int) -> float:
        if not self._has_reported:
            return self._first_at(receivers)
        gap_s, share = self._gap
        return self._said_at + share * max(gap_s, receivers / REPORTS_PER_S_MAX)


def _spread_s(receivers: int) -> float:
    return max(SPREAD_S_MIN, receivers / REPORTS_PER_S_MAX)


def lacked_altogether(package: Package, intake: Intake | None, now: float) -> RangeSet:
    """The blocks that a further round would have to bring: parity is of no use for them."""
    missing = package.missing
    if intake is not None:
        for start, stop in intake.repairable(now):
            missing.remove(start, stop)
    return missing


def shortened(missing: RangeSet) -> tuple[tuple[int, int], ...]:
    """At most MISSING_RANGES_MAX ranges (first, count) over `missing`; small gaps are filled."""
    ranges = list(missing)
    while len(ranges) > MISSING_RANGES_MAX:
        gaps = [ranges[i + 1][0] - ranges[i][1] for i in range(len(ranges) - 1)]
        at = gaps.index(min(gaps))
        ranges[at : at + 2] = [(ranges[at][0], ranges[at + 1][1])]
    return tuple((start, stop - start) for start, stop in ranges)
