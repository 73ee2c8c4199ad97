"""The representative's side of a session: its phases, whom it serves, and when it ends."""

from __future__ import annotations

import pytest
from node_kit import (
    BLOCKS,
    LEADER,
    ME,
    OTHER,
    SPEC,
    THIRD,
    address,
    configuration,
    environment,
    need,
    of_kind,
    package,
    payload,
    report,
    said,
)

from mcastdist.ids import NodeId
from mcastdist.node import CloseStream, Command, OpenStream, Package, Send
from mcastdist.node.representation import CLOSE_S, Representation
from mcastdist.ranges import RangeSet
from mcastdist.session import seal_block
from mcastdist.timers import NEVER
from mcastdist.wire import (
    Announce,
    Dismiss,
    Handover,
    Phase,
    ReceiverState,
    Report,
    Standing,
)

DONE = ReceiverState.DONE


def _representation(
    here: Package | None = None, *, start_at: float = 1.0, **changes: object
) -> Representation:
    ours = Representation(
        spec=SPEC, config=configuration(**changes), env=environment(),
        standing=Standing(1, 50), start_at=start_at, now=0.0,
    )  # fmt: skip
    if here is not None:
        ours.package_known(here, now=0.0)
    return ours


def _run(ours: Representation, until: float) -> list[Command]:
    """Wake it whenever it wants to be woken, and be its sending thread."""
    commands = ours.drain()
    while ours.wake_at() <= until:
        now = ours.wake_at()
        _pump(ours, now)
        ours.wake(now=now)
        commands += ours.drain()
    return commands


def _pump(ours: Representation, now: float) -> None:
    stream = ours.stream
    if stream is None or stream.sender is None:
        return
    for step in range(20):
        for block in stream.sender.wants():
            seal = environment().seal(stream.content)
            stream.sender.provide(seal_block(seal, stream.geometry, block, payload(block)))
        stream.sender.next_burst(now - 0.02 + step / 1_000, 16)


def _hear(ours: Representation, now: float, *nodes: NodeId, what: Report | None = None) -> None:
    for node in nodes or (LEADER, OTHER):
        ours.report(node, address(node), what or report(), now=now)


# --- phases --------------------------------------------------------------------------------------


def test_it_starts_waits_streams_repairs_and_closes() -> None:
    ours = _representation()
    assert said(_run(ours, 0.1), Announce)[0].phase is Phase.STARTING
    ours.package_known(package(range(BLOCKS)), now=0.2)
    _hear(ours, 0.3)
    commands = _run(ours, 2.0)
    _hear(ours, 2.0, what=report(DONE, held_blocks=BLOCKS))
    commands += _run(ours, 60.0)

    phases = [one.phase for one in said(commands, Announce)]
    assert list(dict.fromkeys(phases)) == [
        Phase.WAITING, Phase.STREAMING, Phase.REPAIRING, Phase.CLOSED,
    ]  # fmt: skip
    assert ours.is_over
    assert ours.wake_at() == NEVER
    assert len(of_kind(commands, OpenStream)) == len(of_kind(commands, CloseStream)) == 1


def test_nothing_is_streamed_before_the_delay_is_over() -> None:
    ours = _representation(package(range(BLOCKS)), start_at=5.0)
    _hear(ours, 0.1)
    _run(ours, 4.9)
    assert ours.phase is Phase.WAITING
    assert ours.stream is None
    _run(ours, 5.2)
    assert ours.stream is not None


def test_one_receiver_is_served_and_when_another_comes_it_streams() -> None:
    ours = _representation(package(range(BLOCKS)))
    _hear(ours, 0.1, LEADER)
    _run(ours, 3.0)
    assert ours.phase is Phase.SERVING
    assert ours.stream is None
    _hear(ours, 3.0, OTHER)
    _run(ours, 3.2)
    assert ours.stream is not None


def test_what_comes_while_it_streams_goes_out() -> None:
    here = package(range(2))
    ours = _representation(here)
    _hear(ours, 0.1)
    _run(ours, 3.0)
    assert ours.phase is Phase.STREAMING
    here.sound.add(2, BLOCKS)
    ours.sound(RangeSet([(2, BLOCKS)]))
    _run(ours, 4.0)
    assert ours.phase is Phase.REPAIRING


