"""How fast may the stream go? As fast as the group takes it, and not as slow as its slowest.

The rate doubles until the group complains, then falls (PROTOCOL.md, section 6). The fall is also
an experiment, for a complaint can have several causes, and only one is too high a rate:

    at a bottleneck of capacity C      what arrives stays C, whatever we send
    random loss (radio, a bad cable)   what arrives falls with what we send
    others, who fill a queue           the queue stands, however little we send

So after a fall each receiver's goodput is compared with the one before (`figures.py`), and what the
fall has shown decides how to go on (`fall.py`):

    starting --complaint--> testing --usual loss, or in vain--> as before
       |                     |  ^ |
     doubles       capacity  |  | +--others--> yielding: a share of the capacity, until their queue
                             v  |                        is gone
                            steady: climbs slowly (`climb.py`)

"The group" leaves out the few that are worse (`group.py`): they fall to repair. And one complaint
that may be chance is not believed (`doubts.py`).
(TFMCC, RFC 4654; LEDBAT, RFC 6817: delay as a signal; BBR: delivery as the measure of capacity.)
"""

from __future__ import annotations

from mcastdist.ids import NodeId
from mcastdist.timers import NEVER
from mcastdist.tracing import Tracer, silent
from mcastdist.wire import (
    LOSS_PPM_HIGH,
    RATE_BPS_MAX,
    RATE_BPS_MIN,
    RATE_BPS_START,
    REPORT_S,
)

from .climb import Climb
from .company import Company
from .doubts import Doubts
from .fall import RESUME, Fall, Mode, Verdict, fall_again, fall_first, is_small
from .figures import Figures, Sample, complains
from .group import Group, slow
from .witnesses import REPORTS_ENOUGH, witnesses

STARTING_FACTOR = 2.0
YIELDED_SHARE = 0.2  # in the background: a TCP beside us keeps four fifths of the capacity
EVEN_SHARE = 0.5  # in the foreground, beside one other
USED_SHARE_MIN = 0.7  # where less arrives, it is the download that bounds us
HEADROOM = 3.0  # beyond what arrives growth proves nothing; up to there a block waits for less


