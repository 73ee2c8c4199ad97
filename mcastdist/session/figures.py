"""What do we know of one receiver? Its last report, and the loss it always has."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from mcastdist.wire import DELAY_US_HIGH, LOSS_PPM_HIGH

MILLION = 1_000_000
USUAL_PPM_MAX = 150_000  # loss above 15 % is never taken for usual: a stream is no use through it
USUAL_TOLERANCE = 0.5  # usual loss swings by about half of itself over one report of a slow stream
USUAL_DECAY = 0.125  # a better link is believed slowly, so that a lucky report does not count
FOLLOWED = 0.5  # goodput that took on this share of a fall, or more, followed the rate
RATIO_TELLING = 0.9  # a smaller fall than this cannot be told from noise


class Sample(NamedTuple):
    """One report: what was lost in all, what of it the receiver's own kernel dropped, the rest."""

    loss_ppm: int
    drop_ppm: int
    delay_us: int
    rate_bps: float  # what arrived

    def excess_ppm(self, usual_ppm: float, *, with_drops: bool) -> float:
        """The loss that usual loss does not explain."""
        lost = self.loss_ppm if with_drops else self.network_loss_ppm
        return max(0.0, lost - usual_ppm * (1.0 + USUAL_TOLERANCE))

    @property
    def network_loss_ppm(self) -> int:
        """The loss on the way, without what the receiver's own kernel dropped."""
        return max(0, self.loss_ppm - self.drop_ppm)


NOTHING = Sample(0, 0, 0, 0.0)


@dataclass(slots=True)
class Figures:
    """One receiver. `since` and `at`: the time its last sample covers; `complaints`: in a row."""

    at: float
    since: float = 0.0
    last: Sample = NOTHING
    before: Sample | None = None  # the sample that made us fall
    usual_ppm: float = 0.0
    usual_delay_us: float = 0.0  # what no fall of the rate has made shorter
    has_learned: bool = False  # from its own samples, not from the group
    complaints: int = 0

    def take(self, sample: Sample, now: float) -> None:
        """A report has come."""
        self.since, self.at, self.last = self.at, now, sample
        if sample.network_loss_ppm < self.usual_ppm:
            self.usual_ppm += (sample.network_loss_ppm - self.usual_ppm) * USUAL_DECAY
        if sample.delay_us < self.usual_delay_us:
            self.usual_delay_us += (sample.delay_us - self.usual_delay_us) * USUAL_DECAY
        self.complaints = self.complaints + 1 if self._complains else 0

    def learn_usual_loss(self, rate_ratio: float) -> bool:
        """The rate fell to `rate_ratio`: loss that is left, without a queue, is not our doing.

        Unless goodput stayed where it was: then we are still above the capacity, and False is
        returned. Where the rate could not fall (it is the lowest there is) no loss is our doing.
        """
        if self.before is None or self.last.delay_us > DELAY_US_HIGH:
            return False
        followed = 1.0 - (1.0 - rate_ratio) * FOLLOWED
        stayed = self.last.rate_bps > self.before.rate_bps * followed
        if rate_ratio < RATIO_TELLING and stayed:
            return False
        self.usual_ppm = min(self.last.network_loss_ppm, USUAL_PPM_MAX)
        self.has_learned = True
        return True

    def accept(self) -> None:
        """Several falls have changed nothing: what it has now is how it is, at any rate."""
        self.usual_ppm = min(self.last.network_loss_ppm, USUAL_PPM_MAX)
        self.usual_delay_us = self.last.delay_us
        self.has_learned = True

    @property
    def excess_delay_us(self) -> float:
        """The delay that usual delay does not explain."""
        return max(0.0, self.last.delay_us - self.usual_delay_us * (1.0 + USUAL_TOLERANCE))

    @property
    def capacity_bps(self) -> float:
        """What could be sent so that as much arrives as last time, usual loss made up for."""
        return self.last.rate_bps / (1.0 - self.usual_ppm / MILLION)

    @property
    def offered_bps(self) -> float:
        """What was sent to it, as far as arrivals and loss can tell."""
        return self.last.rate_bps / max(0.01, 1.0 - self.last.loss_ppm / MILLION)

    @property
    def _complains(self) -> bool:
        return complains(
            self.last.excess_ppm(self.usual_ppm, with_drops=True), self.excess_delay_us
        )


def complains(excess_ppm: float, delay_us: float) -> bool:
    """PROTOCOL.md, 6: too much loss, or too long a queue."""
    return excess_ppm > LOSS_PPM_HIGH or delay_us > DELAY_US_HIGH


def group_figures(samples: Iterable[tuple[Sample, float]], share: float) -> tuple[float, float]:
    """Excess loss (ppm) and delay (µs) of the receiver at `share` of a group of (sample, usual).

    Kernel drops are a receiver's own affair, until half of the group has them.
    """
    pairs = list(samples)
    with_drops = percentile([sample.drop_ppm for sample, _ in pairs], 0.5) > LOSS_PPM_HIGH
    excess = [sample.excess_ppm(usual, with_drops=with_drops) for sample, usual in pairs]
    return percentile(excess, share), percentile([sample.delay_us for sample, _ in pairs], share)


def percentile(values: Sequence[float], share: float) -> float:
    """The value at `share` of a group, nearest rank; 0 of nothing."""
    return sorted(values)[round(share * (len(values) - 1))] if values else 0.0
