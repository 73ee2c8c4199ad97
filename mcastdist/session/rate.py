"""How fast may the stream go? As fast as the group takes it, and not as slow as its slowest.

The rate doubles until the group complains, then falls by a quarter (PROTOCOL.md, section 6). The
fall is also an experiment, for a loss can have two causes, and only one of them is too high a rate:

    at a bottleneck of capacity C      what arrives stays C, whatever we send
    random loss (radio, a bad cable)   what arrives falls with what we send

So after a fall each receiver's goodput is compared with the one before. Where it fell with the
rate, and no queue stands, the loss that is left is that receiver's *usual loss*, and only more than
that counts as a complaint from then on. If nothing but usual loss was behind the complaint, the
former rate is taken up again; otherwise what arrived before the fall was the capacity, and the
rate goes to just under it, from where it grows slowly. (Literature: TFMCC, RFC 4654; LEDBAT,
RFC 6817, for delay as a signal; BBR for the rate of delivery as the measure of capacity.)

    starting --complaint--> testing --usual loss--> as before
       |                     |  ^ |
     doubles       capacity  |  | +--still complaints--> fall again
                             v  |
                            probing: grows slowly

"The group" is the receiver at its 85th percentile: the few that are worse fall to repair.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from mcastdist.ids import NodeId
from mcastdist.tracing import Tracer, silent
from mcastdist.wire import (
    DELAY_US_HIGH,
    LOSS_PPM_HIGH,
    RATE_BPS_MAX,
    RATE_BPS_MIN,
    RATE_BPS_START,
    REPORT_S,
    REPORTS_PER_S_MAX,
)

from .figures import USUAL_PPM_MAX, Figures, Sample, complains, group_figures, percentile

GROUP_SHARE = 0.85  # the share of the group that the rate suits
FALL = 0.75  # large enough to tell the two causes of loss apart above the noise of one report
RESUME = 0.97  # of the measured capacity: what queued up during the overrun can drain
GROWTH_STEP = 0.01  # at the capacity a step of 1 % makes 2.5 ms of queue in a report interval
GROWTH_STEP_MAX = 0.25
GROWTH_PATIENCE = 8  # quiet steps, 2 s or so, until we look for capacity that has become free
GROWTH_ACCELERATION = 1.5
USED_SHARE_MIN = 0.7  # where less arrives, it is the download that bounds us: growth proves nothing
DRAINING = 0.8  # a queue that shrank to this is on its way out, and loss beside it is not ours
REPORTS_ENOUGH = 20  # a sample that gives the percentile of any larger group
SETTLE_RISE_S = 0.5 * REPORT_S  # a report shows a rise if half of what it covers came after it
SETTLE_FALL_S = 2.0 * REPORT_S  # the longest time that one report covers: see `Meter`
ABSENT_REPORTS = 4  # who missed this many reports in a row is not waited for
FALLS_IN_VAIN = 3  # to 42 % of the rate: a bottleneck would have shown itself by then
USUAL_DELAY_US_MAX = 20_000  # a busy processor adds some milliseconds; more is a queue
IMPROVEMENT = 0.7  # a fall that helps takes this much off loss or delay; noise does not
SLOW_REPORTS = 3  # in a row, before a receiver is called slow


class _Mode(Enum):
    STARTING = "starting"
    TESTING = "testing"
    PROBING = "probing"


class _Fall(NamedTuple):
    """What to know about a fall in order to judge it."""

    rate_bps: float  # before it
    mode: _Mode  # before it, or before the first of several
    capacity_bps: float  # what arrived before it
    delay_us: float
    falls: int = 0  # in a row
    first_bps: float = 0.0  # before the first of them, and what the group had then
    first_ppm: float = 0.0
    first_delay_us: float = 0.0


class RateControl:
    """The rate of one stream, steered by its receivers' reports. Does no I/O."""

    def __init__(self, *, limit_bps: float, now: float, trace: Tracer = silent) -> None:
        """`limit_bps`: never more than this; 0 for as much as the group takes."""
        self._limit_bps = min(limit_bps or RATE_BPS_MAX, RATE_BPS_MAX)
        self._floor_bps = min(RATE_BPS_MIN, self._limit_bps)
        self._rate_bps = float(min(RATE_BPS_START, self._limit_bps))
        self._mode = _Mode.STARTING
        self._fall: _Fall | None = None
        self._quiet_steps = 0
        self._changed_at = now
        self._figures: dict[NodeId, Figures] = {}
        self._trace = trace

    # In

    def report(
        self,
        node: NodeId,
        loss_ppm: int,
        drop_ppm: int,
        delay_us: int,
        rate_bps: float,
        now: float,
    ) -> None:
        """What one receiver measured: see `Measurement`; `drop_ppm` of it is its own kernel's."""
        figures = self._figures.setdefault(node, Figures(at=now - REPORT_S))
        figures.take(Sample(loss_ppm, drop_ppm, delay_us, rate_bps), now)

    def left(self, node: NodeId) -> None:
        """A receiver is not in the stream any more."""
        self._figures.pop(node, None)

    def wake(self, now: float) -> None:
        """Decide again, if enough receivers have seen the present rate. Call after reports."""
        fresh = self._fresh(now)
        if not fresh:
            return
        self._changed_at = now
        if self._mode is _Mode.TESTING:
            self._judge(fresh, now)
        elif complains(*_group(fresh)):
            self._slow_down(fresh, now)
        elif self._is_used(fresh):
            self._grow(now)

    # Out

    @property
    def rate_bps(self) -> float:
        """What the stream may take now, in bits a second on the wire."""
        return self._rate_bps

    def slow(self, bps_min: float) -> list[NodeId]:
        """The receivers that lose or lag, and get less than `bps_min`, though we send more."""
        if self._rate_bps <= bps_min:
            return []
        return [
            node
            for node, figures in self._figures.items()
            if figures.complaints >= SLOW_REPORTS and figures.last.rate_bps < bps_min
        ]

    # Within: who shows what

    def _fresh(self, now: float) -> list[Figures]:
        """Those who show the present rate; none as long as they are too few to decide."""
        gap_s = max(REPORT_S, len(self._figures) / REPORTS_PER_S_MAX)
        present = [one for one in self._figures.values() if now - one.at < ABSENT_REPORTS * gap_s]
        fresh = [one for one in present if self._shows_present_rate(one)]
        wanted = min(len(present) - len(present) // 10, REPORTS_ENOUGH)
        return fresh if len(fresh) >= wanted else []

    def _shows_present_rate(self, figures: Figures) -> bool:
        if self._mode is _Mode.TESTING:
            covered = figures.since >= self._changed_at
            return covered or figures.at >= self._changed_at + SETTLE_FALL_S
        return figures.at >= self._changed_at + SETTLE_RISE_S

    def _is_used(self, fresh: list[Figures]) -> bool:
        offered = percentile([one.offered_bps for one in fresh], 0.5)
        return offered >= USED_SHARE_MIN * self._rate_bps

    # Within: what to do about it

    def _grow(self, now: float) -> None:
        factor = 2.0
        if self._mode is _Mode.PROBING:
            self._quiet_steps += 1
            exponent = max(0, self._quiet_steps - GROWTH_PATIENCE)
            factor = 1.0 + min(GROWTH_STEP * GROWTH_ACCELERATION**exponent, GROWTH_STEP_MAX)
        self._set(self._rate_bps * factor, "room", now)

    def _slow_down(self, fresh: list[Figures], now: float) -> None:
        """By a quarter, or at once to what arrives if that is even less."""
        capacity = percentile([one.capacity_bps for one in fresh], 1.0 - GROUP_SHARE)
        mode, proven = self._mode, capacity
        if self._fall is not None:  # one of several falls: the most that ever arrived is proven
            mode, proven = self._fall.mode, max(self._fall.capacity_bps, capacity)
        loss_ppm, delay_us = _group(fresh)
        first = self._fall or _Fall(
            self._rate_bps, mode, proven, delay_us, 0, self._rate_bps, loss_ppm, delay_us
        )
        self._fall = first._replace(
            rate_bps=self._rate_bps, capacity_bps=proven, delay_us=delay_us, falls=first.falls + 1
        )
        for figures in self._figures.values():
            figures.before = figures.last
        self._mode = _Mode.TESTING
        fallen = self._rate_bps * FALL
        if self._is_used(fresh):
            fallen = min(fallen, capacity * RESUME)
        self._set(fallen, "complaints", now)

    def _judge(self, fresh: list[Figures], now: float) -> None:
        """What did the fall show?"""
        fall = self._fall
        assert fall is not None
        self._learn(fresh, self._rate_bps / fall.rate_bps)
        loss_ppm, delay_us = _group(fresh)
        if not complains(*_group_before(fresh)):
            self._go_on(fall.mode, fall.rate_bps, "usual_loss", now)
        elif not complains(loss_ppm, delay_us):
            resumed = min(RESUME * fall.capacity_bps, fall.rate_bps)
            self._go_on(_Mode.PROBING, max(self._rate_bps, resumed), "capacity", now)
        elif DELAY_US_HIGH < delay_us <= DRAINING * fall.delay_us:
            self._fall = fall._replace(delay_us=delay_us)
        elif fall.falls >= FALLS_IN_VAIN and not _has_improved(fall, loss_ppm, delay_us):
            self._accept(fall, fresh, now)
        else:
            self._slow_down(fresh, now)

    def _accept(self, fall: _Fall, fresh: list[Figures], now: float) -> None:
        """The rate is not what they suffer from: take it up again, and grow with care."""
        for figures in fresh:
            figures.accept()
        self._go_on(_Mode.PROBING, RESUME * fall.first_bps, "in_vain", now)

    def _learn(self, fresh: list[Figures], rate_ratio: float) -> None:
        """Also for those who were not heard in time: they begin with what is usual in the group."""
        learned = [one for one in fresh if one.learn_usual_loss(rate_ratio)]
        typical = percentile([one.usual_ppm for one in learned], GROUP_SHARE)
        for figures in self._figures.values():
            if learned and not figures.has_learned:
                figures.usual_ppm = typical

    def _go_on(self, mode: _Mode, rate_bps: float, why: str, now: float) -> None:
        self._mode = mode
        self._fall = None
        self._quiet_steps = 0
        self._set(rate_bps, why, now)

    def _set(self, rate_bps: float, why: str, now: float) -> None:
        rate_bps = min(max(rate_bps, self._floor_bps), self._limit_bps)
        if rate_bps != self._rate_bps:
            self._trace(
                "session.rate", at=now, old=round(self._rate_bps), new=round(rate_bps), why=why
            )
        self._rate_bps = rate_bps


def _has_improved(fall: _Fall, loss_ppm: float, delay_us: float) -> bool:
    """True if the falls have helped; also if it is so bad that nothing else is left to try."""
    if loss_ppm > USUAL_PPM_MAX or delay_us > USUAL_DELAY_US_MAX:
        return True
    better_loss = loss_ppm <= IMPROVEMENT * fall.first_ppm and fall.first_ppm > LOSS_PPM_HIGH
    better_delay = delay_us <= IMPROVEMENT * fall.first_delay_us
    return better_loss or (better_delay and fall.first_delay_us > DELAY_US_HIGH)


def _group(fresh: list[Figures]) -> tuple[float, float]:
    """Excess loss (ppm) and delay (µs) of the receiver that stands for the group."""
    loss_ppm, _ = group_figures(((one.last, one.usual_ppm) for one in fresh), GROUP_SHARE)
    return loss_ppm, percentile([one.excess_delay_us for one in fresh], GROUP_SHARE)


def _group_before(fresh: list[Figures]) -> tuple[float, float]:
    """The same at the time of the fall, in the light of what is known to be usual now."""
    samples = ((one.before, one.usual_ppm) for one in fresh if one.before is not None)
    return group_figures(samples, GROUP_SHARE)
