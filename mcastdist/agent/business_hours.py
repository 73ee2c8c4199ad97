"""How much may be downloaded at this hour? The administrator's table of business hours.

    mon-fri 08:00-18:00 = 5000000      days, hours on the local clock, bit/s
    tue thu 22:00-06:00 = 0

The first window that holds decides; outside all of them the usual limit is kept, and 0 is no limit,
as everywhere. Hours that end before they begin go on into the next day, which need not be named:
`fri 22:00-06:00` lasts until Saturday morning. No window stops downloads altogether: a connection
that is held still looks broken to everybody on the way, and a task can be suspended.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from dataclasses import dataclass

from .settings_checks import BPS_MAX, BPS_MIN

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")  # as `struct_time` counts them
DAY_MIN = 24 * 60
WINDOW = re.compile(
    r"(?P<days>[a-z\- ]+?)\s+(?P<from>\d\d?:\d\d)\s*-\s*(?P<to>\d\d?:\d\d)\s*=\s*(?P<rate>[\d_]+)"
)
ALLOWED = f'windows such as "mon-fri 08:00-18:00 = 5000000": 0, or {BPS_MIN} to {BPS_MAX} bit/s'


@dataclass(frozen=True, slots=True)
class Window:
    """One line of the table. Minutes count from midnight; `stop_min` may lie in the next day."""

    text: str
    days: frozenset[int]
    start_min: int
    stop_min: int
    rate_limit_bps: int

    def holds(self, local: time.struct_time) -> bool:
        """True at this time of the week."""
        minute = local.tm_hour * 60 + local.tm_min
        yesterday = (local.tm_wday - 1) % len(DAYS)
        today = local.tm_wday in self.days and self.start_min <= minute < self.stop_min
        return today or (yesterday in self.days and minute + DAY_MIN < self.stop_min)


@dataclass(frozen=True, slots=True)
class Limit:
    """What may be taken, in bit/s, 0 for all there is; and the window or key that says so."""

    rate_limit_bps: int
    said_by: str


def parse_window(text: str) -> Window:
    """ValueError unless it is one as above."""
    found = WINDOW.fullmatch(text.strip().lower())
    if found is None:
        raise ValueError(f"{text!r} is no window; allowed are {ALLOWED}")
    start_min, stop_min = _minute(found["from"]), _minute(found["to"])
    rate = int(found["rate"])
    if start_min in (DAY_MIN, stop_min) or not _is_rate(rate):
        raise ValueError(f"{text!r} is no window; allowed are {ALLOWED}")
    days = frozenset(day for part in found["days"].split() for day in _days(part))
    return Window(text, days, start_min, stop_min + DAY_MIN * (stop_min < start_min), rate)


def are_windows(value: object) -> bool:
    """True for a table of such windows, as a setting is checked."""
    assert isinstance(value, tuple)
    try:
        return all(parse_window(text) for text in value)
    except ValueError:
        return False


def limit_at(schedule: Iterable[str], usual_bps: int, local: time.struct_time) -> Limit:
    """What holds at this time of the local clock."""
    for window in map(parse_window, schedule):
        if window.holds(local):
            return Limit(window.rate_limit_bps, window.text)
    return Limit(usual_bps, "download.rate_limit_bps")


def _is_rate(rate: int) -> bool:
    return rate == 0 or BPS_MIN <= rate <= BPS_MAX


def _minute(text: str) -> int:
    hour, minute = map(int, text.split(":"))
    count = hour * 60 + minute
    if minute > 59 or count > DAY_MIN:
        raise ValueError(f"{text} is no time of day")
    return count


def _days(text: str) -> list[int]:
    """`mon`, or `fri-mon`, which goes over the week-end."""
    first, dash, last = text.partition("-")
    if first not in DAYS or (last or first) not in DAYS or (dash and not last):
        raise ValueError(f"{text!r} is no day; days are {', '.join(DAYS)}")
    start = DAYS.index(first)
    count = (DAYS.index(last or first) - start) % len(DAYS) + 1
    return [(start + step) % len(DAYS) for step in range(count)]
