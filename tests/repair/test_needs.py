"""What a receiver asks for, when, and when it keeps quiet."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest

from mcastdist.ids import ContentId, SessionId
from mcastdist.repair import Needs
from mcastdist.repair.needs import ARRIVING_S
from mcastdist.timers import NEVER
from mcastdist.wire import NEED_AGAIN_S, NEED_ENTRIES_MAX, NEED_WAIT_S, NEEDS_MAX, Need

CONTENT = ContentId(bytes(32))


def _needs(seed: int = 1) -> Needs:
    return Needs(session=SessionId(7), content=CONTENT, rng=Random(seed))


def _heard(*entries: tuple[int, int]) -> Need:
    return Need(7, CONTENT, entries)


def test_it_asks_within_the_bound_and_all_at_once() -> None:
    needs = _needs()
    needs.update([(3, 5, 100), (4, 1, 100)], group_size=1, now=1.0)
    assert 1.0 <= needs.wake_at() <= 1.0 + NEED_WAIT_S

    needs.wake(now=needs.wake_at())
    assert needs.drain() == [_heard((3, 5), (4, 1))]


def test_nothing_lacking_nothing_said() -> None:
    needs = _needs()
    needs.update([(3, 5, 100)], group_size=1, now=1.0)
    needs.update([], group_size=1, now=1.01)
    assert needs.wake_at() == NEVER


def test_it_keeps_quiet_when_somebody_asked_for_as_much() -> None:
    needs = _needs()
    needs.update([(3, 5, 100)], group_size=10, now=1.0)
    needs.heard(_heard((3, 6)), now=1.001)
    needs.wake(now=needs.wake_at())
    assert needs.drain() == []
    assert needs.suppressed == 1


def test_it_speaks_when_it_misses_more_than_was_asked_for() -> None:
    needs = _needs()
    needs.update([(3, 5, 100)], group_size=10, now=1.0)
    needs.heard(_heard((3, 4)), now=1.001)
    needs.wake(now=needs.wake_at())
    assert needs.drain() == [_heard((3, 5))]


def test_it_asks_again_only_after_a_pause_and_gives_up_in_the_end() -> None:
    needs, times, now = _needs(), [], 1.0
    while now < 10.0:
        needs.update([(3, 5, 100)], group_size=1, now=now)
        needs.wake(now=now)
        times += [now] * len(needs.drain())
        now += 0.01

    assert len(times) == NEEDS_MAX
    assert all(b - a >= NEED_AGAIN_S for a, b in pairwise(times))
    assert needs.hopeless() == [3]


def test_progress_resets_the_count() -> None:
    needs, now = _needs(), 1.0
    for missing in range(40, 20, -1):
        needs.update([(3, missing, 100)], group_size=1, now=now)
        needs.wake(now=now + NEED_WAIT_S)
        now += 1.0
    assert needs.hopeless() == []


def test_what_is_lacked_altogether_is_not_asked_for() -> None:
    needs = _needs()
    needs.update([(3, 51, 100)], group_size=1, now=1.0)
    assert needs.hopeless() == [3]
    assert needs.wake_at() == NEVER


def test_a_further_round_makes_a_block_worth_asking_for_again() -> None:
    needs = _needs()
    needs.update([(3, 100, 100)], group_size=1, now=1.0)
    needs.update([(3, 2, 100)], group_size=1, now=2.0)
    assert needs.hopeless() == []

    needs.wake(now=needs.wake_at())
    assert needs.drain() == [_heard((3, 2))]


def test_a_block_that_a_further_round_is_bringing_is_not_asked_for() -> None:
    needs, now = _needs(), 1.0
    for missing in range(100, 0, -5):
        needs.update([(3, missing, 100)], group_size=1, now=now)
        needs.wake(now=now + NEED_WAIT_S)
        now += 0.05
    assert needs.drain() == []

    needs.update([(3, 5, 100)], group_size=1, now=now + ARRIVING_S)
    needs.wake(now=needs.wake_at())
    assert needs.drain() == [_heard((3, 5))]  # the round has gone by


def test_many_blocks_go_into_few_datagrams() -> None:
    needs = _needs()
    needs.update([(block, 1, 100) for block in range(250)], group_size=1, now=1.0)
    needs.wake(now=2.0)
    said = needs.drain()
    assert [len(need.entries) for need in said] == [NEED_ENTRIES_MAX, NEED_ENTRIES_MAX, 58]


@pytest.mark.parametrize("receivers", [10, 100, 1_000])
def test_feedback_hardly_grows_with_the_group(receivers: int) -> None:
    """All miss something of one block; each hears the others 1 ms later (PROTOCOL-level E)."""
    spoken = []
    for round_ in range(10):
        rng = Random(round_)
        group = [_needs(seed=rng.getrandbits(32)) for _ in range(receivers)]
        for needs in group:
            needs.update([(1, rng.randint(20, 40), 740)], group_size=receivers, now=0.0)
        spoken.append(_talk(group))
    assert sum(spoken) / len(spoken) <= 12


def _talk(group: list[Needs]) -> int:
    said: list[tuple[float, Need]] = []
    for needs in sorted(group, key=Needs.wake_at):
        now = needs.wake_at()
        for at, need in said:
            if at + 0.001 <= now:
                needs.heard(need, now=at + 0.001)
        needs.wake(now=now)
        said += [(now, need) for need in needs.drain()]
    return len(said)
