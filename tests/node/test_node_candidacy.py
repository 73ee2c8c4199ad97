"""When a node may stand for election, and with what weight."""

from __future__ import annotations

import pytest
from node_kit import BLOCKS, SPEC, configuration, environment, package

from mcastdist.election import Role
from mcastdist.node import Environment
from mcastdist.node.candidacy import UNABLE_S, Candidacy
from mcastdist.timers import NEVER


def _candidacy(**changes: object) -> Candidacy:
    return Candidacy(spec=SPEC, config=configuration(**changes), env=environment(), now=0.0)


def _run(candidacy: Candidacy, until: float) -> None:
    while candidacy.wake_at() <= until:
        candidacy.wake(now=candidacy.wake_at())


def test_an_ordinary_machine_stands_with_its_weight_and_leads() -> None:
    candidacy = _candidacy()
    _run(candidacy, 1.0)
    assert candidacy.weight == 50
    assert candidacy.candidate.role is Role.LEADING


def test_what_it_holds_speaks_for_it() -> None:
    candidacy = _candidacy()
    candidacy.holds(package(range(4)))
    assert candidacy.candidate.credentials.standing().held == pytest.approx(255 * 4 / BLOCKS, abs=1)


def test_who_may_not_ask_the_origin_does_not_stand_until_it_holds_everything() -> None:
    candidacy = _candidacy(allow_origin=False)
    assert candidacy.weight == 0
    candidacy.holds(package(range(BLOCKS - 1)))
    assert candidacy.weight == 0
    candidacy.holds(package(range(BLOCKS)))
    assert candidacy.weight == 50


def test_who_gave_up_does_not_stand_for_a_while() -> None:
    candidacy = _candidacy()
    _run(candidacy, 1.0)
    candidacy.give_up("wan_lost", now=1.0)
    assert candidacy.weight == 0
    assert candidacy.candidate.role is Role.SEEKING
    _run(candidacy, 0.9 + UNABLE_S)
    assert candidacy.weight == 0
    _run(candidacy, 1.1 + UNABLE_S)
    assert candidacy.weight == 50


def test_if_nobody_else_could_either_it_stands_again_rather_than_fetch_alone() -> None:
    candidacy = _candidacy(origin_fallback_delay_s=30.0)
    _run(candidacy, 1.0)
    candidacy.give_up("wan_lost", now=1.0)
    _run(candidacy, 20.0)
    assert candidacy.candidate.role is Role.ABSTAINING
    _run(candidacy, 3.0 + UNABLE_S)
    assert candidacy.candidate.role is Role.LEADING


def test_who_rests_says_nothing_and_then_seeks_and_leads_like_anybody_else() -> None:
    candidacy = _candidacy()
    _run(candidacy, 1.0)
    candidacy.give_up("wan_lost", now=1.0)
    candidacy.rest(now=2.0)
    candidacy.candidate.drain()
    _run(candidacy, 500.0)
    assert [type(one).__name__ for one in candidacy.candidate.drain()] == []

    candidacy.try_again(now=500.0)
    _run(candidacy, 501.0)
    assert candidacy.candidate.role is Role.LEADING


def _unplugged(at: float, **changes: object) -> tuple[Candidacy, Environment]:
    """A representative whose cable is pulled then."""
    env = environment()
    candidacy = Candidacy(spec=SPEC, config=configuration(**changes), env=env, now=0.0)
    _run(candidacy, at)
    assert candidacy.candidate.role is Role.LEADING
    env.is_connected = False
    candidacy.wake(now=at)
    return candidacy, env


def test_who_can_hear_nobody_represents_nobody_and_fetches_alone_only_after_the_delay() -> None:
    candidacy, _ = _unplugged(1.0, origin_fallback_delay_s=10.0)
    assert candidacy.weight == 0
    _run(candidacy, 10.0)
    assert candidacy.candidate.role is Role.ABSTAINING
    _run(candidacy, 40.0)
    assert candidacy.candidate.role is Role.ALONE


def test_who_holds_everything_and_can_hear_nobody_represents_nobody_either() -> None:
    candidacy, _ = _unplugged(1.0)
    candidacy.holds(package(range(BLOCKS)))
    assert candidacy.weight == 0


@pytest.mark.parametrize("away_s", [2.0, 50.0])
def test_who_is_back_in_the_network_asks_before_it_stands_again(away_s: float) -> None:
    candidacy, env = _unplugged(1.0)
    _run(candidacy, 1.0 + away_s)
    env.is_connected = True
    candidacy.wake(now=1.0 + away_s)
    assert candidacy.candidate.role is Role.SEEKING
    assert candidacy.weight == 50
    _run(candidacy, 3.0 + away_s)
    assert candidacy.candidate.role is Role.LEADING


def test_without_multicast_it_is_alone_for_ever() -> None:
    candidacy = _candidacy(multicast_enabled=False)
    assert candidacy.candidate.role is Role.ALONE
    assert candidacy.wake_at() == NEVER
    candidacy.try_again(now=5.0)
    assert candidacy.candidate.role is Role.ALONE
