"""One candidate alone: each arrow of the drawing in its docstring."""

from __future__ import annotations

from random import Random

import pytest

from mcastdist.election import (
    AnnounceNow,
    AskLeader,
    Candidate,
    Credentials,
    Merits,
    Role,
    RoleChanged,
)
from mcastdist.election.candidate import SILENCED_S_MAX
from mcastdist.ids import Locator, NodeId
from mcastdist.timers import NEVER
from mcastdist.wire import (
    CLAIM_COUNT,
    CLAIM_S,
    DOUBT_S,
    LEASE_S,
    SEEK_COUNT,
    VOLUNTEER_S_MAX,
    Announce,
    Claim,
    Handover,
    Phase,
    Seek,
    Standing,
)

LOCATOR = Locator(bytes(32))
ME, OTHER, THIRD = NodeId(5), NodeId(9), NodeId(11)


def _candidate(weight: int = 50) -> Candidate:
    return Candidate(
        credentials=Credentials(Merits(weight), node=ME, locator=LOCATOR),
        alone_after_s=10.0,
        rng=Random(1),
        now=0.0,
    )


def _announce(generation: int = 1, weight: int = 50, phase: Phase = Phase.WAITING) -> Announce:
    return Announce(
        locator=LOCATOR, session=1, standing=Standing(generation, weight), http_port=1,
        phase=phase, delay_ms=0, content=b"", payload_bytes=0, block_bytes=1, symbol_bytes=16,
        position=0, round=0, receivers=0, rate_bps=0, queue=0,
    )  # fmt: skip


def _claim(weight: int, generation: int = 1) -> Claim:
    return Claim(LOCATOR, Standing(generation, weight))


def _run(candidate: Candidate, until: float) -> list[object]:
    said: list[object] = candidate.drain()
    while candidate.wake_at() <= until:
        candidate.wake(now=candidate.wake_at())
        said += candidate.drain()
    return said


def test_alone_on_the_segment_it_seeks_claims_and_leads_within_half_a_second() -> None:
    candidate = _candidate()
    said = _run(candidate, 0.5)

    assert [type(one) for one in said if not isinstance(one, RoleChanged)] == (
        [Seek] * SEEK_COUNT + [Claim] * CLAIM_COUNT
    )
    assert candidate.role is Role.LEADING
    assert candidate.standing.generation == 1
    assert candidate.wake_at() == NEVER


def test_it_follows_who_announces_and_never_claims() -> None:
    candidate = _candidate()
    candidate.receive_announce(_announce(), OTHER, now=0.05)
    said = _run(candidate, 1.0)

    assert candidate.role is Role.FOLLOWING
    assert candidate.leader == OTHER
    assert not [one for one in said if isinstance(one, Claim)]


def test_when_the_lease_ends_it_stands_with_a_higher_generation() -> None:
    candidate = _candidate()
    candidate.receive_announce(_announce(generation=4), OTHER, now=0.05)
    _run(candidate, 0.05 + LEASE_S + 0.4)

    assert candidate.role is Role.LEADING
    assert candidate.standing.generation == 5


def test_before_the_lease_ends_the_leader_is_asked_directly_more_than_once() -> None:
    candidate = _candidate()
    candidate.receive_announce(_announce(), OTHER, now=0.05)
    said = _run(candidate, 0.05 + DOUBT_S - 0.01)
    assert not [one for one in said if isinstance(one, AskLeader)]

    said = _run(candidate, 0.05 + LEASE_S - 0.01)
    questions = [one for one in said if isinstance(one, AskLeader)]
    assert len(questions) >= 2
    assert set(questions) == {AskLeader(Seek(LOCATOR, again=True))}


def test_a_leader_that_answers_keeps_its_lease() -> None:
    candidate = _candidate()
    candidate.receive_announce(_announce(), OTHER, now=0.0)
    for _ in range(20):
        while not [one for one in candidate.drain() if isinstance(one, AskLeader)]:
            now = candidate.wake_at()
            candidate.wake(now=now)
        candidate.receive_announce(_announce(), OTHER, now=now + 0.01)
    assert candidate.role is Role.FOLLOWING


def test_only_the_first_question_says_that_it_is_the_first() -> None:
    seeks = [one for one in _run(_candidate(), 0.5) if isinstance(one, Seek)]
    assert [one.again for one in seeks] == [False, *[True] * (SEEK_COUNT - 1)]


def test_each_announcement_renews_the_lease() -> None:
    candidate = _candidate()
    for second in range(10):
        candidate.receive_announce(_announce(), OTHER, now=float(second))
        _run(candidate, float(second))
    assert candidate.role is Role.FOLLOWING


