"""What can a machine that has the cluster key do to a segment? Slow it, for a bounded time.

It claims, announces, seeks and needs as it likes, in any name. Everybody ends with the published
bytes; what it costs is the promise of each test.
"""

from __future__ import annotations

import pytest
from insider import INSIDER, STRONGEST, Insider, announcement
from segment import Segment

from mcastdist.ids import NodeId
from mcastdist.node.patience import STARVED_S
from mcastdist.wire import (
    ANNOUNCE_GAP_S_MIN,
    Claim,
    Dismiss,
    Handover,
    Message,
    Need,
    Phase,
    ReceiverState,
    Report,
    Seek,
)

FALLBACK_S = 10.0
BLOCKS = 6
SEEDS = range(4)
PATIENT = range(2)  # minutes of simulated patience are seconds of ours
# The start delay, the patience with who brings nothing, the fallback and its jitter, the download.
BOUND_S = 1.0 + STARVED_S + 2 * FALLBACK_S + 15.0


def _segment(seed: int, **config: object) -> Segment:
    segment = Segment(
        nodes=3, seed=seed, blocks=BLOCKS, origin_fallback_delay_s=FALLBACK_S, **config
    )  # type: ignore[arg-type]
    segment.start()
    return segment


def _finished_within(segment: Segment, bound_s: float) -> None:
    segment.run(bound_s)
    segment.check_bytes()
    assert segment.unfinished() == [], segment.story("election.role", "node.fallback")[-3_000:]


@pytest.mark.parametrize("seed", SEEDS)
def test_claims_that_nothing_follows_silence_nobody_for_long(seed: int) -> None:
    segment = _segment(seed)
    claim = Claim(segment.contents[0].locator, STRONGEST)
    Insider(segment).keep_saying(lambda _: (claim, INSIDER), every_s=0.1)

    _finished_within(segment, 30.0)
    assert segment.wan_copies <= 2.0


@pytest.mark.parametrize("phase", [Phase.STARTING, Phase.WAITING, Phase.STREAMING, Phase.SERVING])
@pytest.mark.parametrize("seed", PATIENT)
def test_a_stolen_representation_that_brings_nothing_ends(seed: int, phase: Phase) -> None:
    segment = _segment(seed)
    fake = announcement(segment.contents[0], phase, delay_ms=0xFFFF_FFFF)
    Insider(segment).keep_saying(lambda _: (fake, INSIDER), every_s=1.0, since_s=0.5)

    _finished_within(segment, BOUND_S)


@pytest.mark.parametrize("seed", PATIENT)
def test_a_new_session_every_few_seconds_does_not_make_patience_endless(seed: int) -> None:
    segment = _segment(seed)
    content = segment.contents[0]

    def another(count: int) -> tuple[Message, NodeId]:
        name = NodeId(0xBAD + count)
        return announcement(content, Phase.STREAMING, session=0xBAD + count), name

    Insider(segment).keep_saying(another, every_s=2.0, since_s=0.5)

    _finished_within(segment, BOUND_S)


@pytest.mark.parametrize("every_s", [0.1, 1.0])
@pytest.mark.parametrize("seed", PATIENT)
def test_sessions_that_are_closed_and_opened_in_turn_gain_no_patience(
    seed: int, every_s: float
) -> None:
    segment = _segment(seed)
    content = segment.contents[0]

    def in_turn(count: int) -> tuple[Message, NodeId]:
        number, is_end = divmod(count, 2)
        phase = Phase.CLOSED if is_end else Phase.WAITING
        return announcement(content, phase, session=0xBAD + number, delay_ms=60_000), INSIDER

    Insider(segment).keep_saying(in_turn, every_s=every_s, since_s=0.02)

    _finished_within(segment, BOUND_S + 60.0)


@pytest.mark.parametrize("seed", PATIENT)
def test_a_start_that_somebody_put_off_for_weeks_is_not_inherited(seed: int) -> None:
    """Said once, when all seek: who represents next goes by its own delay, and so does its end."""
    segment = _segment(seed)
    fake = announcement(segment.contents[0], Phase.WAITING, delay_ms=0xFFFF_FFFF, http_port=0)
    insider = Insider(segment)
    segment.at(0.02, lambda: insider.say(fake))

    _finished_within(segment, 30.0)
    segment.run_until(60.0)
    assert segment.representatives == []


