"""Who listens to this session, and what do they lack? The representative's book of receivers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

from mcastdist.ids import NodeId
from mcastdist.ranges import RangeSet
from mcastdist.wire import REPORTS_PER_S_MAX, ReceiverState, Report

from .commands import Address

FINISHED = (ReceiverState.DONE, ReceiverState.LEFT)
LISTENERS_MAX = 4_096  # bounds what invented receivers cost; beyond it needs are answered as ever
REPORTS_MISSED_MAX = 3  # in a large group a report is due less often than the time-out comes


@dataclass(slots=True)
class Listener:
    """One receiver, by its latest report."""

    node: NodeId
    address: Address
    report: Report
    heard_at: float
    dismissed: bool = False
    rounds: int = 0  # that were started for it, among others
    missing: RangeSet = field(default_factory=RangeSet)

    @property
    def is_finished(self) -> bool:
        """True if it needs nothing more."""
        return self.report.state in FINISHED

    @property
    def takes_stream(self) -> bool:
        """True if a stream would reach it and help it."""
        return not (self.is_finished or self.dismissed or self.report.state is ReceiverState.DEAF)


class Audience:
    """All receivers of one session; the silent ones are forgotten after `idle_timeout_s`."""

    def __init__(self, *, idle_timeout_s: float) -> None:
        self._idle_timeout_s = idle_timeout_s
        self._listeners: dict[NodeId, Listener] = {}

    # In

    def report(
        self, node: NodeId, address: Address, report: Report, *, now: float
    ) -> Listener | None:
        """A report came; gives back the listener as it stands now, None if the book is full."""
        listener = self._listeners.get(node)
        if listener is None:
            if not self._has_room():
                return None
            listener = self._listeners[node] = Listener(node, address, report, now)
        listener.address, listener.report, listener.heard_at = address, report, now
        listener.missing = RangeSet((first, first + count) for first, count in report.missing)
        return listener

    def forget_silent(self, now: float) -> list[Listener]:
        """Take out the unfinished of whom nothing was heard for too long; who they were."""
        timeout_s = max(self._idle_timeout_s, self.report_gap_s * REPORTS_MISSED_MAX)
        silent = [one for one in self.unfinished() if now - one.heard_at > timeout_s]
        for listener in silent:
            del self._listeners[listener.node]
        return silent

    def dismiss(self, nodes: Collection[NodeId]) -> list[Listener]:
        """Take these out of the stream; who of them was in it."""
        dismissed = [one for one in self.streamable() if one.node in nodes]
        for listener in dismissed:
            listener.dismissed = True
        return dismissed

    # Out

    def all(self) -> list[Listener]:
        """Every receiver that is known."""
        return list(self._listeners.values())

    def unfinished(self) -> list[Listener]:
        """Those who still need something."""
        return [listener for listener in self._listeners.values() if not listener.is_finished]

    def is_heard_since(self, at: float) -> bool:
        """True if somebody who needs something has reported since then."""
        return any(listener.heard_at >= at for listener in self.unfinished())

    def streamable(self) -> list[Listener]:
        """Those whom a stream would help."""
        return [listener for listener in self._listeners.values() if listener.takes_stream]

    @property
    def report_gap_s(self) -> float:
        """In this time all who need something report once; longer in a large group."""
        return len(self.unfinished()) / REPORTS_PER_S_MAX

    def losses_ppm(self) -> list[int]:
        """What they lose of the stream, each by its latest report."""
        return [one.report.loss_ppm for one in self.streamable()]

    def lacked(
        self, block_count: int, *, by_at_least: int, rounds_max: int | None = None
    ) -> RangeSet:
        """The blocks that this many listeners lack altogether.

        `rounds_max`: do not count those for whom so many rounds have been streamed already.
        """
        edges: Counter[int] = Counter()
        for listener in self.streamable():
            if rounds_max is not None and listener.rounds >= rounds_max:
                continue
            for first, stop in self._missing_of(listener, block_count):
                edges[first] += 1
                edges[stop] -= 1
        lacked, depth, since = RangeSet(), 0, 0
        for edge in sorted(edges):
            if depth >= by_at_least:
                lacked.add(since, min(edge, block_count))
            depth, since = depth + edges[edge], edge
        return lacked

    def heir(self) -> Listener | None:
        """Who should go on if the representative leaves: the one that holds the most."""
        able = [listener for listener in self._listeners.values() if listener.report.weight > 0]
        able = [listener for listener in able if listener.report.state is not ReceiverState.LEFT]
        return max(
            able,
            key=lambda one: (one.report.held_blocks, one.report.weight, one.node),
            default=None,
        )

    def _has_room(self) -> bool:
        """The finished make room: they need nothing more."""
        if len(self._listeners) < LISTENERS_MAX:
            return True
        finished = next((one.node for one in self._listeners.values() if one.is_finished), None)
        return finished is not None and self._listeners.pop(finished, None) is not None

    @staticmethod
    def _missing_of(listener: Listener, block_count: int) -> RangeSet:
        if not listener.missing and listener.report.held_blocks == 0:
            return RangeSet([(0, block_count)])  # it does not know the manifest yet
        return listener.missing