def test_a_stronger_claim_silences_it_and_silence_ends() -> None:
    candidate = _candidate()
    candidate.receive_claim(_claim(weight=90), OTHER, now=0.01)
    assert candidate.role is Role.SILENCED

    _run(candidate, 2.0)
    assert candidate.role is Role.LEADING  # the stronger one never announced


def test_a_weaker_claim_is_answered_with_its_own() -> None:
    candidate = _candidate()
    while candidate.role is not Role.BACKING_OFF:
        candidate.wake(now=candidate.wake_at())
    candidate.drain()
    now = candidate.wake_at() - 0.001
    candidate.receive_claim(_claim(weight=10), OTHER, now=now)

    claims = [one for one in candidate.drain() if isinstance(one, Claim)]
    assert [claim.standing.weight for claim in claims] == [50]
    assert candidate.role is Role.CLAIMING


def test_a_flood_of_weak_claims_is_not_answered_one_by_one() -> None:
    candidate = _candidate()
    while candidate.role is not Role.CLAIMING:
        candidate.wake(now=candidate.wake_at())
    candidate.drain()
    now = candidate.wake_at() - CLAIM_S
    for index in range(100):
        candidate.receive_claim(_claim(weight=10), OTHER, now=now + index * 0.001)
    assert len(candidate.drain()) <= 3


def test_a_leader_tells_a_claimer_that_it_leads() -> None:
    candidate = _candidate()
    _run(candidate, 0.5)
    candidate.receive_claim(_claim(weight=90), OTHER, now=1.0)
    assert candidate.drain() == [AnnounceNow()]
    assert candidate.role is Role.LEADING


def test_of_two_leaders_the_weaker_yields_and_the_stronger_speaks() -> None:
    weaker, stronger = _candidate(weight=40), _candidate(weight=60)
    _run(weaker, 0.5)
    _run(stronger, 0.5)
    weaker.receive_announce(_announce(weight=60), OTHER, now=1.0)
    stronger.receive_announce(_announce(weight=40), OTHER, now=1.0)

    assert weaker.role is Role.FOLLOWING
    assert stronger.role is Role.LEADING
    assert stronger.drain() == [AnnounceNow()]


def test_one_that_was_frozen_yields_to_its_successor() -> None:
    candidate = _candidate(weight=200)
    _run(candidate, 0.5)
    candidate.receive_announce(_announce(generation=2, weight=1), OTHER, now=60.0)
    assert candidate.role is Role.FOLLOWING


def test_a_follower_moves_only_to_a_stronger_leader() -> None:
    candidate = _candidate()
    candidate.receive_announce(_announce(weight=50), OTHER, now=0.1)
    candidate.receive_announce(_announce(weight=40), THIRD, now=0.2)
    assert candidate.leader == OTHER
    candidate.receive_announce(_announce(generation=2, weight=40), THIRD, now=0.3)
    assert candidate.leader == THIRD


def test_the_heir_leads_at_once_and_the_others_wait_only_a_moment() -> None:
    heir, other = _candidate(), _candidate()
    for one in (heir, other):
        one.receive_announce(_announce(generation=3), OTHER, now=1.0)
    heir.receive_handover(Handover(LOCATOR, 1, ME), OTHER, now=2.0)
    other.receive_handover(Handover(LOCATOR, 1, THIRD), OTHER, now=2.0)

    assert heir.role is Role.LEADING
    assert heir.standing.generation == 4
    assert other.wake_at() <= 2.5


def test_a_handover_of_somebody_else_is_ignored() -> None:
    candidate = _candidate()
    candidate.receive_announce(_announce(), OTHER, now=1.0)
    candidate.receive_handover(Handover(LOCATOR, 1, ME), THIRD, now=1.1)
    assert candidate.role is Role.FOLLOWING


def test_weight_zero_never_claims_while_others_may_and_ends_alone() -> None:
    candidate = _candidate(weight=0)
    said = _run(candidate, VOLUNTEER_S_MAX)
    assert not [one for one in said if isinstance(one, Claim)]
    assert candidate.role is Role.ABSTAINING

    _run(candidate, 60.0)
    assert candidate.role is Role.ALONE


def test_weight_zero_waits_for_another_lonely_fetch() -> None:
    candidate = _candidate(weight=0)
    _run(candidate, 1.0)
    candidate.receive_claim(_claim(weight=0), OTHER, now=12.0)
    assert candidate.wake_at() >= 22.0


