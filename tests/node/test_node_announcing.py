"""When a session is announced, and what is said of it."""

from __future__ import annotations

from itertools import pairwise

from node_kit import (
    BLOCKS,
    CONTENT,
    LOCATOR,
    SESSION,
    SPEC,
    SYMBOL_BYTES,
    configuration,
    environment,
    package,
)
from node_kit import announce as session

from mcastdist.ids import SessionId
from mcastdist.node import Package, Send
from mcastdist.node.announcing import CLOSED_SAID, Announcing, announce
from mcastdist.node.broadcast import Broadcast
from mcastdist.ranges import RangeSet
from mcastdist.timers import NEVER
from mcastdist.wire import (
    ANNOUNCE_GAP_S_MIN,
    ANNOUNCE_S,
    EARLY_ANNOUNCEMENTS,
    Announce,
    Phase,
    Standing,
)


def _say(announcing: Announcing, until: float, *, closed: bool = False) -> list[list[Send]]:
    phase = Phase.CLOSED if closed else Phase.WAITING
    times = []
    while announcing.due_at <= until:
        times.append(announcing.say(session(phase), announcing.due_at))
    return times


def _said(announcing: Announcing, until: float, *, closed: bool = False) -> list[float]:
    phase = Phase.CLOSED if closed else Phase.WAITING
    moments = []
    while announcing.due_at <= until:
        moments.append(announcing.due_at)
        announcing.say(session(phase), announcing.due_at)
    return moments


def _announce(here: Package | None, phase: Phase, delay_s: float = 0.0) -> Announce:
    broadcast = Broadcast(
        task="task", session=SessionId(SESSION), config=configuration(), env=environment(), now=0.0
    )
    if here is not None and phase is Phase.STREAMING:
        broadcast.start_round(RangeSet([(0, BLOCKS)]), here, now=0.0)
    return announce(
        spec=SPEC, config=configuration(), session=SessionId(SESSION), standing=Standing(1, 50),
        phase=phase, delay_s=delay_s, package=here, broadcast=broadcast, receivers=3,
        key_id=9,
    )  # fmt: skip


def test_at_first_it_is_said_often_then_as_a_lease() -> None:
    moments = _said(Announcing(now=10.0), 15.0)
    assert len([at for at in moments if at < 10.5]) == EARLY_ANNOUNCEMENTS
    gaps = [b - a for a, b in pairwise(moments[2:])]
    assert set(gaps) == {ANNOUNCE_S}


def test_a_thousand_queries_bring_twenty_announcements_a_second() -> None:
    announcing = Announcing(now=0.0)
    said = 0
    for query in range(1_000):
        now = query / 1_000
        announcing.soon(now)
        said += len(_said(announcing, now))
    assert said <= 1 / ANNOUNCE_GAP_S_MIN + 1


def test_a_query_after_a_pause_is_answered_at_once() -> None:
    announcing = Announcing(now=0.0)
    _said(announcing, 5.0)
    announcing.soon(5.2)
    assert announcing.due_at == 5.2


def test_the_first_and_the_last_are_said_aside_too() -> None:
    announcing = Announcing(now=0.0)
    times = _say(announcing, 5.0)
    assert [len(sends) for sends in times[:EARLY_ANNOUNCEMENTS]] == [2, 2, 1]
    assert all([one.aside for one in sends] == [False] for sends in times[EARLY_ANNOUNCEMENTS:])
    to_group, aside = times[0]
    assert (to_group.message, to_group.aside) == (session(Phase.WAITING), False)
    assert (aside.message, aside.aside) == (session(Phase.WAITING, aside=True), True)

    assert all(len(sends) == 2 for sends in _say(announcing, 60.0, closed=True))


def test_who_asked_in_vain_is_answered_alone_and_all_soon_aside() -> None:
    announcing = Announcing(now=0.0)
    _say(announcing, 5.0)
    address = ("10.0.0.9", 7_447)
    (answer,) = announcing.answer(session(Phase.WAITING), address, 5.5)
    assert (answer.to, answer.message) == (address, session(Phase.WAITING, aside=True))
    ((_, aside),) = _say(announcing, 5.5)
    assert aside.aside


def test_a_thousand_questions_bring_no_more_answers_than_announcements_may_come() -> None:
    announcing = Announcing(now=0.0)
    answers = 0
    for question in range(1_000):
        now = question / 1_000
        answers += len(announcing.answer(session(Phase.WAITING), ("10.0.0.9", 7_447), now))
        answers += sum(map(len, _say(announcing, now)))
    assert answers <= 3 * (1 / ANNOUNCE_GAP_S_MIN + 1)


def test_the_end_is_said_a_few_times_and_then_nothing_more() -> None:
    announcing = Announcing(now=0.0)
    _said(announcing, 5.0)
    assert len(_said(announcing, 60.0, closed=True)) == 1 + CLOSED_SAID
    assert announcing.due_at == NEVER


def test_who_stopped_says_nothing() -> None:
    announcing = Announcing(now=0.0)
    announcing.stop()
    assert announcing.due_at == NEVER


def test_before_the_manifest_is_known_the_content_is_not_told() -> None:
    said = _announce(None, Phase.STARTING, delay_s=1.5)
    assert (said.locator, said.content, said.payload_bytes) == (LOCATOR, b"", 0)
    assert (said.delay_ms, said.position) == (1_500, 0)


def test_then_what_can_be_fetched_is_told() -> None:
    said = _announce(package([0, 1, 2, 5]), Phase.SERVING)
    assert (said.content, said.position) == (CONTENT, 3)
    assert said.symbol_bytes == SYMBOL_BYTES
    assert said.receivers == 3
    assert _announce(package(range(BLOCKS)), Phase.REPAIRING).position == BLOCKS


def test_while_it_streams_the_position_is_that_of_the_stream() -> None:
    said = _announce(package(range(BLOCKS)), Phase.STREAMING)
    assert (said.position, said.round) == (0, 1)
