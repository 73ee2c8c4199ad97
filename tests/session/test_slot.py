"""Promises of a slot: what is here already counts, and nothing is taken twice."""

from __future__ import annotations

import numpy as np
from channel import SEAL, Channel, stream_of

from mcastdist.ranges import RangeSet
from mcastdist.session import seal_block

SMALL = 4_096 * 5 + 1_000  # the last block is short


def test_held_blocks_are_not_taken_again() -> None:
    channel = Channel(SMALL, held=RangeSet([(0, 2)]))
    for block in channel.blocks:
        channel.deliver(stream_of(channel, block))

    assert sorted(channel.got) == [2, 3, 4, 5]
    assert channel.receiver.counters.duplicate == 2 * 17 * 296


def test_a_block_that_came_from_a_peer_is_forgotten() -> None:
    channel = Channel(SMALL)
    channel.deliver(stream_of(channel, 0)[:5])

    channel.receiver.forget(0)
    channel.deliver(stream_of(channel, 0)[5:])

    assert channel.got == {}
    assert channel.receiver.lacking(channel.now + 1.0) == []


def test_bytes_held_locally_count_as_received() -> None:
    channel = Channel(SMALL)
    symbols = seal_block(SEAL, channel.geometry, 0, channel.plain(0)).symbols
    have = np.arange(17) % 2 == 0
    channel.receiver.preload(0, have, symbols)
    assert channel.receiver.drain() == []

    channel.deliver([one for number, one in enumerate(stream_of(channel, 0)) if number % 2])
    assert list(channel.got) == [0]


def test_a_block_that_is_held_whole_in_pieces_opens_without_a_datagram() -> None:
    channel = Channel(SMALL)
    symbols = seal_block(SEAL, channel.geometry, 0, channel.plain(0)).symbols

    channel.receiver.preload(0, np.ones(17, np.bool_), symbols)
    (assembly,) = channel.receiver.drain()

    assert assembly.open(SEAL, channel.parity) == channel.plain(0)
    assert (assembly.source_bytes, assembly.parity_bytes) == (0, 0)


def test_rotten_local_bytes_are_thrown_out_and_nobody_is_blamed() -> None:
    channel = Channel(SMALL)
    symbols = seal_block(SEAL, channel.geometry, 0, channel.plain(0)).symbols.copy()
    symbols[2, 7] ^= 1
    channel.receiver.preload(0, np.arange(17) < 8, symbols)

    channel.deliver(stream_of(channel, 0)[8:])

    assert channel.spoils == 1
    assert channel.receiver.lacking(channel.now + 1.0) == [(0, 8)]
    assert not list(channel.trace.named("session.sender_refused", "session.wary"))
    channel.deliver(stream_of(channel, 0)[:8])
    assert list(channel.got) == [0]
