"""Whose turn is it next? The runs that wait for room, by the turn of their most urgent task.

A heap of turns, in which what is out of date stays until it comes up: to join, to leave and to go
first cost a few steps each, however long the line is.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass

from .entry import Turn


@dataclass(frozen=True, slots=True)
class _Place:
    """Where one run stands, and since when it is in the line."""

    turn: Turn
    since: float


class WaitingLine:
    """The runs that wait. Does no I/O."""

    def __init__(self) -> None:
        self._places: dict[str, _Place] = {}
        self._heap: list[tuple[Turn, str]] = []

    # In

    def put(self, run_id: str, turn: Turn, *, now: float) -> None:
        """This run waits, and its most urgent task has this turn."""
        before = self._places.get(run_id)
        if before is not None and before.turn == turn:
            return
        self._places[run_id] = _Place(turn, before.since if before is not None else now)
        heapq.heappush(self._heap, (turn, run_id))

    def take(self, run_id: str, *, now: float) -> float:
        """This run waits no more; for how long it did, 0 if it did not."""
        place = self._places.pop(run_id, None)
        if not self._places:
            self._heap.clear()
        return 0.0 if place is None else now - place.since

    # Out

    def first(self) -> str | None:
        """Whose turn is next, if anybody waits."""
        while self._heap:
            turn, run_id = self._heap[0]
            place = self._places.get(run_id)
            if place is not None and place.turn == turn:
                return run_id
            heapq.heappop(self._heap)
        return None

    def __contains__(self, run_id: str) -> bool:
        return run_id in self._places

    def __len__(self) -> int:
        return len(self._places)