def test_a_closed_session_is_sought_anew() -> None:
    candidate = _candidate()
    candidate.receive_announce(_announce(), OTHER, now=1.0)
    candidate.receive_announce(_announce(phase=Phase.CLOSED), OTHER, now=2.0)
    assert candidate.role is Role.SEEKING


def test_a_refused_leader_is_not_followed() -> None:
    candidate = _candidate()
    candidate.receive_announce(_announce(), OTHER, now=1.0)
    candidate.refuse(OTHER, until=100.0, now=1.5)
    assert candidate.role is Role.BACKING_OFF
    candidate.receive_announce(_announce(generation=9), OTHER, now=1.6)
    assert candidate.leader is None


def test_who_resigns_seeks_as_an_ordinary_candidate() -> None:
    candidate = _candidate()
    _run(candidate, 0.5)
    candidate.credentials.merits = Merits(0)
    candidate.resign("wan_lost", now=1.0)
    assert candidate.role is Role.SEEKING


def test_a_query_of_another_saves_ours() -> None:
    candidate = _candidate()
    for now in (0.0, 0.1):
        candidate.receive_seek(OTHER, now=now)
    assert not [one for one in _run(candidate, 0.22) if isinstance(one, Seek)]
    _run(candidate, 1.0)
    assert candidate.role is Role.LEADING


def test_a_thousand_that_start_together_ask_a_few_times() -> None:
    """Each hears the others 0.3 ms later."""
    rng, asked, now = Random(1), 0, 0.0
    crowd = [
        Candidate(
            credentials=Credentials(Merits(50), node=NodeId(number), locator=LOCATOR),
            alone_after_s=10.0, rng=Random(rng.getrandbits(32)), now=0.0,
        )
        for number in range(1, 1_001)
    ]  # fmt: skip
    while now < 0.19:
        now = min(one.wake_at() for one in crowd)
        speaking = [one for one in crowd if one.wake_at() < now + 0.0003]
        for candidate in speaking:
            candidate.wake(now=candidate.wake_at())
        asked += len(speaking)
        for candidate in crowd:
            if candidate not in speaking:
                candidate.receive_seek(OTHER, now=now + 0.0003)
    assert 2 <= asked <= 80


def test_whom_we_follow_and_who_seeks_represents_no_more() -> None:
    candidate = _candidate()
    candidate.receive_announce(_announce(generation=3), OTHER, now=1.0)
    candidate.receive_seek(THIRD, now=1.1)
    assert candidate.role is Role.FOLLOWING
    candidate.receive_seek(OTHER, now=1.2)
    _run(candidate, 1.6)
    assert candidate.role is Role.LEADING
    assert candidate.standing.generation == 4


def test_who_goes_alone_says_nothing_and_follows_the_first_to_announce() -> None:
    candidate = _candidate()
    _run(candidate, 0.5)
    candidate.go_alone("rests", now=1.0)
    candidate.drain()
    candidate.receive_claim(_claim(weight=1), OTHER, now=1.5)
    candidate.receive_seek(OTHER, now=1.5)
    assert candidate.drain() == []
    assert candidate.wake_at() == NEVER
    candidate.receive_announce(_announce(), OTHER, now=2.0)
    assert candidate.leader == OTHER


def test_a_leader_that_yields_has_no_standing_to_announce_any_more() -> None:
    candidate = _candidate()
    _run(candidate, 0.5)
    candidate.receive_announce(_announce(generation=9), OTHER, now=1.0)
    with pytest.raises(AssertionError):
        _ = candidate.standing


def test_weight_zero_waits_when_somebody_claims_at_all() -> None:
    candidate = _candidate(weight=0)
    _run(candidate, 1.0)
    candidate.receive_claim(_claim(weight=50), OTHER, now=12.0)
    assert candidate.wake_at() >= 22.0


def test_claims_that_are_never_announced_silence_nobody_for_long() -> None:
    candidate, now = _candidate(), 0.0
    while candidate.role is not Role.LEADING and now < 20.0:
        candidate.receive_claim(_claim(weight=255, generation=9), NodeId(9), now=now)
        candidate.wake(now=now)
        candidate.drain()
        now += 0.02
    assert candidate.role is Role.LEADING
    assert SILENCED_S_MAX < now < SILENCED_S_MAX + 3.0


def test_a_lonely_one_does_not_wait_for_claims_without_end() -> None:
    candidate, now = _candidate(weight=0), 0.0
    while candidate.role is not Role.ALONE and now < 2_000.0:
        candidate.receive_claim(_claim(weight=0), NodeId(9), now=now)
        candidate.wake(now=now)
        candidate.drain()
        now += 0.5
    assert candidate.role is Role.ALONE
