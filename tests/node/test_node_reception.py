"""A receiver's side of a session, from joining to leaving."""

from __future__ import annotations

import pytest
from node_kit import (
    BLOCKS,
    LEADER,
    OTHER_CONTENT,
    SYMBOL_BYTES,
    address,
    announce,
    configuration,
    environment,
    hear,
    need,
    of_kind,
    package,
    said,
    streamed,
)

from mcastdist.node import CloseStream, Command, OpenStream, Package, Rejoin, Send
from mcastdist.node.listening import POLL_S, REJOIN_S
from mcastdist.node.reception import Reception
from mcastdist.ranges import RangeSet
from mcastdist.timers import NEVER
from mcastdist.wire import DEAF_S, Announce, Need, Phase, ReceiverState, Report


def _reception(told: Announce | None = None, *, here: Package | None = None) -> Reception:
    told = told or announce()
    reception = Reception(
        task="task", leader=LEADER, address=address(LEADER), announce=told,
        config=configuration(), env=environment(), weight=50, now=0.0,
    )  # fmt: skip
    if here is not None:
        reception.package_known(here, now=0.0)
    return reception


def _run(reception: Reception, until: float) -> list[Command]:
    """Wake it whenever it wants to be woken."""
    commands = reception.drain()
    while reception.wake_at() <= until:
        reception.wake(now=reception.wake_at())
        commands += reception.drain()
    return commands


def _tell(reception: Reception, told: Announce, now: float) -> list[Command]:
    commands = _run(reception, now)
    reception.receive_announce(told, address(LEADER), now=now)
    return commands


def _streaming(reception: Reception, positions: dict[float, int]) -> list[Command]:
    commands: list[Command] = []
    for now, position in positions.items():
        commands += _tell(reception, announce(Phase.STREAMING, position=position), now)
    return commands


# --- joining -------------------------------------------------------------------------------------


def test_it_joins_by_a_report_to_the_representative() -> None:
    (send,) = of_kind(_run(_reception(), 1.0), Send)
    assert isinstance(send, Send)
    assert send.to == address(LEADER)
    assert isinstance(send.message, Report)
    assert send.message.state is ReceiverState.JOINED


def test_it_joins_when_it_is_its_turn_even_if_many_more_came_meanwhile() -> None:
    reception = _reception()
    reception.receive_announce(announce(receivers=1_000), address(LEADER), now=0.0)
    assert said(_run(reception, 0.05), Report) == []
    assert len(said(_run(reception, 10.1), Report)) >= 1


def test_the_stream_is_opened_when_the_content_is_known() -> None:
    reception = _reception()
    assert of_kind(_run(reception, 1.0), OpenStream) == []
    reception.package_known(package(), now=1.0)
    (opened,) = of_kind(reception.drain(), OpenStream)
    assert isinstance(opened, OpenStream)
    assert opened.stream is reception.stream
    assert opened.stream.geometry.symbol_bytes == SYMBOL_BYTES


@pytest.mark.parametrize("phase", [Phase.STARTING, Phase.CLOSED])
def test_no_stream_is_opened_before_the_session_has_begun_or_after_it(phase: Phase) -> None:
    assert _reception(announce(phase), here=package()).stream is None


def test_when_the_representative_shrinks_its_datagrams_the_stream_is_opened_anew() -> None:
    reception = _reception(here=package())
    before = reception.stream
    _tell(reception, announce(symbol_bytes=64), 0.5)

    assert of_kind(reception.drain(), CloseStream) == [CloseStream(before)]  # type: ignore[arg-type]
    assert reception.stream is not None
    assert reception.stream.geometry.symbol_bytes == 64


# --- receiving -----------------------------------------------------------------------------------


def test_it_receives_repairs_and_is_done() -> None:
    here = package()
    reception = _reception(here=here)
    commands = _streaming(reception, {1.0: 0})
    assert reception.stream is not None
    sent = streamed(range(BLOCKS))
    opened = hear(reception.stream, sent[:3] + sent[4:], now=1.05)  # one datagram is lost
    reception.blocks_held(RangeSet.of(opened))
    commands += _tell(reception, announce(Phase.REPAIRING, position=BLOCKS), 1.2)
    commands += _run(reception, 1.35)
    assert said(commands, Need) == [need((0, 1))]
    assert reception.state is ReceiverState.REPAIRING

    here.held.add(0, BLOCKS)
    reception.complete(now=1.6)
    commands += _run(reception, 9.0)
    states = [report.state for report in said(commands, Report)]
    assert list(dict.fromkeys(states)) == [
        ReceiverState.JOINED, ReceiverState.RECEIVING, ReceiverState.REPAIRING, ReceiverState.DONE,
    ]  # fmt: skip
    assert reception.stream is None
    assert reception.wake_at() == NEVER


def test_while_the_stream_runs_it_reports_four_times_a_second() -> None:
    reception = _reception(here=package())
    _streaming(reception, {1.0: 0})
    sent = streamed(range(BLOCKS))
    reports = 0
    assert reception.stream is not None
    for step in range(20):
        hear(reception.stream, sent[step : step + 1], now=1.0 + step * 0.1)
        reports += len(said(_run(reception, 1.05 + step * 0.1), Report))
    assert 5 <= reports <= 12


def test_who_keeps_quiet_when_another_complains() -> None:
    reception = _reception(here=package())
    _streaming(reception, {1.0: 0})
    assert reception.stream is not None
    hear(reception.stream, streamed(range(BLOCKS))[1:], now=1.0)
    _run(reception, 1.0 + POLL_S)
    reception.hear_need(need((0, 5)), now=1.0 + POLL_S)
    assert said(_run(reception, 1.25), Need) == []


