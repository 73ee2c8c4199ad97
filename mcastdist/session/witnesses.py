"""Whose reports show what the present rate does? And are they enough to decide by?

A report covers the time since the one before, and what it says of a change takes a while to show:
of a rise the queue that it fills, of a fall the queue that it leaves to drain.
"""

from __future__ import annotations

from collections.abc import Collection

from mcastdist.wire import REPORT_S, REPORTS_PER_S_MAX

from .figures import Figures
from .group import left_out

REPORTS_ENOUGH = 20  # a sample that gives the worst that counts of any larger group
SETTLE_RISE_SHARE = 0.5  # a report shows a rise if this much of what it covers came after it
SETTLE_RISE_S_MIN = 0.03  # the queue of a switch, which has to fill before it shows
SETTLE_FALL_S = 2.0 * REPORT_S  # the longest time that one report covers: see `Meter`
FIRST_WORDS_S = 2.0 * REPORT_S  # so long all are waited for who should report
ABSENT_REPORTS = 4  # who missed this many reports in a row is not waited for


def witnesses(
    everybody: Collection[Figures],
    now: float,
    *,
    receivers: int,
    began_at: float,
    decided_at: float,
    testing: bool,
) -> list[Figures]:
    """Those who show the rate that was decided on last; none as long as they are too few.

    `receivers` should report, though some may not have begun to: the first word, at `began_at`,
    must not be the last, for it may be the slowest's. `testing`: the decision was a fall.
    """
    gap_s = max(REPORT_S, len(everybody) / REPORTS_PER_S_MAX)
    present = [one for one in everybody if now - one.at < ABSENT_REPORTS * gap_s]
    fresh = [one for one in present if _shows(one, decided_at, testing=testing)]
    is_first = now - began_at < FIRST_WORDS_S
    expected = max(len(present), receivers) if is_first else len(present)
    wanted = min(expected - left_out(expected), REPORTS_ENOUGH)
    return fresh if len(fresh) >= wanted else []


def _shows(figures: Figures, decided_at: float, *, testing: bool) -> bool:
    seen_s = figures.at - decided_at
    if testing:
        return figures.since >= decided_at or seen_s >= SETTLE_FALL_S
    covered_s = figures.at - figures.since
    return seen_s >= max(SETTLE_RISE_SHARE * covered_s, SETTLE_RISE_S_MIN)
