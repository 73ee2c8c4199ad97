"""Who is using which package right now? Nobody may remove those.

A package is lent as one shared `Holding`, however many ask for it, until each has given it back. It
is guarded, without being opened, while chunks are copied out of it.
"""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from mcastdist.ids import ContentId

from .holding import Holding


class Lending:
    """The open packages of one store."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users: Counter[ContentId] = Counter()
        self._guards: Counter[ContentId] = Counter()
        self._holdings: dict[ContentId, Holding] = {}

    def lend(self, content: ContentId, open_one: Callable[[], Holding]) -> Holding:
        """The holding of `content`, opened if nobody has it yet."""
        with self._lock:
            if content not in self._holdings:
                self._holdings[content] = open_one()
            self._users[content] += 1
            return self._holdings[content]

    def give_back(self, holding: Holding) -> bool:
        """One user less; True if it was the last."""
        with self._lock:
            self._users[holding.content] -= 1
            if self._users[holding.content]:
                return False
            del self._users[holding.content], self._holdings[holding.content]
            return True

    def is_in_use(self, content: ContentId) -> bool:
        """True if it is lent or guarded."""
        with self._lock:
            return bool(self._users[content] or self._guards[content])

    @contextlib.contextmanager
    def guarding(self, contents: Iterable[ContentId]) -> Iterator[None]:
        """Keep these from being removed for a while."""
        guarded = list(contents)
        with self._lock:
            self._guards.update(guarded)
        try:
            yield
        finally:
            with self._lock:
                self._guards.subtract(guarded)

    def lent(self) -> list[Holding]:
        """Every holding that is out, as often as it has users."""
        with self._lock:
            return [
                holding
                for content, holding in self._holdings.items()
                for _ in range(self._users[content])
            ]
