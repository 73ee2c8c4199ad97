"""Who shows the present rate is heard, and nothing is decided by too few of them."""

from __future__ import annotations

import pytest

from mcastdist.session.figures import Figures
from mcastdist.session.witnesses import ABSENT_REPORTS, FIRST_WORDS_S, witnesses
from mcastdist.wire import REPORT_S


def told(since: float, at: float) -> Figures:
    return Figures(at=at, since=since)


def heard(
    *everybody: Figures,
    now: float = 10.0,
    receivers: int = 0,
    began_at: float = 0.0,
    decided_at: float = 9.0,
    testing: bool = False,
) -> int:
    return len(
        witnesses(
            everybody, now, receivers=receivers, began_at=began_at,
            decided_at=decided_at, testing=testing,
        )
    )  # fmt: skip


@pytest.mark.parametrize(
    ("since", "at", "testing", "shows"),
    [
        (8.9, 9.2, False, True),  # two thirds of it are of the new rate
        (8.5, 9.2, False, False),
        (8.99, 9.02, False, False),  # too soon for a queue
        (9.01, 9.2, True, True),  # a fall shows in what was measured after it
        (8.9, 9.2, True, False),
        (8.9, 9.6, True, True),  # as late as this nothing is of the time before
    ],
)
def test_a_report_shows_a_rate_that_it_covers(
    since: float, at: float, testing: bool, shows: bool
) -> None:
    assert heard(told(since, at), now=at, testing=testing) == shows


def test_all_but_the_few_that_are_left_out_have_to_have_spoken() -> None:
    spoke, waits = told(9.2, 9.5), told(8.0, 9.4)
    assert heard(*[spoke] * 9, waits) == 9
    assert heard(*[spoke] * 5, *[waits] * 5) == 0


def test_at_first_those_are_waited_for_who_should_report_and_not_for_long() -> None:
    spoke = told(9.2, 9.5)
    assert heard(spoke, receivers=4, began_at=10.0 - FIRST_WORDS_S / 2) == 0
    assert heard(spoke, receivers=4, began_at=10.0 - FIRST_WORDS_S) == 1


def test_who_fell_silent_is_not_waited_for() -> None:
    silent = told(1.0, 10.0 - (ABSENT_REPORTS + 1) * REPORT_S)
    assert heard(told(9.2, 9.9), *[silent] * 3, decided_at=9.3) == 1