@pytest.mark.parametrize("seed", SEEDS)
def test_a_position_that_moves_without_a_stream_makes_deaf_within_seconds(seed: int) -> None:
    segment = _segment(seed)
    content = segment.contents[0]

    def moving(count: int) -> tuple[Message, NodeId]:
        return announcement(content, Phase.STREAMING, position=min(count, BLOCKS), round=1), INSIDER

    Insider(segment).keep_saying(moving, every_s=1.0, since_s=0.5)

    _finished_within(segment, 60.0)


@pytest.mark.parametrize("seed", PATIENT)
def test_other_content_under_the_same_locator_is_fetched_from_nobody_it_names(seed: int) -> None:
    segment = _segment(seed)
    fake = announcement(
        segment.contents[0], Phase.STREAMING, content=bytes(32), payload_bytes=1 << 40,
        block_bytes=1 << 22, symbol_bytes=1 << 15,
    )  # fmt: skip
    Insider(segment).keep_saying(lambda _: (fake, INSIDER), every_s=1.0, since_s=0.5)

    _finished_within(segment, BOUND_S)


@pytest.mark.parametrize("seed", PATIENT)
def test_what_is_said_in_the_representatives_name_does_not_stop_the_transfer(seed: int) -> None:
    segment = _segment(seed)
    segment.run_until(2.0)
    (leader,) = segment.representatives
    task = segment.machines[leader].node.task(segment.contents[0].task)
    assert task is not None
    assert task.session is not None
    locator = segment.contents[0].locator
    lies: list[Message] = [
        Seek(locator),
        Dismiss(task.session, "go away"),
        Handover(locator, task.session, 0xBAD),
        announcement(segment.contents[0], Phase.CLOSED, session=task.session),
    ]
    Insider(segment).keep_saying(lambda n: (lies[n % 4], leader), every_s=0.3, since_s=2.0)

    _finished_within(segment, BOUND_S)


@pytest.mark.parametrize("seed", SEEDS)
def test_needs_without_end_are_answered_so_often_and_the_session_ends(seed: int) -> None:
    segment = _segment(seed)
    segment.run_until(2.0)
    (leader,) = segment.representatives
    task = segment.machines[leader].node.task(segment.contents[0].task)
    assert task is not None
    assert task.session is not None
    content = segment.contents[0]
    entries = tuple((block, 1_000) for block in range(BLOCKS))
    need = Need(task.session, bytes(content.id), entries)
    Insider(segment).keep_saying(lambda n: (need, NodeId(n + 0x1000)), every_s=0.05, since_s=2.0)

    segment.run_until(120.0)

    assert segment.unfinished() == []
    # Two rounds, eight answers a block and what is spared for short ones, each with its header.
    assert segment.wire_bytes <= 18 * len(content.payload)
    assert segment.representatives == []
    spent = segment.wire_bytes
    segment.run_until(240.0)
    assert segment.wire_bytes == spent


@pytest.mark.parametrize("seed", SEEDS)
def test_invented_receivers_get_only_so_many_rounds(seed: int) -> None:
    segment = _segment(seed)
    segment.run_until(2.0)
    (leader,) = segment.representatives
    task = segment.machines[leader].node.task(segment.contents[0].task)
    assert task is not None
    session = task.session
    assert session is not None

    def invented(count: int) -> tuple[Message, NodeId]:
        report = Report(
            session, ReceiverState.RECEIVING, 0, 0, 0, 0, 4_000_000, 1472, 0, 0, ((0, BLOCKS),), ""
        )
        return report, NodeId(0x1000 + count)

    Insider(segment).keep_saying(invented, every_s=0.1, since_s=2.0)
    segment.run_until(120.0)

    assert segment.unfinished() == []
    assert segment.wire_bytes <= 18 * 1.3 * len(segment.contents[0].payload)


@pytest.mark.parametrize("seed", SEEDS)
def test_seeks_and_claims_are_answered_at_most_every_announce_gap(seed: int) -> None:
    segment = _segment(seed, delay_s=20.0)
    segment.run_until(2.0)
    assert len(segment.representatives) == 1
    before = segment.said["Announce"]
    locator = segment.contents[0].locator
    questions: list[Message] = [Seek(locator, b"", True), Claim(locator, STRONGEST)]
    Insider(segment).keep_saying(lambda n: (questions[n % 2], INSIDER), every_s=0.001, since_s=2.0)

    segment.run_until(4.0)

    # One to the group, one aside and one to who asked, in every gap.
    assert segment.said["Announce"] - before <= 3 * (2.0 / ANNOUNCE_GAP_S_MIN + 1)