def test_a_block_that_was_wrong_is_taken_again() -> None:
    reception = _reception(here=package())
    _streaming(reception, {1.0: 0})
    assert reception.stream is not None
    assert hear(reception.stream, streamed([3]), now=1.0) == [3]
    reception.blocks_lost(RangeSet([(3, 4)]), now=1.05)
    assert hear(reception.stream, streamed([3]), now=1.1) == [3]


def test_a_block_that_is_lost_after_the_end_is_asked_for_from_peers() -> None:
    reception = _reception(here=package(held=range(BLOCKS)))
    reception.complete(now=1.0)
    assert reception.from_peers(1.0) == RangeSet()
    lacking = package(held=[n for n in range(BLOCKS) if n != 3])
    reception.package_known(lacking, now=1.5)
    reception.blocks_lost(RangeSet([(3, 4)]), now=1.5)
    assert reception.state is ReceiverState.REPAIRING


# --- the stream does not come --------------------------------------------------------------------


def test_who_hears_nothing_says_so_rejoins_and_goes_to_peers() -> None:
    reception = _reception(here=package())
    commands = _streaming(reception, {1.0: 0, 2.0: 2, 3.0: 4, 4.0: 5})
    commands += _run(reception, 1.0 + DEAF_S + 0.2)

    assert reception.state is ReceiverState.DEAF
    assert said(commands, Report)[-1].reason == "stream_not_heard"
    assert len(of_kind(commands, Rejoin)) == 1
    assert reception.from_peers(4.2) == RangeSet([(0, 5)])


def test_the_deaf_rejoin_now_and_then_and_not_all_the_time() -> None:
    reception = _reception(here=package())
    commands = _streaming(reception, {float(at): min(at, BLOCKS) for at in range(1, 30)})
    assert 2 <= len(of_kind(commands, Rejoin)) <= 1 + 30 / REJOIN_S


def test_the_deaf_who_hear_again_receive_again() -> None:
    reception = _reception(here=package())
    _streaming(reception, {1.0: 0, 2.0: 2, 5.0: 4})
    _run(reception, 5.1)
    assert reception.state is ReceiverState.DEAF
    assert reception.stream is not None
    hear(reception.stream, streamed([5]), now=5.2)
    reports = said(_run(reception, 5.4), Report)

    assert reception.state is ReceiverState.RECEIVING
    assert reports[-1].reason == ""
    assert not reception.from_peers(5.4)


def test_the_dismissed_leave_the_stream_and_take_the_rest_from_peers() -> None:
    reception = _reception(here=package(range(2)))
    _streaming(reception, {1.0: 0, 2.0: 6})
    reception.drain()
    reception.dismissed("slow_receiver", now=2.5)
    commands = _run(reception, 3.0)

    assert len(of_kind(commands, CloseStream)) == 1
    assert said(commands, Report)[-1].reason == "slow_receiver"
    assert reception.from_peers(3.0) == RangeSet([(2, 6)])
    _streaming(reception, {4.0: 7})
    assert reception.stream is None  # and they do not open it again


def test_a_session_about_another_content_is_of_no_use_and_not_opened() -> None:
    reception = _reception(announce(content=OTHER_CONTENT), here=package(range(2)))
    reports = said(_run(reception, 1.0), Report)
    assert reception.stream is None
    assert reports[-1].state is ReceiverState.DEAF  # no stream would help it
    assert reports[-1].reason == "other_content"
    assert reception.from_peers(1.0) == RangeSet([(2, BLOCKS)])


def test_an_announcement_that_is_cut_absurdly_is_not_believed() -> None:
    """Blocks of one byte would be millions of them: it must not even be tried."""
    told = announce(payload_bytes=1, block_bytes=1)
    assert _reception(told, here=package()).stream is None


# --- leaving -------------------------------------------------------------------------------------


def test_who_leaves_says_so_with_the_reason() -> None:
    reception = _reception(here=package())
    reception.leave("suspended", now=1.0)
    commands = reception.drain()
    assert [one.state for one in said(commands, Report)] == [ReceiverState.LEFT]
    assert said(commands, Report)[0].reason == "suspended"
    assert len(of_kind(commands, CloseStream)) == 1
    assert reception.wake_at() == NEVER


def test_who_is_done_and_goes_away_says_so_too() -> None:
    """Or the representative would make it its heir, and send others to it."""
    reception = _reception(here=package(range(BLOCKS)))
    reception.complete(now=1.0)
    _run(reception, 2.0)
    reception.leave("agent_stops", now=3.0)
    assert [one.state for one in said(reception.drain(), Report)] == [ReceiverState.LEFT]


@pytest.mark.parametrize("done", [False, True])
def test_at_the_end_of_a_session_nothing_is_said(done: bool) -> None:
    """A thousand would say it at once, and to one that is gone."""
    reception = _reception(here=package(range(BLOCKS)))
    if done:
        reception.complete(now=1.0)
    _run(reception, 2.0)
    reception.end()
    assert said(reception.drain(), Report) == []
    assert reception.stream is None
    assert reception.wake_at() == NEVER


def test_it_is_seldom_awake_while_nothing_moves() -> None:
    reception = _reception(here=package())
    _run(reception, 10.0)
    wakes = 0
    while reception.wake_at() <= 20.0:
        reception.wake(now=reception.wake_at())
        wakes += 1
    assert wakes <= 25


def test_only_reasons_that_are_known_are_taken_over() -> None:
    reception = _reception(here=package())
    reception.dismissed("\x1b[2J" * 10, now=2.5)
    assert reception.falls == ["slow_receiver"]
