"""Which events belong to a task, and which are told as one."""

from __future__ import annotations

from mcastdist.cli.story import belonging, tell
from mcastdist.tracing import Event

CONTENT = "c0ffee" * 2


def event(name: str, at: float, **fields: object) -> Event:
    return Event(name, at, fields)


EVENTS = [
    event("agent.start", 0.0),
    event("node.task", 1.0, task="t1", locator="10ca0001"),
    event("election.role", 1.1, new="leading"),
    event("node.task", 2.0, task="t2", locator="10ca0002"),
    event("node.phase", 2.5, locator="10ca0001", session=7),
    event("repair.need", 3.0, session=7, content=CONTENT),
    event("repair.need", 3.5, session=8),
    event("node.complete", 4.0, locator="10ca0001"),
    event("node.complete", 9.0, locator="10ca0002"),
]


def times(events: list[Event]) -> list[float]:
    return [each.at for each in events]


def test_everything_when_nothing_is_asked_for() -> None:
    assert belonging(EVENTS, task=None, content=None) == EVENTS


def test_a_task_leads_to_its_locator_and_that_to_its_session() -> None:
    assert times(belonging(EVENTS, task="t1", content=None)) == [1.0, 1.1, 2.5, 3.0, 4.0]


def test_a_whole_content_id_finds_the_short_one_of_the_trace() -> None:
    whole = CONTENT + "00" * 26
    assert times(belonging(EVENTS, task=None, content=whole.upper())) == [1.0, 1.1, 2.5, 3.0, 4.0]
    assert times(belonging(EVENTS, task=None, content="c0ff")) == [1.0, 1.1, 2.5, 3.0, 4.0]


def test_too_little_of_an_id_fits_nothing() -> None:
    assert belonging(EVENTS, task=None, content="c0f") == []
    assert belonging(EVENTS, task="nope", content=None) == []


def test_sessions_are_numbers_and_are_not_abbreviated() -> None:
    events = [
        event("node.task", 1.0, task="t1", session=1234),
        event("node.phase", 2.0, session=12345),
    ]
    assert times(belonging(events, task="t1", content=None)) == [1.0]


def test_chatter_between_two_turns_is_told_once() -> None:
    events = [
        event("node.task", 0.0),
        *(event(name, at, block=at) for at in (1.0, 2.0, 3.0) for name in ("repair.need", "x.y")),
        event("node.complete", 4.0),
        event("repair.need", 5.0),
    ]
    told = [(line.event, line.at, line.until, line.count) for line in tell(events)]
    assert told == [
        ("node.task", 0.0, 0.0, 1),
        ("repair.need", 1.0, 3.0, 3),
        ("x.y", 1.0, 3.0, 3),
        ("node.complete", 4.0, 4.0, 1),
        ("repair.need", 5.0, 5.0, 1),
    ]
    assert len(list(tell(events, every=True))) == len(events)


def test_the_room_is_who_decided() -> None:
    (line,) = tell([event("repair.need", 1.0)])
    assert line.room == "repair"
