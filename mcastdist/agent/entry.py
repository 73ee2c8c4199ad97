"""What did somebody wish for, and how far is it? One task of this agent."""

from __future__ import annotations

from dataclasses import dataclass

from .api import TaskRecord, TaskRequest
from .runs import Run, Share


@dataclass(slots=True)
class Entry:
    """One task: the wish and its record."""

    request: TaskRequest
    record: TaskRecord
    run_id: str
    is_delivering: bool = False
    was_repaired: bool = False
    share: Share | None = None  # of its run; None until it has joined one

    def join(self, run: Run) -> None:
        """From now on this run works for the task, perhaps not as the first."""
        record = self.record
        self.share = Share.joining(run.account, record.bytes_by_source, record.wan_bytes)

    @property
    def is_waiting(self) -> bool:
        """True while it wants its run to go on."""
        return not self.record.is_final and self.record.state != "suspended"
