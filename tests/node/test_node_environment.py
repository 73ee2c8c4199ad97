"""What the parts of one machine share."""

from __future__ import annotations

from node_kit import CONTENT, environment, payload


def test_request_numbers_are_never_used_twice() -> None:
    env = environment()
    assert len({env.next_request() for _ in range(1_000)}) == 1_000


def test_sessions_are_drawn_by_the_machines_own_die() -> None:
    env, same, other = environment(seed=1), environment(seed=1), environment(seed=2)
    first = env.new_session()
    assert first == same.new_session()
    assert first != env.new_session()
    assert first != other.new_session()
    assert 0 <= first < 1 << 32


def test_whoever_has_the_cluster_key_opens_what_another_sealed() -> None:
    ours, theirs = environment(seed=1), environment(seed=2)
    sealed = ours.seal(CONTENT).seal(3, payload(3))
    assert bytes(theirs.seal(CONTENT).open(3, sealed)) == payload(3)
