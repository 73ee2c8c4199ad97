"""What do we know of one receiver? Its last report, and the loss it always has."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

from mcastdist.wire import DELAY_US_HIGH, LOSS_PPM_HIGH

MILLION = 1_000_000
USUAL_PPM_MAX = 150_000  # loss above 15 % is never taken for usual: a stream is no use through it
USUAL_TOLERANCE = 0.5  # usual loss swings by about half of itself over one report of a slow stream
USUAL_DECAY = 0.125  # a better link is believed slowly, so that a lucky report does not count
FOLLOWED = 0.5  # goodput that took on this share of a fall, or more, followed the rate
RATIO_TELLING = 0.9  # a smaller fall than this cannot be told from noise
RECENT_REPORTS = 3  # a processor that was busy in one makes up for it in the next
FLOODED_PPM = 100_000  # so much is lost only by a full queue: what arrives then is its capacity


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
    complains_since: float = 0.0  # when the first of them came
    offers_bps: deque[float] = field(default_factory=lambda: deque(maxlen=RECENT_REPORTS))
    recent_bps: deque[float] = field(default_factory=lambda: deque(maxlen=RECENT_REPORTS))

    def take(self, sample: Sample, now: float, *, changed_at: float = 0.0) -> None:
        """A report has come; the rate is what it is since `changed_at`."""
        self.since, self.at, self.last = self.at, now, sample
        if sample.network_loss_ppm < self.usual_ppm:
            self.usual_ppm += (sample.network_loss_ppm - self.usual_ppm) * USUAL_DECAY
        if sample.delay_us < self.usual_delay_us:
            self.usual_delay_us += (sample.delay_us - self.usual_delay_us) * USUAL_DECAY
        self.recent_bps.append(self._arrived_since(changed_at))
        self.offers_bps.append(self.offered_bps)
        if not self.complaints:
            self.complains_since = now
        self.complaints = self.complaints + 1 if self.complains else 0

    def remember(self) -> None:
        """The rate falls now. A flood shows what the capacity is now, whatever it was."""
        self.before = self.last
        if self.is_flooded:
            self.recent_bps.clear()
            self.recent_bps.append(self.last.rate_bps)

    def learn_usual_loss(self, sent_bps: float, rate_bps: float) -> bool:
        """The rate fell from `sent_bps`: loss that is left, without a queue, is not our doing.

        Unless goodput stayed where it was: then we are still above the capacity, and False is
        returned. Where the rate could not fall (it is the lowest there is) no loss is our doing;
        nor is it below what got through before.
        """
        if self.before is None or self.last.delay_us > DELAY_US_HIGH:
            return False
        ratio = rate_bps / sent_bps
        followed = 1.0 - (1.0 - ratio) * FOLLOWED
        stayed = self.last.rate_bps > self.before.rate_bps * followed
        above = rate_bps > RATIO_TELLING * self.before.rate_bps
        if ratio < RATIO_TELLING and stayed and above:
            return False
        self.usual_ppm = min(self.last.network_loss_ppm, USUAL_PPM_MAX)
        self.has_learned = True
        return True

    def suppose(self) -> None:
        """What it loses now may be what it always loses: a fall will tell."""
        self.usual_ppm = min(self.last.network_loss_ppm, USUAL_PPM_MAX)

    def accept(self) -> None:
        """Several falls have changed nothing: what it has now is how it is, at any rate."""
        self.usual_ppm = min(self.last.network_loss_ppm, USUAL_PPM_MAX)
        self.usual_delay_us = self.last.delay_us
        self.has_learned = True

    def _arrived_since(self, changed_at: float) -> float:
        """What arrived at the present rate, of a report that covers some of the rate before too."""
        before_s, after_s = changed_at - self.since, self.at - changed_at
        if not self.recent_bps or not 0.0 < before_s < after_s:
            return self.last.rate_bps
        arrived = self.last.rate_bps * (before_s + after_s) - self.recent_bps[-1] * before_s
        return max(self.last.rate_bps, arrived / after_s)

    @property
    def excess_delay_us(self) -> float:
        """The delay that usual delay does not explain."""
        return max(0.0, self.last.delay_us - self.usual_delay_us * (1.0 + USUAL_TOLERANCE))

    @property
    def capacity_bps(self) -> float:
        """What could be sent so that as much arrives as lately, usual loss made up for."""
        return max(self.recent_bps, default=0.0) / (1.0 - self.usual_ppm / MILLION)

    @property
    def is_flooded(self) -> bool:
        """True if so much is lost on the way that only a full queue can be the cause."""
        return self.last.excess_ppm(self.usual_ppm, with_drops=False) > FLOODED_PPM

    @property
    def offered_bps(self) -> float:
        """What was sent to it, as far as arrivals and loss can tell."""
        return self.last.rate_bps / max(0.01, 1.0 - self.last.loss_ppm / MILLION)

    @property
    def complains(self) -> bool:
        """True if it loses or lags more than it usually does, by whosever fault."""
        return complains(
            self.last.excess_ppm(self.usual_ppm, with_drops=True), self.excess_delay_us
        )


def complains(excess_ppm: float, delay_us: float) -> bool:
    """PROTOCOL.md, 6: too much loss, or too long a queue."""
    return excess_ppm > LOSS_PPM_HIGH or delay_us > DELAY_US_HIGH
