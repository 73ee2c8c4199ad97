"""The stronger stand higher and wait less."""

from __future__ import annotations

from mcastdist.election import Credentials, Merits, back_off_s, standing_of
from mcastdist.ids import Locator, NodeId
from mcastdist.wire import BACKOFF_S_MAX

LOCATOR = Locator(bytes(32))


def _standing(weight: int = 50, held: float = 0.0, node: int = 1, **merits: bool):
    return standing_of(
        Merits(weight, **merits), node=NodeId(node), locator=LOCATOR, held=held, generation=1
    )


def test_weight_goes_before_what_is_held_and_that_before_the_rest() -> None:
    assert _standing(weight=61) > _standing(weight=50, held=1.0)
    assert _standing(held=0.5) > _standing(held=0.4)
    assert _standing(wired=True) > _standing(wired=False)
    assert _standing(mains=True) > _standing(mains=False)


def test_several_packages_spread_over_several_machines() -> None:
    winners = set()
    for package in range(40):
        locator = Locator.of_url(str(package))
        winners.add(
            max(
                range(1, 9),
                key=lambda node: standing_of(
                    Merits(50), node=NodeId(node), locator=locator, held=0.0, generation=1
                ),
            )
        )
    assert len(winners) >= 6


def test_the_stronger_wait_less_and_nobody_waits_longer_than_the_bound() -> None:
    assert back_off_s(_standing(held=1.0)) < back_off_s(_standing(held=0.0))
    assert back_off_s(_standing(weight=200)) < back_off_s(_standing(weight=1))
    assert 0.0 <= back_off_s(_standing(weight=0)) <= BACKOFF_S_MAX


def test_credentials_stand_one_generation_above_the_highest_heard() -> None:
    credentials = Credentials(Merits(50), node=NodeId(1), locator=LOCATOR)
    assert credentials.standing().generation == 1
    credentials.heard(4)
    credentials.heard(2)
    assert credentials.standing().generation == 5


def test_a_generation_at_the_end_of_its_range_stays_there() -> None:
    """A member that claims it can waste time, but must not make us say what cannot be said."""
    credentials = Credentials(Merits(50), node=NodeId(1), locator=LOCATOR)
    credentials.heard(0xFFFF)
    assert credentials.standing().generation == 0xFFFF


def test_weight_zero_may_not_stand() -> None:
    assert Credentials(Merits(1), node=NodeId(1), locator=LOCATOR).may_stand
    assert not Credentials(Merits(0), node=NodeId(1), locator=LOCATOR).may_stand
