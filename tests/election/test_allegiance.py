"""Whom a node follows."""

from __future__ import annotations

from mcastdist.election.allegiance import Allegiance
from mcastdist.ids import NodeId
from mcastdist.wire import Standing

FIRST, SECOND = NodeId(5), NodeId(9)


def _following() -> Allegiance:
    allegiance = Allegiance()
    allegiance.follow(FIRST, Standing(2, 50))
    return allegiance


def test_anybody_is_better_than_nobody() -> None:
    assert Allegiance().prefers(FIRST, Standing(0, 0))


def test_whom_we_follow_may_become_weaker() -> None:
    assert _following().prefers(FIRST, Standing(1, 1))


def test_the_stronger_is_preferred_and_among_equals_the_higher_id() -> None:
    allegiance = _following()
    assert allegiance.prefers(SECOND, Standing(3, 1))
    assert not allegiance.prefers(SECOND, Standing(2, 49))
    assert allegiance.prefers(SECOND, Standing(2, 50))
    assert not allegiance.prefers(NodeId(1), Standing(2, 50))


def test_after_the_end_the_weak_are_welcome_again() -> None:
    allegiance = _following()
    allegiance.end()
    assert allegiance.leader is None
    assert allegiance.prefers(SECOND, Standing(0, 1))


def test_a_refusal_lasts_as_long_as_was_said() -> None:
    allegiance = _following()
    allegiance.refuse(SECOND, until=10.0)
    assert allegiance.refuses(SECOND, now=9.9)
    assert not allegiance.refuses(SECOND, now=10.0)
    assert not allegiance.refuses(FIRST, now=0.0)