class RateControl:
    """The rate of one stream, steered by its receivers' reports. Does no I/O."""

    def __init__(
        self,
        *,
        limit_bps: float,
        now: float,
        foreground: bool = False,
        trace: Tracer = silent,
    ) -> None:
        """`limit_bps`: never more than this; 0 for as much as the group takes.

        `foreground`: beside the traffic of others take as much as they do, not what they leave.
        """
        self._limit_bps = min(limit_bps or RATE_BPS_MAX, RATE_BPS_MAX)
        self._floor_bps = min(RATE_BPS_MIN, self._limit_bps)
        self._share = EVEN_SHARE if foreground else YIELDED_SHARE
        self._rate_bps = float(min(RATE_BPS_START, self._limit_bps))
        self._mode = Mode.STARTING
        self._fall: Fall | None = None
        self._doubts = Doubts()
        self._company = Company(foreground=foreground)
        self._climb = Climb()
        self._decided_at = self._changed_at = now
        self._began_at = NEVER  # when the first report came
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
        self._began_at = min(self._began_at, now)
        figures = self._figures.setdefault(node, Figures(at=now - REPORT_S))
        figures.take(
            Sample(loss_ppm, drop_ppm, delay_us, rate_bps), now, changed_at=self._changed_at
        )
        self._trace(
            "session.report", at=now, node=node, loss_ppm=loss_ppm, drop_ppm=drop_ppm,
            delay_us=delay_us, rate_bps=rate_bps, over_s=round(now - figures.since, 3),
        )  # fmt: skip

    def left(self, node: NodeId) -> None:
        """A receiver is not in the stream any more."""
        self._figures.pop(node, None)

    def wake(self, now: float, *, receivers: int = 0) -> None:
        """Decide again, if enough receivers have seen the present rate. Call after reports.

        `receivers`: how many should report, though some may not have begun to.
        """
        fresh = witnesses(
            self._figures.values(), now, receivers=receivers, began_at=self._began_at,
            decided_at=self._decided_at, testing=self._mode is Mode.TESTING,
        )  # fmt: skip
        if not fresh:
            return
        seconds, self._decided_at = now - self._decided_at, now
        group = Group(fresh, starting=self._mode is Mode.STARTING)
        if self._mode is Mode.TESTING:
            self._judge(group, now)
        elif self._mode is Mode.YIELDING:
            self._look_for_room(group, now)
        elif complains(*group.now) and self._company.is_back(now):
            self._stand_aside(self._share * self._climb.ceiling_bps, now)
        elif complains(*group.now) and not self._doubts.supposes_usual(group, self._mode):
            self._slow_down_unless_in_doubt(group, now)
        elif self._rate_bps <= HEADROOM * group.offered_bps:
            self._doubts.cleared()
            self._grow(seconds, now)

    # Out

    @property
    def rate_bps(self) -> float:
        """What the stream may take now, in bits a second on the wire."""
        return self._rate_bps

    def slow(self, bps_min: float) -> list[NodeId]:
        """The receivers for whom the stream is too fast to be of use; none if `bps_min` is 0."""
        return slow(self._figures, rate_bps=self._rate_bps, bps_min=bps_min)

    # Within: what is to be done about it

    def _is_used(self, group: Group) -> bool:
        return group.offered_bps >= USED_SHARE_MIN * self._rate_bps

    def _grow(self, seconds: float, now: float) -> None:
        self._climb.held(self._rate_bps)
        if self._mode is Mode.STARTING:
            rate_bps = self._rate_bps * STARTING_FACTOR
        else:
            rate_bps = self._climb.step(self._rate_bps, seconds)
        self._set(rate_bps, "room", now)

    def _slow_down_unless_in_doubt(self, group: Group, now: float) -> None:
        is_used = self._is_used(group)
        if not self._doubts.look_again(group, self._rate_bps, self._mode, is_used=is_used):
            self._slow_down(group, now)

    def _slow_down(self, group: Group, now: float) -> None:
        self._remember(group)
        self._company.fell()
        sent_bps = self._rate_bps
        if not self._is_used(group):
            sent_bps = min(max(group.offered_lately_bps, self._floor_bps), sent_bps)
        if self._fall is not None:
            self._fall, to_bps = fall_again(self._fall, group, sent_bps, share=self._share)
        else:
            known = self._climb.ceiling_bps if self._mode is Mode.STEADY else 0.0
            by_chance = group.now[0] <= LOSS_PPM_HIGH
            self._climb.complained(sent_bps, group.capacity_bps, by_chance=by_chance)
            self._fall, to_bps = fall_first(
                group, self._rate_bps, sent_bps, mode=self._mode, ceiling_bps=known
            )
        self._mode = Mode.TESTING
        self._set(to_bps, "complaints", now)

    def _remember(self, group: Group) -> None:
        """How it was before the fall, by those who have seen it.

        In a large group the others' older reports have to do: their next ones come seconds later.
        """
        is_large = len(self._figures) > REPORTS_ENOUGH
        for figures in self._figures.values():
            figures.before = None
        for figures in self._figures.values() if is_large else group.all:
            figures.remember()

    def _judge(self, group: Group, now: float) -> None:
        """What did the fall show?"""
        fall = self._fall
        assert fall is not None
        group.learn(self._figures.values(), fall.sent_bps, self._rate_bps)
        verdict = fall.verdict(group, self._rate_bps, share=self._share, floor_bps=self._floor_bps)
        if verdict is Verdict.USUAL_LOSS:
            self._go_on(fall.mode, fall.rate_bps, verdict.value, now)
        elif verdict is Verdict.CAPACITY and self._doubts.pardons(fall, group):
            self._go_on(fall.mode, fall.first_bps, "chance", now)
        elif verdict is Verdict.CAPACITY and self._company.listens(now, is_eased=fall.is_eased):
            return
        elif verdict is Verdict.CAPACITY:
            capacity_bps = min(fall.capacity_now(group), fall.first_bps)
            capacity_bps = max(capacity_bps, self._rate_bps)
            self._climb.start(capacity_bps)
            share = self._rate_bps / capacity_bps
            self._company.resumed(group.now[1], share=share, now=now)
            resumed_bps = RESUME * capacity_bps
            self._go_on(Mode.STEADY, max(self._rate_bps, resumed_bps), verdict.value, now)
        elif verdict is Verdict.DRAINING:
            self._fall = fall._replace(delay_us=group.now[1], is_peak=True)
        elif verdict is Verdict.IN_VAIN:
            for figures in group.all:
                figures.accept()
            self._climb.start(fall.first_bps)
            self._go_on(Mode.STEADY, RESUME * fall.first_bps, verdict.value, now)
        elif verdict is Verdict.OTHERS:
            self._stand_aside(self._rate_bps, now)
        else:
            self._slow_down(group, now)

    def _stand_aside(self, share_bps: float, now: float) -> None:
        rate_bps = min(self._company.stand_aside(share_bps, now), self._rate_bps)
        self._go_on(Mode.YIELDING, rate_bps, Verdict.OTHERS.value, now)

    def _look_for_room(self, group: Group, now: float) -> None:
        """Is the queue that others made gone? Then what we had is taken up again, by steps."""
        loss_ppm, delay_us = group.now
        if not complains(loss_ppm, delay_us):
            if not self._company.may_return(now):
                return
            self._climb.start(self._rate_bps)
            self._go_on(Mode.STEADY, self._rate_bps, "room", now)
        elif not is_small(loss_ppm):
            self._slow_down(group, now)

    def _go_on(self, mode: Mode, rate_bps: float, why: str, now: float) -> None:
        self._mode = mode
        self._fall = None
        self._set(rate_bps, why, now)

    def _set(self, rate_bps: float, why: str, now: float) -> None:
        rate_bps = min(max(rate_bps, self._floor_bps), self._limit_bps)
        if rate_bps != self._rate_bps:
            self._trace(
                "session.rate", at=now, old=round(self._rate_bps), new=round(rate_bps), why=why
            )
            self._changed_at = now
        self._rate_bps = rate_bps
