"""Promises of an assembly: parity solves it, or the need for more is told."""

from __future__ import annotations

import pytest
from channel import SEAL, SENDER, Channel, nothing_happens, stream_of

from mcastdist.session import NotEnough

SMALL = 4_096 * 5 + 1_000  # the last block is short


def test_parity_that_does_not_solve_it_waits_for_one_more() -> None:
    channel = Channel(SMALL)
    channel.sender.ready(0)
    channel.deliver(stream_of(channel, 0)[:13])
    channel.sender.answer(0, 4, now=channel.now)
    (parity,) = channel.bursts()

    for datagram in parity:
        channel.deliver([datagram])

    assert list(channel.got) == [0] or channel.receiver.lacking(channel.now + 1.0)[0][1] >= 1
    channel.run(nothing_happens)
    channel.assert_complete()


class Unlucky:
    """A code that never solves anything."""

    def decode(self, *_: object) -> int:
        return 2


def test_what_does_not_solve_it_is_lacking_by_as_much_as_the_code_says() -> None:
    channel = Channel(SMALL)
    channel.sender.ready(0)
    channel.deliver(stream_of(channel, 0)[:10])
    channel.deliver(stream_of(channel, 1))
    channel.sender.answer(0, 7, now=channel.now)
    (parity,) = channel.bursts()
    channel.receiver.receive_burst(memoryview(b"".join(parity[:7])), 296, channel.now)
    (assembly,) = channel.receiver.drain()

    with pytest.raises(NotEnough):
        assembly.open(SEAL, Unlucky())  # type: ignore[arg-type]  # it has what is needed of one

    assert channel.receiver.lacking(channel.now) == [(0, 2)]
    channel.receiver.receive_burst(memoryview(parity[7]), 296, channel.now)
    assert channel.receiver.drain() == []
    assert channel.receiver.lacking(channel.now) == [(0, 1)]
    channel.deliver(parity[8:9])
    assert sorted(channel.got) == [0, 1]


def test_parity_that_comes_while_the_block_is_being_opened_is_not_lost() -> None:
    channel = Channel(SMALL)
    channel.sender.ready(0)
    channel.deliver(stream_of(channel, 0)[:10])
    channel.sender.answer(0, 7, now=channel.now)
    (parity,) = channel.bursts()
    run = memoryview(b"".join(parity[:7]))
    channel.receiver.receive_burst(run, 296, channel.now)
    (assembly,) = channel.receiver.drain()
    rest = memoryview(b"".join(parity[7:]))
    channel.receiver.receive_burst(rest, 296, channel.now)
    assert channel.receiver.drain() == []

    with pytest.raises(NotEnough, match="needs 2 more"):
        assembly.open(SEAL, Unlucky())  # type: ignore[arg-type]  # it has what is needed of one

    channel.open_complete()
    assert list(channel.got) == [0]


def test_where_a_blocks_bytes_came_from_is_told() -> None:
    channel = Channel(SMALL)
    channel.sender.ready(0)
    channel.deliver(stream_of(channel, 0)[:15])
    channel.sender.answer(0, 8, now=channel.now)
    (parity,) = channel.bursts()
    channel.receiver.receive_burst(memoryview(b"".join(parity)), 296, channel.now)

    (assembly,) = channel.receiver.drain()

    assert assembly.source_bytes == 15 * 256
    assert assembly.parity_bytes == 4_096 - 15 * 256
    assert assembly.senders == {SENDER}
    assert assembly.open(SEAL, channel.parity) == channel.plain(0)
