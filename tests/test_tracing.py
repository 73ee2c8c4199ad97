"""An event is a line that people can read and JSON can carry."""

from __future__ import annotations

from enum import Enum

from mcastdist.tracing import Event, EventLog, plain, silent


class _Colour(Enum):
    RED = 1


def test_an_event_is_one_line() -> None:
    event = Event("repair.need", 1.5, {"block": 3, "content": bytes(range(32)), "why": None})
    assert event.line() == "    1.500  repair.need  block=3 content=000102030405 why=None"


def test_a_log_keeps_and_finds_events() -> None:
    log = EventLog()
    log("a.b", at=1.0, x=1)
    log("c.d", at=2.0)
    assert [event.at for event in log.named("c.d")] == [2.0]
    silent("nobody", at=0.0)


def test_values_become_plain() -> None:
    assert plain(0.123456789) == 0.123457
    assert plain(_Colour.RED) == "_Colour.RED"
    assert plain("x") == "x"
