"""Which tasks are there, which of them does a message concern, and which is to be woken?

A machine may have a thousand tasks, and a datagram concerns one: nothing here looks at them all.
Deadlines lie in a heap. One that has changed leaves its old entry there, to be passed over.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import count
from typing import TypeVar

from mcastdist.ids import Locator, SessionId
from mcastdist.timers import NEVER

from .commands import TaskId
from .task import Task

STALE_MAX = 256  # entries of the heap that may be old ones, beyond as many as there are tasks

Key = TypeVar("Key", Locator, SessionId)


@dataclass(slots=True, eq=False)
class _Seat:
    """What is known of a task without asking it."""

    task: Task
    number: int  # tasks are served in the order in which they began
    session: SessionId | None = None
    wake_at: float = NEVER


class Roll:
    """All tasks of one node."""

    def __init__(self) -> None:
        self._numbers = count()
        self._seats: dict[TaskId, _Seat] = {}
        self._by_number: dict[int, _Seat] = {}
        self._by_locator: dict[Locator, list[_Seat]] = {}
        self._by_session: dict[SessionId, list[_Seat]] = {}
        self._heap: list[tuple[float, int]] = []  # deadlines and numbers

    # In

    def add(self, task: Task) -> None:
        """A task has begun."""
        seat = _Seat(task, next(self._numbers))
        self._seats[task.spec.id] = self._by_number[seat.number] = seat
        self._by_locator.setdefault(task.spec.locator, []).append(seat)

    def note(self, task: Task) -> None:
        """Something has happened to this task: where it stands, or that it is over."""
        seat = self._seats.get(task.spec.id)
        if seat is None:
            return
        self._note_session(seat, None if task.is_retired else task.session)
        self._note_deadline(seat, task.wake_at())
        if task.is_retired:
            self._remove(seat)

    # Out

    def get(self, task: TaskId) -> Task | None:
        """One task."""
        seat = self._seats.get(task)
        return seat.task if seat is not None else None

    def all(self) -> list[Task]:
        """Every task: for what concerns them all, which is rare."""
        return _tasks(self._seats.values())

    def of_locator(self, locator: Locator) -> list[Task]:
        """The tasks that bring this."""
        return _tasks(self._by_locator.get(locator, ()))

    def of_session(self, session: SessionId) -> list[Task]:
        """The tasks that represent or follow this session."""
        return _tasks(self._by_session.get(session, ()))

    def due(self, now: float) -> list[Task]:
        """The tasks whose time has come."""
        found: set[int] = set()
        places = [0]  # of the heap: what lies below one that is not due is not due either
        while places:
            place = places.pop()
            if place < len(self._heap) and self._heap[place][0] <= now:
                places += (2 * place + 1, 2 * place + 2)
                if self._is_valid(self._heap[place]):
                    found.add(self._heap[place][1])
        return _tasks(self._by_number[number] for number in found)

    def wake_at(self) -> float:
        """The earliest deadline, or NEVER."""
        while self._heap and not self._is_valid(self._heap[0]):
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else NEVER

    def __len__(self) -> int:
        return len(self._seats)

    # Within

    def _note_session(self, seat: _Seat, session: SessionId | None) -> None:
        if session == seat.session:
            return
        if seat.session is not None:
            _take_out(self._by_session, seat.session, seat)
        if session is not None:
            self._by_session.setdefault(session, []).append(seat)
        seat.session = session

    def _note_deadline(self, seat: _Seat, wake_at: float) -> None:
        if wake_at == seat.wake_at:
            return
        seat.wake_at = wake_at
        if wake_at != NEVER:
            heapq.heappush(self._heap, (wake_at, seat.number))
        if len(self._heap) > 2 * len(self._seats) + STALE_MAX:
            self._heap = sorted({entry for entry in self._heap if self._is_valid(entry)})

    def _is_valid(self, entry: tuple[float, int]) -> bool:
        seat = self._by_number.get(entry[1])
        return seat is not None and seat.wake_at == entry[0]

    def _remove(self, seat: _Seat) -> None:
        del self._seats[seat.task.spec.id], self._by_number[seat.number]
        _take_out(self._by_locator, seat.task.spec.locator, seat)


def _tasks(seats: Iterable[_Seat]) -> list[Task]:
    """In the order in which they began, whatever the order in which they were found."""
    return [seat.task for seat in sorted(seats, key=lambda seat: seat.number)]


def _take_out(index: dict[Key, list[_Seat]], key: Key, seat: _Seat) -> None:
    index[key].remove(seat)
    if not index[key]:
        del index[key]