def test_a_stream_that_nobody_hears_any_more_is_broken_off() -> None:
    ours = _representation(package(range(2)))
    _hear(ours, 0.1)
    _run(ours, 2.0)
    assert ours.phase is Phase.STREAMING
    _hear(ours, 2.0, what=report(ReceiverState.LEFT))
    _run(ours, 2.2)

    assert ours.phase is Phase.SERVING
    assert ours.stream is not None
    assert ours.stream.sender is not None
    assert ours.stream.sender.idle


def test_and_taken_up_when_others_come() -> None:
    ours = _representation(package(range(2)))
    _hear(ours, 0.1)
    _run(ours, 2.0)
    _hear(ours, 2.0, what=report(ReceiverState.LEFT))
    _run(ours, 2.2)
    _hear(ours, 2.5, THIRD, NodeId(9))
    rounds = [one.round for one in said(_run(ours, 2.8), Announce)]
    assert ours.phase is Phase.STREAMING
    assert rounds[-1] == 2


def test_what_three_lack_is_streamed_again_what_two_lack_is_not() -> None:
    for receivers, rounds in ((2, 1), (3, 2)):
        ours = _representation(package(range(BLOCKS)))
        nodes = [NodeId(number) for number in range(2, 2 + receivers)]
        _hear(ours, 0.1, *nodes)
        _run(ours, 1.5)
        lacks = report(ReceiverState.REPAIRING, held_blocks=6, missing=((0, 2),))
        _hear(ours, 1.5, *nodes, what=lacks)
        announced = said(_run(ours, 4.0), Announce)
        assert announced[-1].round == rounds


def test_before_another_round_all_can_have_told_what_they_lack() -> None:
    """Of a thousand the last tells it ten seconds later; until then it seems to lack all."""
    ours = _representation(package(range(BLOCKS)))
    nodes = [NodeId(number) for number in range(2, 1_002)]
    _hear(ours, 0.1, *nodes)
    commands = _run(ours, 1.5)
    for second in range(1, 10):
        done = report(DONE, held_blocks=BLOCKS)
        _hear(ours, 1.5 + second, *nodes[100 * second - 100 : 100 * second], what=done)
        commands += _run(ours, 2.1 + second)
    assert {one.round for one in said(commands, Announce)} == {0, 1}


def test_rounds_come_to_an_end_even_if_nobody_hears_them() -> None:
    ours = _representation(package(range(BLOCKS)))
    nodes = [NodeId(number) for number in range(2, 12)]
    for second in range(1, 60):
        _hear(ours, float(second), *nodes)
        announced = said(_run(ours, second + 0.9), Announce)
    assert announced[-1].round <= 3


def test_a_session_stays_open_until_its_start_for_those_who_come_late() -> None:
    ours = _representation(package(range(BLOCKS)), start_at=60.0)
    _run(ours, 59.0)
    assert ours.phase is Phase.WAITING
    _run(ours, 60.2 + CLOSE_S + 0.2)
    assert ours.phase is Phase.CLOSED


def test_it_does_not_close_while_somebody_lacks_something_or_we_do() -> None:
    lacking = _representation(package(range(2)))
    _run(lacking, 60.0)
    assert lacking.phase is Phase.SERVING

    needed = _representation(package(range(BLOCKS)))
    for second in range(60):
        _hear(needed, float(second), LEADER)
        _run(needed, second + 0.9)
    assert needed.phase is not Phase.CLOSED


def test_it_closes_when_the_last_receiver_has_been_silent_for_long() -> None:
    ours = _representation(package(range(BLOCKS)), receiver_idle_timeout_s=10.0)
    _hear(ours, 0.5, LEADER)
    _run(ours, 10.0)
    assert ours.phase is Phase.SERVING
    _run(ours, 11.0 + CLOSE_S)
    assert ours.phase is Phase.CLOSED


# --- receivers -----------------------------------------------------------------------------------


def test_needs_are_answered_in_any_phase_but_the_last() -> None:
    ours = _representation(package(range(BLOCKS)), start_at=0.0)
    ours.need(need((0, 2)), now=0.1)
    assert len(of_kind(ours.drain(), OpenStream)) == 1
    _run(ours, 60.0)
    assert ours.is_over
    ours.need(need((0, 2)), now=61.0)  # from one that was silent for long
    ours.report(LEADER, address(LEADER), report(), now=61.0)
    assert ours.stream is None
    assert ours.drain() == []
    assert ours.wake_at() == NEVER


