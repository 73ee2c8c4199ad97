"""How does a trace become a story? Which events belong to it, and which are told as one.

The turns of a story (a role, a phase, a fallback) stand alone. Between two turns, chatter of one
kind (400 requests, 30 needs not sent) is told once: the first of them, how many, and until when.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from mcastdist.tracing import Event

from .sentences import is_chatter, sentence

LINKS = ("task", "locator", "content", "session")  # fields that say whose an event is
PREFIX_CHARS_MIN = 4  # of an id: as for packages in the cache


@dataclass(slots=True)
class Line:
    """One line of the story: `count` events of one kind, from `at` to `until` (seconds)."""

    at: float
    until: float
    t: float | None  # seconds since 1970 of the first
    event: str
    sentence: str
    count: int = 1

    @property
    def room(self) -> str:
        """Which part of the agent decided."""
        return self.event.partition(".")[0]


def belonging(events: Sequence[Event], *, task: str | None, content: str | None) -> list[Event]:
    """The events of one task or content (ids may be abbreviated); all of them if neither is given.

    Events name each other: a task its locator, that its session. One that names nobody is taken
    if it happened while the others did.
    """
    wanted = {("task", task)} if task else set()
    if content:
        wanted |= {("content", content.lower())}
    if not wanted:
        return list(events)
    found = _linked(events, {(name, str(value)) for name, value in wanted})
    if not found:
        return []
    first, last = min(found), max(found)
    return [
        event
        for index, event in enumerate(events)
        if index in found or (first <= index <= last and not _links(event))
    ]


def tell(events: Iterable[Event], *, every: bool = False) -> Iterator[Line]:
    """The story, in order. `every`: chatter is not drawn together."""
    chatter: dict[str, Line] = {}
    for event in events:
        if every or not is_chatter(event):
            yield from chatter.values()
            chatter.clear()
            yield _line(event)
        elif event.name in chatter:
            line = chatter[event.name]
            line.count += 1
            line.until = event.at
        else:
            chatter[event.name] = _line(event)
    yield from chatter.values()


def _linked(events: Sequence[Event], wanted: set[tuple[str, str]]) -> set[int]:
    """Indexes of the events that name one of `wanted`, or what those name, and so on."""
    found: set[int] = set()
    while True:
        more = {
            index
            for index, event in enumerate(events)
            if index not in found and any(_same(link, wanted) for link in _links(event))
        }
        if not more:
            return found
        found |= more
        for index in more:
            wanted |= _links(events[index])


def _links(event: Event) -> set[tuple[str, str]]:
    named = ((name, event.fields.get(name)) for name in LINKS)
    return {(name, str(value)) for name, value in named if value is not None}


def _same(link: tuple[str, str], wanted: set[tuple[str, str]]) -> bool:
    """Equal, or one the beginning of the other: a trace holds only 12 digits of a digest."""
    if link in wanted:
        return True
    name, value = link
    return name != "session" and any(
        name == other
        and min(len(value), len(given)) >= PREFIX_CHARS_MIN
        and (value.startswith(given) or given.startswith(value))
        for other, given in wanted
    )


def _line(event: Event) -> Line:
    t = event.fields.get("t")
    return Line(
        at=event.at,
        until=event.at,
        t=t if isinstance(t, float | int) else None,
        event=event.name,
        sentence=sentence(event),
    )
