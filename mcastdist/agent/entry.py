"""What did somebody wish for, and how far is it? One task of this agent."""

from __future__ import annotations

from dataclasses import dataclass

from mcastdist.reasons import REASONS

from .api import TaskRecord, TaskRequest
from .runs import Run, Share

RANKS = {"high": 0, "normal": 1, "low": 2}
QUEUED = "queued"  # the state, and the reason for it

Turn = tuple[int, int]  # the less, the earlier


@dataclass(slots=True)
class Entry:
    """One task: the wish and its record.

    `number` counts the tasks as they were given. `began_at` is the monotonic moment from which
    `record.seconds` counts.
    """

    request: TaskRequest
    record: TaskRecord
    run_id: str
    number: int = 0
    began_at: float = 0.0
    is_delivering: bool = False
    was_repaired: bool = False
    share: Share | None = None  # of its run; None until it has joined one

    def join(self, run: Run) -> None:
        """From now on this run works for the task, perhaps not as the first."""
        record = self.record
        if record.state == QUEUED:
            record.state, record.reason, record.sentence = "seeking", "", ""
        self.share = Share.joining(run.account, record.bytes_by_source, record.wan_bytes)

    def queue(self) -> None:
        """Others go first."""
        self.share = None
        self.record.state, self.record.reason = "queued", QUEUED
        self.record.sentence = REASONS[QUEUED].happened

    def resume(self) -> None:
        """It rests no more; the next run is to be its own."""
        self.record.state, self.record.reason, self.record.sentence = "seeking", "", ""

    @property
    def turn(self) -> Turn:
        """Who goes first: by priority, then by age."""
        return RANKS[self.record.priority], self.number

    @property
    def is_waiting(self) -> bool:
        """True while it wants its run to go on."""
        return not self.record.is_final and self.record.state != "suspended"
