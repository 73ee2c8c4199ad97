"""Who stands for the group? The worst of those who count; and who is too slow to count.

The rate suits the group, not each of its members: of 3 to 10 the worst is left out, of more 15 %.

Who complains and gets less than half of what most get is an *outlier*: no rate suits both it and
the others, and of what is streamed it lacks more than parity can make up for. It does not count at
all, and is told to leave. Of two, the slower may be one as well: it takes no longer by HTTP, and
the other need not wait. But never more are outliers than may be left out: two slow ones among ten
are a part of the group, and the rate suits them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from mcastdist.ids import NodeId
from mcastdist.wire import LOSS_PPM_HIGH

from .figures import MILLION, Figures, Sample

SHARE = 0.85  # of a large group: those whom the rate suits
LEFT_OUT_FROM = 3  # of two, one is half of the group
PAIR = 2
OUTLIER_SHARE = 0.5
SLOW_REPORTS = 3  # in a row, and
SLOW_S = 0.6  # for so long, before a receiver is called slow: a disk may be busy for a while


class Group:
    """Receivers that show what the present rate does to them; at least one."""

    def __init__(self, figures: Sequence[Figures], *, starting: bool = False) -> None:
        """`starting`: the rate is still to show who takes how much."""
        apart = {id(one) for one in outliers(figures)}
        if starting and len(figures) == PAIR and not apart:
            apart = {id(one) for one in _flooded_of(figures)}
        self.all = figures
        self._suited = [one for one in figures if id(one) not in apart]
        self._skip = max(0, left_out(len(figures)) - len(apart))

    @property
    def now(self) -> tuple[float, float]:
        """Excess loss (ppm) and delay (µs) of the receiver that stands for the group."""
        loss_ppm = self._loss_ppm((one.last, one.usual_ppm) for one in self._suited)
        return loss_ppm, self._worst([one.excess_delay_us for one in self._suited])

    @property
    def loses(self) -> bool:
        """True if it complains of more than delay."""
        return self.now[0] > LOSS_PPM_HIGH

    @property
    def before(self) -> tuple[float, float] | None:
        """The same at the time of the fall, in the light of what is known to be usual now."""
        pairs = [(one.before, one.usual_ppm) for one in self._suited if one.before is not None]
        if not pairs:
            return None
        return self._loss_ppm(pairs), self._worst([sample.delay_us for sample, _ in pairs])

    @property
    def capacity_bps(self) -> float:
        """What could be sent so that as much arrives as lately."""
        ranked = sorted(one.capacity_bps for one in self._suited)
        return ranked[min(self._skip, len(ranked) - 1)]

    @property
    def usual_share(self) -> float:
        """The share that usually gets lost on the way to the receiver that stands for the group."""
        return self._worst([one.usual_ppm for one in self._suited]) / MILLION

    @property
    def offered_bps(self) -> float:
        """What was sent, as far as arrivals and loss can tell."""
        return median([one.offered_bps for one in self.all])

    @property
    def offered_lately_bps(self) -> float:
        """The most that was sent of late: in the last report little may have come by chance."""
        return median([max(one.offers_bps, default=0.0) for one in self.all])

    def learn(self, everybody: Iterable[Figures], sent_bps: float, rate_bps: float) -> None:
        """After a fall: what is usual. Who was not heard begins with what is usual in the group."""
        learned = [one for one in self.all if one.learn_usual_loss(sent_bps, rate_bps)]
        typical_ppm = typical_worst([round(one.usual_ppm) for one in learned])
        for figures in everybody:
            if learned and not figures.has_learned:
                figures.usual_ppm = typical_ppm

    def _loss_ppm(self, pairs: Iterable[tuple[Sample, float]]) -> float:
        """Kernel drops are a receiver's own affair, until half of the group has them."""
        pairs = list(pairs)
        with_drops = median([sample.drop_ppm for sample, _ in pairs]) > LOSS_PPM_HIGH
        return self._worst([one.excess_ppm(usual, with_drops=with_drops) for one, usual in pairs])

    def _worst(self, values: Sequence[float]) -> float:
        return sorted(values)[max(0, len(values) - 1 - self._skip)] if values else 0.0


def left_out(count: int) -> int:
    """How many of so many receivers the rate need not suit."""
    if count < LEFT_OUT_FROM:
        return 0
    return max(1, count - 1 - round(SHARE * (count - 1)))


def typical_worst(values: Iterable[int]) -> int:
    """The worst (highest) of the values of a group that count; 0 of nobody's."""
    ranked = sorted(values)
    return ranked[-1 - left_out(len(ranked))] if ranked else 0


def outliers(figures: Sequence[Figures]) -> list[Figures]:
    """Those for whom no rate is right that suits the others."""
    ranked = sorted(figures, key=lambda one: one.last.rate_bps)
    may = min(max(1, left_out(len(ranked))), len(ranked) - 1)
    enough_bps = OUTLIER_SHARE * ranked[len(ranked) // 2].last.rate_bps if ranked else 0.0
    return [one for one in ranked[:may] if one.complains and one.last.rate_bps < enough_bps]


def slow(figures: Mapping[NodeId, Figures], *, rate_bps: float, bps_min: float) -> list[NodeId]:
    """Those who have lost or lagged for a while, and get too little; nobody if `bps_min` is 0.

    Too little is less than `bps_min` though we send more; or so much less than the others get
    that the stream, which goes on at their pace, is of no use.
    """
    apart = {id(one) for one in outliers(list(figures.values()))}
    return [
        node
        for node, one in figures.items()
        if one.complaints >= SLOW_REPORTS
        and one.at - one.complains_since >= SLOW_S
        and (one.last.rate_bps < bps_min < rate_bps or (bps_min and id(one) in apart))
    ]


def _flooded_of(pair: Sequence[Figures]) -> list[Figures]:
    """The one of two that loses much, if the other has no complaint.

    By doubling, a rate comes to less than twice what it takes: only the next step will tell whether
    it gets less than half of what the other can get.
    """
    complaining = [one for one in pair if one.complains]
    flooded = [one for one in complaining if one.is_flooded]
    return flooded if len(complaining) == 1 else []


def median(values: Sequence[float]) -> float:
    """The middle of the values, the lower of two; 0 of none."""
    return sorted(values)[(len(values) - 1) // 2] if values else 0.0
