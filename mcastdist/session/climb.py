r"""How does the rate rise again after a fall? Quickly to what it has held, slowly past a capacity.

    rate                                        .. what we knew is not true any more
     |                                        .'
     |  held ------------- _____________----''      the curve of CUBIC (RFC 9438): flat where the
     |       fall  calm  .'   plateau              capacity was seen, steeper the longer it is gone
     |           \______:  quickly
     +-----------------------------------------> time without a complaint

A complaint may be chance (a busy machine, a burst of somebody else's), and then what arrived in
that moment says little. So a rate that was *held* without complaint is believed in once more: after
a calm second it is taken up again in a few steps. A second complaint before it is reached disproves
it.
"""

from __future__ import annotations

CALM_S = 0.8  # a queue that was ours has drained by then, and would have shown itself again
REGAIN = 0.97  # of what was held: this near to it, the plateau begins
REGAIN_FACTOR = 1.25  # per decision; too far is found out within one report
PLATEAU_S_MIN = 1.0  # from the fall to the capacity; as long again until we look beyond it
PLATEAU_S_MAX = 2.4  # for one that was seen again and again; what one report shows may be wrong
AGREES = 0.07  # two measures of the same capacity differ by no more
DIP = 0.02  # how far below the capacity the curve begins, and above it after the plateau
FREE = 1.1  # beyond this there was no capacity to keep below
FREE_FACTOR_MAX = 1.5  # by leaps that grow: a ceiling may have been seen a little too low
STEP_MAX = 1.04  # until then: at the capacity 10 ms of queue in a report interval, which show


class Climb:
    """The way up from just below a capacity."""

    def __init__(self) -> None:
        self.ceiling_bps = 0.0  # the capacity as it was last seen
        self._held_bps = 0.0  # the highest rate without a complaint
        self._goal_bps = 0.0  # what is to be regained, or 0
        self._is_doubted = False
        self._quiet_s = 0.0
        self._plateau_s = PLATEAU_S_MIN

    def start(self, ceiling_bps: float) -> None:
        """We are just below this capacity now. The more often seen, the longer it is kept to."""
        is_same = abs(ceiling_bps - self.ceiling_bps) <= AGREES * ceiling_bps
        self._plateau_s = min(2 * self._plateau_s, PLATEAU_S_MAX) if is_same else PLATEAU_S_MIN
        self.ceiling_bps = ceiling_bps
        self._quiet_s = 0.0
        goal_bps = REGAIN * self._held_bps
        self._goal_bps = goal_bps if ceiling_bps < goal_bps else 0.0

    def held(self, rate_bps: float) -> None:
        """At this rate nobody complains."""
        self._held_bps = max(self._held_bps, rate_bps)
        if rate_bps >= REGAIN * self._held_bps:
            self._is_doubted = False

    def complained(self, rate_bps: float, capacity_bps: float, *, by_chance: bool) -> None:
        """At this rate somebody does, and so much arrived; `by_chance`: perhaps, for none is lost.

        What may be chance is given the benefit of the doubt, once.
        """
        if self._is_doubted:
            self._held_bps = min(self._held_bps, capacity_bps)
        elif by_chance:
            self._held_bps = rate_bps
        else:
            self._held_bps = min(self._held_bps, rate_bps)
        self._is_doubted = True

    def step(self, rate_bps: float, seconds: float) -> float:
        """The next rate, after so many more seconds without a complaint."""
        self._quiet_s += seconds
        if self._goal_bps:
            return self._regain(rate_bps)
        beyond = (self._quiet_s - self._plateau_s) / self._plateau_s
        if rate_bps > FREE * self.ceiling_bps:
            return rate_bps * min(rate_bps / self.ceiling_bps, FREE_FACTOR_MAX)
        aimed_bps = self.ceiling_bps * (1.0 + DIP * beyond**3)
        return max(rate_bps, min(aimed_bps, rate_bps * STEP_MAX))

    def _regain(self, rate_bps: float) -> float:
        if self._quiet_s < CALM_S:
            return rate_bps
        if rate_bps * REGAIN_FACTOR < self._goal_bps:
            return rate_bps * REGAIN_FACTOR
        rate_bps = max(rate_bps, self._goal_bps)
        self.start(self._held_bps)
        return rate_bps
