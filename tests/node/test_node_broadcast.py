"""The representative's stream."""

from __future__ import annotations

import pytest
from node_kit import (
    BLOCKS,
    LEADER,
    OTHER,
    SESSION,
    SYMBOL_BYTES,
    SYMBOLS,
    configuration,
    datagrams,
    environment,
    need,
    of_kind,
    package,
    payload,
    report,
)

from mcastdist.ids import SessionId
from mcastdist.node import CloseStream, OpenStream
from mcastdist.node.broadcast import DATAGRAM_BYTES_FIT_MIN, Broadcast
from mcastdist.ranges import RangeSet
from mcastdist.session import seal_block
from mcastdist.wire import RATE_BPS_START, STREAM_HEADER_BYTES, ReceiverState

ALL = RangeSet([(0, BLOCKS)])


def _broadcast(**changes: object) -> Broadcast:
    return Broadcast(
        task="task", session=SessionId(SESSION), config=configuration(**changes),
        env=environment(), now=0.0,
    )  # fmt: skip


def _pump(broadcast: Broadcast, now: float) -> list[bytes]:
    """What the sending thread would send now, with a second to do it."""
    sent: list[bytes] = []
    assert broadcast.stream is not None
    sender = broadcast.stream.sender
    assert sender is not None
    for step in range(1_000):
        for block in sender.wants():
            seal = environment().seal(broadcast.stream.content)
            geometry = broadcast.stream.geometry
            sender.provide(seal_block(seal, geometry, block, payload(block)))
        burst = sender.next_burst(now + step / 1_000, 16)
        sent += datagrams(burst) if burst else []
    return sent


def test_no_stream_is_opened_before_it_is_needed() -> None:
    broadcast = _broadcast()
    broadcast.sound(ALL)
    broadcast.steer([0], now=1.0)
    assert broadcast.drain() == []
    assert (broadcast.position, broadcast.queue, broadcast.is_idle) == (0, 0, True)


def test_a_round_opens_it_and_sends_each_block_once() -> None:
    broadcast = _broadcast()
    broadcast.start_round(ALL, package(range(BLOCKS)), now=0.0)
    assert len(of_kind(broadcast.drain(), OpenStream)) == 1
    assert not broadcast.is_idle

    assert len(_pump(broadcast, 0.0)) == BLOCKS * SYMBOLS
    assert broadcast.is_idle
    assert broadcast.position == BLOCKS


def test_blocks_that_are_not_here_yet_go_when_they_come() -> None:
    broadcast = _broadcast()
    here = package(range(3))
    broadcast.start_round(ALL, here, now=0.0)
    assert len(_pump(broadcast, 0.0)) == 3 * SYMBOLS
    assert broadcast.position == 3

    broadcast.sound(RangeSet([(3, 5)]))
    assert len(_pump(broadcast, 2.0)) == 2 * SYMBOLS


def test_a_second_round_uses_the_same_stream() -> None:
    broadcast = _broadcast()
    broadcast.start_round(ALL, package(range(BLOCKS)), now=0.0)
    _pump(broadcast, 0.0)
    broadcast.drain()
    broadcast.start_round(RangeSet([(2, 3)]), package(range(BLOCKS)), now=2.0)
    assert broadcast.drain() == []
    assert broadcast.round == 2
    assert len(_pump(broadcast, 2.0)) == SYMBOLS


def test_a_round_that_is_stopped_sends_no_more() -> None:
    broadcast = _broadcast()
    broadcast.start_round(ALL, package(range(BLOCKS)), now=0.0)
    broadcast.stop_round(now=0.0)
    assert broadcast.is_idle
    assert _pump(broadcast, 0.0) == []


def test_needs_are_answered_for_blocks_that_are_here() -> None:
    broadcast = _broadcast()
    broadcast.answer(need((0, 2), (5, 2)), package([0]), now=0.0)
    assert broadcast.queue == 1
    sent = _pump(broadcast, 0.0)
    assert {int.from_bytes(one[16:20], "big") for one in sent} == {0}


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (1_472, SYMBOL_BYTES),
        (DATAGRAM_BYTES_FIT_MIN - 1, SYMBOL_BYTES),
        (57, SYMBOL_BYTES),
        (0, SYMBOL_BYTES),
    ],
)
def test_datagrams_do_not_grow_nor_shrink_absurdly(theirs: int, ours: int) -> None:
    broadcast = _broadcast()
    broadcast.fit(theirs)
    assert broadcast.symbol_bytes == ours


def test_datagrams_shrink_to_what_the_smallest_takes_but_not_in_a_stream() -> None:
    broadcast = _broadcast(datagram_bytes_max=1_472)
    broadcast.fit(1_400)
    broadcast.fit(1_300)
    broadcast.fit(1_400)
    assert broadcast.symbol_bytes == 1_300 - STREAM_HEADER_BYTES

    broadcast.start_round(ALL, package(range(BLOCKS)), now=0.0)
    broadcast.fit(1_200)
    assert broadcast.symbol_bytes == 1_300 - STREAM_HEADER_BYTES


def test_the_rate_follows_the_reports_up_to_the_limit() -> None:
    broadcast = _broadcast(rate_limit_bps=3 * RATE_BPS_START)
    assert broadcast.rate_bps == RATE_BPS_START
    for step in range(1, 40):
        for node in (LEADER, OTHER):
            measured = report(ReceiverState.RECEIVING, rate_bps=round(broadcast.rate_bps))
            broadcast.measured(node, measured, now=step * 0.3)
        broadcast.steer([0, 0], now=step * 0.3)
    assert broadcast.rate_bps == 3 * RATE_BPS_START


def test_parity_rides_along_when_the_group_loses() -> None:
    broadcast = _broadcast()
    broadcast.start_round(ALL, package(range(BLOCKS)), now=0.0)
    broadcast.steer([0, 200_000, 200_000], now=0.0)
    extra = len(_pump(broadcast, 0.0)) - BLOCKS * SYMBOLS
    assert 0.1 * BLOCKS * SYMBOLS < extra < 0.4 * BLOCKS * SYMBOLS


def test_one_that_loses_much_costs_the_others_no_parity() -> None:
    broadcast = _broadcast()
    broadcast.start_round(ALL, package(range(BLOCKS)), now=0.0)
    broadcast.steer([0] * 9 + [500_000], now=0.0)
    assert len(_pump(broadcast, 0.0)) == BLOCKS * SYMBOLS


def test_closing_it_is_said_once() -> None:
    broadcast = _broadcast()
    broadcast.close(now=1.0)
    assert broadcast.drain() == []
    broadcast.start_round(ALL, package(range(BLOCKS)), now=0.0)
    broadcast.close(now=1.0)
    broadcast.close(now=1.0)
    assert len(of_kind(broadcast.drain(), CloseStream)) == 1
    assert broadcast.stream is None
