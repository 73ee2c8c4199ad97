"""Which complaints are no proof that the rate is too high? Each is let pass once.

A machine that was busy for a moment reports a delay, or that little arrived, and the rate had no
part in it. Above all at the start that must not count: who stops doubling at a tenth of the
capacity takes many seconds to find the rest.

    little was sent when it was complained of        look again at the next report
    doubling, and all that was sent arrived          the same: a rate too high by doubling is not so
    steady, and the delay is mild                    the same: one report later it is not much more
    doubling, and a fall shows that all arrived      double on, unless it happens there once more
    a small loss, no queue, the first of a stream    suppose it is usual: the next doubling tells
"""

from __future__ import annotations

from mcastdist.wire import DELAY_US_HIGH

from .fall import Fall, Mode, is_small
from .group import Group

KEPT_UP = 0.9  # by doubling, a rate that is too high is so by more than this would let arrive
MILD_DELAY_US = 2 * DELAY_US_HIGH  # a busy sender makes up for a pause by a burst of that length


class Doubts:
    """What has been let pass in one stream."""

    def __init__(self) -> None:
        self._is_doubting = False
        self._has_supposed = False
        self._pardoned_bps = 0.0  # complaints up to this rate were taken for chance after a fall

    def supposes_usual(self, group: Group, mode: Mode) -> bool:
        """True if the loss complained of is taken for usual without a fall."""
        loss_ppm, delay_us = group.now
        is_first = mode is Mode.STARTING and not self._has_supposed
        if not is_first or delay_us > DELAY_US_HIGH or not is_small(loss_ppm):
            return False
        self._has_supposed = True
        for figures in group.all:
            figures.suppose()
        return True

    def look_again(self, group: Group, rate_bps: float, mode: Mode, *, is_used: bool) -> bool:
        """True if the next report is to tell more; `is_used`: the rate was, as far as is known."""
        arrives = mode is Mode.STARTING and group.capacity_bps >= KEPT_UP * rate_bps
        is_mild = mode is Mode.STEADY and group.now[1] <= MILD_DELAY_US
        may_be_chance = not group.loses and (arrives or is_mild)
        self._is_doubting = not self._is_doubting and (may_be_chance or not is_used)
        return self._is_doubting

    def cleared(self) -> None:
        """Nobody complains: the next complaint is a new one."""
        self._is_doubting = False

    def pardons(self, fall: Fall, group: Group) -> bool:
        """True if what the fall has mended proves nothing about the rate before it."""
        is_first = fall.mode is Mode.STARTING and fall.first_bps > self._pardoned_bps
        if not is_first or fall.capacity_now(group) < KEPT_UP * fall.first_bps:
            return False
        self._pardoned_bps = fall.first_bps
        return True
