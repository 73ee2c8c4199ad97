"""Which tasks does this agent have? By id, by run, and the ended ones for a while.

An agent may have thousands, so nothing here looks at all of them when something happens to one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from mcastdist.errors import UsageError

from .entry import Entry

UNFINISHED_MAX = 10_000  # each takes about 2 KiB here and as much on disk
TASKS_KEPT = 1_000  # ended ones are forgotten beyond this many in all, the longest ended first


class Entries:
    """The tasks of one agent, oldest first."""

    def __init__(self) -> None:
        self._all: dict[str, Entry] = {}
        self._by_run: defaultdict[str, dict[str, Entry]] = defaultdict(dict)  # unfinished ones
        self._ended: dict[str, None] = {}  # ids, in the order in which they ended
        self._given = 0

    # In

    def add(self, entry: Entry) -> None:
        """One more. Raises UsageError if there are far too many."""
        if len(self._all) - len(self._ended) >= UNFINISHED_MAX:
            raise UsageError(
                f"{UNFINISHED_MAX} tasks are unfinished here; wait for some of them, or cancel some"
            )
        self.take_back(entry)

    def take_back(self, entry: Entry) -> None:
        """One of an earlier run of this agent: it was let in once."""
        self._given += 1
        entry.number = self._given
        self._all[entry.record.id] = entry
        if entry.record.is_final:
            self._ended[entry.record.id] = None
        else:
            self._by_run[entry.run_id][entry.record.id] = entry
        self._forget_old()

    def ended(self, entry: Entry) -> None:
        """This one is over."""
        mine = self._by_run[entry.run_id]
        mine.pop(entry.record.id, None)
        if not mine:
            del self._by_run[entry.run_id]
        if entry.record.id in self._all:
            self._ended[entry.record.id] = None
        self._forget_old()

    # Out

    def __iter__(self) -> Iterator[Entry]:
        return iter(list(self._all.values()))

    def __contains__(self, task_id: str) -> bool:
        return task_id in self._all

    def __len__(self) -> int:
        return len(self._all)

    def of_run(self, run_id: str) -> list[Entry]:
        """The unfinished tasks that wait for this run."""
        mine = self._by_run.get(run_id, {})
        return [one for one in mine.values() if one.is_waiting]

    def find(self, task_id: str) -> Entry:
        """By the beginning of its id. Raises UsageError unless it is exactly one."""
        exact = self._all.get(task_id)
        if exact is not None:
            return exact
        found = [one for key, one in self._all.items() if key.startswith(task_id)]
        if len(found) != 1 or not task_id:
            problem = "no task" if not found else "more than one task"
            raise UsageError(f"{problem} has the id {task_id!r}; `mcastdist task list` shows them")
        return found[0]

    # Within

    def _forget_old(self) -> None:
        while len(self._all) > TASKS_KEPT and self._ended:
            oldest = next(iter(self._ended))
            del self._ended[oldest]
            del self._all[oldest]