def test_a_closed_session_is_not_announced_to_who_seeks() -> None:
    ours = _representation(package(range(BLOCKS)), start_at=0.0)
    _run(ours, 60.0)
    ours.announce_soon(61.0)
    assert ours.wake_at() == NEVER


def test_a_need_for_another_content_is_not_answered() -> None:
    ours = _representation(package(range(BLOCKS), content=type(SPEC.locator)(bytes(32))))  # type: ignore[arg-type]
    ours.need(need((0, 2)), now=0.1)
    assert ours.stream is None


def test_who_is_slow_is_dismissed_once_and_streamed_to_no_more() -> None:
    ours = _representation(
        package(range(2)), slow_receiver_bps_min=2_000_000, rate_limit_bps=50_000_000
    )
    slow = report(ReceiverState.RECEIVING, loss_ppm=900_000, rate_bps=100_000)
    good = report(ReceiverState.RECEIVING, rate_bps=40_000_000)
    others = [NodeId(number) for number in range(10, 19)]
    _hear(ours, 0.1, THIRD, *others)
    commands = _run(ours, 1.5)
    for step in range(20):
        now = 1.5 + step * 0.3
        _hear(ours, now, *others, what=good)
        _hear(ours, now, THIRD, what=slow)
        commands += _run(ours, now + 0.2)

    dismissals = [
        one for one in of_kind(commands, Send) if isinstance(one, Send)
        and isinstance(one.message, Dismiss)
    ]  # fmt: skip
    assert [one.to for one in dismissals] == [address(THIRD)]
    assert [one.node for one in ours.audience.streamable()] == others


# --- leaving -------------------------------------------------------------------------------------


def test_it_hands_over_to_the_best_of_those_who_need_it() -> None:
    ours = _representation(package(range(BLOCKS)))
    _hear(ours, 0.1, LEADER, what=report(held_blocks=3, missing=((3, 5),)))
    _hear(ours, 0.1, OTHER, what=report(held_blocks=5, missing=((5, 3),)))
    _run(ours, 1.5)
    ours.hand_over(now=1.5)
    commands = ours.drain()

    assert [one.heir for one in said(commands, Handover)] == [OTHER]
    assert len(of_kind(commands, CloseStream)) == 1
    assert said(commands, Announce) == []
    assert ours.wake_at() == NEVER


def test_with_nobody_in_need_it_closes_instead() -> None:
    ours = _representation(package(range(BLOCKS)))
    _hear(ours, 0.1, what=report(DONE, held_blocks=BLOCKS))
    ours.hand_over(now=0.5)
    commands = ours.drain()
    assert said(commands, Handover) == []
    assert said(commands, Announce)[-1].phase is Phase.CLOSED


def test_who_yields_stops_at_once_and_says_nothing() -> None:
    ours = _representation(package(range(BLOCKS)))
    _hear(ours, 0.1)
    _run(ours, 1.5)
    ours.stop(1.5)
    commands = ours.drain()
    assert [type(one) for one in commands] == [CloseStream]
    assert ours.wake_at() == NEVER


@pytest.mark.parametrize("joins_at", [0.5, 5.0])
def test_before_the_first_round_the_stream_is_fitted_to_who_joins(joins_at: float) -> None:
    """Also after the delay, while there was but one to stream to."""
    ours = _representation(package(range(BLOCKS)), min_receivers=2, datagram_bytes_max=1_472)
    _hear(ours, 0.1, LEADER)
    _run(ours, joins_at)
    assert ours.stream is None
    _hear(ours, joins_at, OTHER, what=report(datagram_bytes_max=1_000))
    announced = said(_run(ours, joins_at + 3.0), Announce)
    assert ours.stream is not None
    assert announced[-1].symbol_bytes == 1_000 - 40


@pytest.mark.parametrize("datagram_bytes_max", [0, 1, 56, 57, 100])
def test_an_absurd_report_does_no_harm(datagram_bytes_max: int) -> None:
    """Symbols of one byte would be more of them than a block may have."""
    ours = _representation(package(range(BLOCKS)), datagram_bytes_max=1_472)
    absurd = report(
        datagram_bytes_max=datagram_bytes_max, held_blocks=BLOCKS * 9,
        missing=tuple((number, 1 << 23) for number in range(24)),
    )  # fmt: skip
    _hear(ours, 0.1, LEADER, OTHER, ME, what=absurd)
    announced = said(_run(ours, 3.0), Announce)
    assert announced[-1].symbol_bytes == 1_472 - 40
