"""The long waits of a task that nobody supplies."""

from __future__ import annotations

import pytest
from node_kit import configuration, environment

from mcastdist.node.patience import HELD_BACK_S, RETRY_JITTER, STARVED_S, Patience
from mcastdist.timers import NEVER


def _patience(*backoff: float, seed: int = 1) -> Patience:
    config = configuration(retry_backoff_s=backoff, origin_fallback_delay_s=10.0)
    return Patience(config=config, env=environment(seed=seed))


def test_at_first_nothing_is_waited_for() -> None:
    patience = _patience()
    assert patience.wake_at() == NEVER
    assert not patience.origin_is_due(1e9)
    assert not patience.retry_is_due(1e9)


@pytest.mark.parametrize("seed", range(20))
def test_the_origin_opens_after_the_delay_and_a_jitter_as_long(seed: int) -> None:
    patience = _patience(seed=seed)
    patience.wait_for_origin(100.0)
    assert 110.0 <= patience.wake_at() <= 120.0
    assert not patience.origin_is_due(109.9)
    assert patience.origin_is_due(patience.wake_at())
    assert patience.origin_is_open
    assert patience.wake_at() == NEVER


def test_to_say_it_again_does_not_lengthen_the_wait() -> None:
    patience = _patience()
    patience.wait_for_origin(100.0)
    due = patience.wake_at()
    patience.wait_for_origin(109.0)
    assert patience.wake_at() == due


def test_a_network_that_is_back_ends_every_wait_and_closes_the_origin_again() -> None:
    env = environment()
    config = configuration(retry_backoff_s=(300.0,), origin_fallback_delay_s=10.0)
    patience = Patience(config=config, env=env)
    env.is_connected = False
    assert not patience.retry_is_due(0.0)
    assert patience.fallbacks == {"no_network": 1}
    patience.wait_for_origin(0.0)
    assert patience.origin_is_due(20.0)
    patience.wait_to_retry(21.0)

    env.is_connected = True
    assert patience.retry_is_due(22.0)
    assert not patience.origin_is_open
    assert not patience.is_resting
    assert patience.wake_at() == NEVER
    assert not patience.retry_is_due(23.0)


def test_one_of_several_networks_ends_a_rest_and_nothing_else() -> None:
    env = environment()
    patience = Patience(config=configuration(retry_backoff_s=(300.0,)), env=env)
    patience.wait_for_origin(0.0)
    env.arrivals += 1
    assert not patience.retry_is_due(1.0)
    assert patience.origin_is_due(60.0)
    patience.wait_to_retry(61.0)

    env.arrivals += 1
    assert patience.retry_is_due(62.0)
    assert not patience.is_resting


def test_what_comes_meanwhile_ends_the_wait() -> None:
    patience = _patience()
    patience.wait_for_origin(100.0)
    patience.supplied()
    assert patience.wake_at() == NEVER
    assert not patience.origin_is_open


def test_an_open_origin_stays_open_while_it_supplies_and_closes_with_a_new_session() -> None:
    patience = _patience()
    patience.wait_for_origin(100.0)
    assert patience.origin_is_due(200.0)
    patience.supplied()
    assert patience.origin_is_open
    patience.renew()
    assert not patience.origin_is_open


def test_the_steps_are_gone_through_and_the_last_is_repeated() -> None:
    patience, now, waits = _patience(3.0, 6.0, 12.0), 0.0, []
    for _ in range(5):
        patience.wait_to_retry(now)
        assert patience.is_resting
        waits.append(patience.wake_at() - now)
        assert patience.retry_at == patience.wake_at()
        now = patience.wake_at()
        assert patience.retry_is_due(now)
        assert not patience.is_resting
    for wait, step in zip(waits, (3.0, 6.0, 12.0, 12.0, 12.0), strict=True):
        assert wait == pytest.approx(step, rel=RETRY_JITTER)


@pytest.mark.parametrize("seed", range(20))
def test_without_room_the_rest_goes_on_a_little(seed: int) -> None:
    env, room = environment(seed=seed), [False]
    env.has_room = lambda: room[0]
    patience = Patience(config=configuration(retry_backoff_s=(180.0,)), env=env)
    patience.wait_to_retry(0.0)
    due = patience.retry_at
    assert not patience.retry_is_due(due)
    assert due + HELD_BACK_S / 2 <= patience.retry_at <= due + 1.5 * HELD_BACK_S
    assert patience.is_resting

    room[0] = True
    assert not patience.retry_is_due(due)
    assert patience.retry_is_due(patience.retry_at)
    assert not patience.is_resting


def test_progress_goes_back_to_the_first_step() -> None:
    patience = _patience(3.0, 6.0, 12.0)
    patience.wait_to_retry(0.0)
    patience.wait_to_retry(0.0)
    patience.supplied()
    patience.wait_to_retry(100.0)
    assert patience.wake_at() - 100.0 == pytest.approx(3.0, rel=RETRY_JITTER)


def test_a_new_session_ends_the_rest_but_failures_still_count() -> None:
    patience = _patience(3.0, 6.0)
    patience.wait_to_retry(0.0)
    patience.renew()
    assert not patience.is_resting
    patience.wait_to_retry(100.0)
    assert patience.wake_at() - 100.0 == pytest.approx(6.0, rel=RETRY_JITTER)


def test_without_steps_there_is_no_retry() -> None:
    assert not _patience().can_retry
    assert _patience(3.0).can_retry


def test_who_follows_in_vain_waits_for_nobody_any_more() -> None:
    patience = _patience()
    patience.follows(100.0)
    starved_at = patience.wake_at()
    assert starved_at >= 100.0 + STARVED_S
    patience.follows(200.0)
    patience.renew()  # a new representative every second does not help
    assert patience.wake_at() == starved_at

    assert not patience.origin_is_due(starved_at)  # but a subnet does not ask at one moment
    assert 10.0 <= patience.wake_at() - starved_at <= 20.0
    patience.renew()
    assert patience.origin_is_due(patience.wake_at())
    patience.renew()
    assert patience.origin_is_open
    assert patience.is_starved


def test_whatever_comes_and_whoever_rests_starves_not() -> None:
    patience = _patience(3.0)
    patience.follows(0.0)
    patience.supplied()
    assert patience.wake_at() == NEVER
    patience.follows(50.0)
    patience.stop()
    assert patience.wake_at() == NEVER
    patience.follows(50.0)
    patience.wait_to_retry(60.0)
    assert patience.retry_is_due(patience.retry_at)
    assert patience.wake_at() == NEVER
