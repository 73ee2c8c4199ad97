"""Windows of the week: which are understood, when they hold, and which one decides."""

from __future__ import annotations

import time

import pytest

from mcastdist.agent.business_hours import Limit, are_windows, limit_at, parse_window

WEEK = "mon-fri 08:00-18:00 = 5000000"
NIGHT = "fri 22:00-06:00 = 0"


def at(day: str, clock: str) -> time.struct_time:
    """A moment of the week of 2026-11-16, a Monday."""
    number = ("mon", "tue", "wed", "thu", "fri", "sat", "sun").index(day)
    return time.strptime(f"2026-11-{16 + number} {clock}", "%Y-%m-%d %H:%M")


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        (WEEK, ["mon 08:00", "fri 17:59", "wed 12:00"], ["mon 07:59", "fri 18:00", "sat 12:00"]),
        (NIGHT, ["fri 22:00", "fri 23:59", "sat 00:00", "sat 05:59"], ["sat 06:00", "fri 05:00"]),
        ("sun 20:00-04:00 = 0", ["sun 21:00", "mon 03:00"], ["sun 03:00", "mon 20:00"]),
        ("fri-mon 00:00-24:00 = 0", ["fri 00:00", "sun 23:59", "mon 12:00"], ["tue 00:00"]),
        ("tue thu 9:30-10:00=1_000_000", ["tue 09:30", "thu 09:59"], ["wed 09:45", "tue 10:00"]),
        ("MON 18:00-00:00 = 0", ["mon 18:00", "mon 23:59"], ["tue 00:00", "mon 17:59"]),
    ],
)
def test_when_a_window_holds(text: str, inside: list[str], outside: list[str]) -> None:
    window = parse_window(text)
    assert [each for each in inside if not window.holds(at(*each.split()))] == []
    assert [each for each in outside if window.holds(at(*each.split()))] == []


@pytest.mark.parametrize(
    "text",
    [
        "", "mon-fri", "mon 08:00-18:00", "mon 08:00-18:00 = fast", "mon 08:00-18:00 = 99999",
        "mon 08:00-18:00 = -1", "mon 8-18 = 0", "mon 08:60-18:00 = 0", "mon 08:00-24:01 = 0",
        "mon 24:00-08:00 = 0", "mon 08:00-08:00 = 0", "mo 08:00-18:00 = 0", "mon- 08:00-18:00 = 0",
        "-fri 08:00-18:00 = 0", "mon--fri 08:00-18:00 = 0", "mon-fri-sun 08:00-18:00 = 0",
        "08:00-18:00 = 0", "mon 08:00-18:00 = 500000000000",
    ],
)  # fmt: skip
def test_what_is_no_window(text: str) -> None:
    with pytest.raises(ValueError, match="is no"):
        parse_window(text)
    assert not are_windows((WEEK, text))


def test_a_table_of_windows_or_none_is_good() -> None:
    assert are_windows(())
    assert are_windows((WEEK, NIGHT))


def test_the_first_window_that_holds_decides_and_else_the_usual_limit() -> None:
    schedule = ("wed 12:00-13:00 = 0", WEEK)
    usual = Limit(7_000_000, "download.rate_limit_bps")
    assert limit_at(schedule, 7_000_000, at("wed", "12:30")) == Limit(0, schedule[0])
    assert limit_at(schedule, 7_000_000, at("wed", "13:00")) == Limit(5_000_000, WEEK)
    assert limit_at(schedule, 7_000_000, at("sun", "13:00")) == usual
    assert limit_at((), 7_000_000, at("wed", "12:30")) == usual
