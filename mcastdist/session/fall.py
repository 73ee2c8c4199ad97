"""How far does the rate fall, and what did the fall show?

A first fall is large enough to tell causes apart above the noise of one report; or small, where a
capacity is known and was only just exceeded: then what queued up has to drain, and no more. If a
fall does not help, further ones are larger, down to a share of the capacity: a bottleneck, or a
queue of our own, would have shown itself by then. What is left is not our doing:

    loss, or a delay of some milliseconds    a bad cable, a busy processor: go on as before
    a queue                                  others': hold the share, which leaves the rest to them
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from mcastdist.wire import DELAY_US_HIGH, LOSS_PPM_HIGH

from .figures import FLOODED_PPM, USUAL_PPM_MAX, complains
from .group import Group

FALL = 0.75  # large enough to tell causes apart
FALL_AGAIN = 0.5  # the queue is not ours, or the capacity far away
EASE = 0.93  # drains the 5 ms that made the complaint in 70 ms, and costs little
EASE_RATE_MAX = 1.25  # of the capacity that is known: further beyond it is not known any more
DRAIN = 0.85  # of what arrives: a queue of 30 ms is gone in 0.2 s
RESUME = 0.98  # of the measured capacity: what queued up during the overrun can drain
DRAINING = 0.8  # a queue that shrank to this is on its way out, and loss beside it is not ours
FALLS_MIN = 2  # before anything is called vain
SHARE_REACHED = 1.05
USUAL_DELAY_US_MAX = 10_000  # a busy processor adds some milliseconds; more is a queue
IMPROVEMENT = 0.7  # a fall that helps takes this much off loss or delay; noise does not


class Mode(Enum):
    """What the rate does."""

    STARTING = "starting"
    TESTING = "testing"
    STEADY = "steady"
    YIELDING = "yielding"


class Verdict(Enum):
    """What a fall has shown; the values stand in the trace."""

    USUAL_LOSS = "usual_loss"
    CAPACITY = "capacity"
    DRAINING = "draining"
    IN_VAIN = "in_vain"
    OTHERS = "others"
    UNKNOWN = "complaints"


class Fall(NamedTuple):
    """A fall, or several in a row, and how things were before."""

    mode: Mode  # before the first
    rate_bps: float  # before the last
    sent_bps: float  # the same, as far as the rate was used
    capacity_bps: float  # the most that arrived before any of them, and
    usual_share: float  # the usual loss that was made up for in that
    delay_us: float
    falls: int
    is_eased: bool  # too small to tell causes apart
    first_bps: float  # the rate before the first, and what the group had then
    first_ppm: float
    first_delay_us: float
    is_peak: bool = False  # `delay_us` is what the queue had come to when the fall took effect

    def capacity_now(self, group: Group) -> float:
        """The capacity, in the light of what has arrived since, and of what is usual."""
        before_bps = self.capacity_bps * (1.0 - self.usual_share) / (1.0 - group.usual_share)
        return max(before_bps, group.capacity_bps)

    def verdict(self, group: Group, rate_bps: float, *, share: float, floor_bps: float) -> Verdict:
        """Judge by what the group has at `rate_bps`."""
        loss_ppm, delay_us = group.now
        before = group.before
        # A queue is no usual loss, whoever of the group is heard now.
        if before is not None and self.delay_us <= DELAY_US_HIGH and not complains(*before):
            return Verdict.USUAL_LOSS
        if not complains(loss_ppm, delay_us):
            return Verdict.CAPACITY
        if self._drains(loss_ppm, delay_us):
            return Verdict.DRAINING
        bottom_bps = max(SHARE_REACHED * share * self.capacity_bps, floor_bps)
        if self.falls < FALLS_MIN or rate_bps > bottom_bps or not is_small(loss_ppm):
            return Verdict.UNKNOWN
        if delay_us > USUAL_DELAY_US_MAX:
            return Verdict.OTHERS
        return Verdict.UNKNOWN if self._has_helped(loss_ppm, delay_us) else Verdict.IN_VAIN

    def _drains(self, loss_ppm: float, delay_us: float) -> bool:
        """Until a first fall took effect the queue had grown on: what it came to shows only now."""
        if delay_us <= DELAY_US_HIGH:
            return False
        is_its_peak = self.falls == 1 and not (self.is_peak or self.is_eased)
        return (is_its_peak and loss_ppm <= LOSS_PPM_HIGH) or delay_us <= DRAINING * self.delay_us

    def _has_helped(self, loss_ppm: float, delay_us: float) -> bool:
        less_loss = self.first_ppm > LOSS_PPM_HIGH and loss_ppm <= IMPROVEMENT * self.first_ppm
        less_delay = delay_us <= IMPROVEMENT * self.first_delay_us
        return less_loss or (self.first_delay_us > DELAY_US_HIGH and less_delay)


def fall_first(
    group: Group, rate_bps: float, sent_bps: float, *, mode: Mode, ceiling_bps: float
) -> tuple[Fall, float]:
    """A fall, and the rate to fall to; `ceiling_bps`: the capacity that is known, or 0."""
    loss_ppm, delay_us = group.now
    capacity_bps = group.capacity_bps
    eased = rate_bps <= EASE_RATE_MAX * ceiling_bps and loss_ppm < FLOODED_PPM
    fall = Fall(
        mode=mode, rate_bps=rate_bps, sent_bps=sent_bps, capacity_bps=capacity_bps,
        usual_share=group.usual_share, delay_us=delay_us, falls=1, is_eased=eased,
        first_bps=rate_bps, first_ppm=loss_ppm, first_delay_us=delay_us,
    )  # fmt: skip
    if eased:
        return fall, EASE * min(sent_bps, max(capacity_bps, FALL * sent_bps))
    return fall, min(FALL * sent_bps, DRAIN * capacity_bps)


def fall_again(fall: Fall, group: Group, sent_bps: float, *, share: float) -> tuple[Fall, float]:
    """A further fall: at once to what arrives, if that is less; to the share, but for great loss.

    After one that was too small to show anything, it is a first one.
    """
    loss_ppm, delay_us = group.now
    capacity_bps = group.capacity_bps  # a flood shows what it is; less may be chance
    if loss_ppm < FLOODED_PPM:
        capacity_bps = max(capacity_bps, fall.capacity_now(group))
    factor = FALL if fall.is_eased else FALL_AGAIN
    to_bps = min(factor * sent_bps, DRAIN * group.capacity_bps)
    if is_small(loss_ppm):
        to_bps = max(to_bps, share * capacity_bps)
    return fall._replace(
        rate_bps=sent_bps,
        sent_bps=sent_bps,
        capacity_bps=capacity_bps,
        usual_share=group.usual_share,
        delay_us=delay_us,
        falls=fall.falls + (not fall.is_eased),
        is_eased=False,
        is_peak=False,
    ), min(to_bps, sent_bps)


def is_small(loss_ppm: float) -> bool:
    """True of a loss that may be usual."""
    return loss_ppm <= USUAL_PPM_MAX
