"""Others who were on the link first keep most of it, and nobody imaginary does."""

from __future__ import annotations

import pytest

from mcastdist.session.company import (
    ASIDE_S_MAX,
    ASIDE_S_MIN,
    BACK_S,
    DEEP,
    LISTEN_S,
    QUIET_US,
    Company,
)

SHARE_BPS = 20e6


def suspicious() -> Company:
    company = Company(foreground=False)
    company.resumed(2 * QUIET_US, share=DEEP / 2, now=10.0)
    return company


def test_a_queue_that_is_back_with_us_is_that_of_others() -> None:
    company = suspicious()
    assert company.is_back(10.0 + BACK_S / 2)
    assert not company.is_back(10.0 + BACK_S)


@pytest.mark.parametrize(
    ("delay_us", "share", "foreground"),
    [(QUIET_US / 2, DEEP / 2, False), (2 * QUIET_US, 0.85, False), (2 * QUIET_US, DEEP / 2, True)],
)
def test_after_quiet_or_a_small_fall_or_in_the_foreground_it_is_ours(
    delay_us: float, share: float, foreground: bool
) -> None:
    company = Company(foreground=foreground)
    company.resumed(delay_us, share=share, now=10.0)
    assert not company.is_back(10.1)


def test_each_time_they_are_left_alone_for_longer_and_with_no_less_than_before_for_us() -> None:
    company, now = suspicious(), 10.1
    for aside_s in (ASIDE_S_MIN, 2 * ASIDE_S_MIN, 4 * ASIDE_S_MIN, ASIDE_S_MAX, ASIDE_S_MAX):
        share_bps = SHARE_BPS if now == 10.1 else SHARE_BPS / 5  # on the way back there is no room
        assert company.stand_aside(share_bps, now) == SHARE_BPS
        assert not company.may_return(now + 0.99 * aside_s)
        now += aside_s
        assert company.may_return(now)
        assert company.is_back(now + 0.5)


def test_later_others_are_new_ones() -> None:
    company = suspicious()
    company.stand_aside(SHARE_BPS, 10.1)
    assert company.stand_aside(SHARE_BPS / 2, 60.0) == SHARE_BPS / 2
    assert company.may_return(60.0 + ASIDE_S_MIN)


def test_after_a_fall_it_listens_for_a_while_unless_nobody_can_have_been_driven_away() -> None:
    company = Company(foreground=False)
    company.fell()
    assert company.listens(1.0, is_eased=False)
    assert company.listens(1.0 + 0.9 * LISTEN_S, is_eased=False)
    assert not company.listens(1.0 + LISTEN_S, is_eased=False)
    company.fell()
    assert not company.listens(2.0, is_eased=True)
    assert company.listens(2.0, is_eased=False)
    assert not Company(foreground=True).listens(2.0, is_eased=False)
