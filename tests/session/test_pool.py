"""Promises of the pool: memory is bounded, and no block is mixed up with another."""

from __future__ import annotations

import pytest
from channel import CLUSTER, SEAL, SESSION, Channel, flipped, nothing_happens, stream_of

from mcastdist.ids import ClusterTag, SessionId
from mcastdist.ranges import RangeSet
from mcastdist.session import Receiver, Spoilt
from mcastdist.session.trust import WARY_S

SMALL = 4_096 * 5 + 1_000  # the last block is short


def test_memory_is_bounded_and_the_least_complete_block_makes_room() -> None:
    channel = Channel(4_096 * 40, blocks_open_max=4)
    for block, symbols in ((0, 10), (1, 3), (2, 12), (3, 11)):
        channel.deliver(stream_of(channel, block)[:symbols])
    assert channel.receiver.evicted == 0

    channel.deliver(stream_of(channel, 4)[:16])

    assert channel.receiver.evicted == 1
    (evicted,) = channel.trace.named("session.block_evicted")
    assert evicted.fields == {"block": 1, "missing": 14, "by": 4}
    assert 1 not in dict(channel.receiver.lacking(channel.now))  # nothing of it is here
    for block in range(5, 40):
        channel.deliver(stream_of(channel, block)[:16])
    assert len(channel.receiver._pool._slots) == 4
    channel.run(nothing_happens)
    channel.assert_complete()


def test_when_all_memory_is_being_opened_symbols_are_dropped_not_mixed_up() -> None:
    channel = Channel(SMALL, blocks_open_max=2)
    for block in (0, 1):
        run = memoryview(b"".join(stream_of(channel, block)))
        channel.receiver.receive_burst(run, 296, channel.now)
    lent = channel.receiver.drain()
    assert len(lent) == 2

    run = memoryview(b"".join(stream_of(channel, 2)))
    channel.receiver.receive_burst(run, 296, channel.now)
    assert channel.receiver.counters.duplicate == 17 * 296
    assert channel.receiver.evicted == 0

    for assembly in lent:
        assert assembly.open(SEAL, channel.parity) == channel.plain(assembly.block)
        channel.receiver.opened(assembly.block)
        assembly.release()
    channel.deliver(stream_of(channel, 2))
    assert list(channel.got) == [2]


def test_a_block_forgotten_while_it_spoils_gives_its_memory_back() -> None:
    channel = Channel(SMALL, blocks_open_max=1)
    datagrams = stream_of(channel, 0)
    datagrams[5] = flipped(datagrams[5], 100)
    run = memoryview(b"".join(datagrams))
    channel.receiver.receive_burst(run, 296, channel.now)
    (assembly,) = channel.receiver.drain()

    channel.receiver.forget(0)
    with pytest.raises(Spoilt, match="1 wrong symbols") as caught:
        assembly.open(SEAL, channel.parity)
    channel.receiver.spoilt(0, caught.value.forged)

    channel.now += WARY_S + 1.0
    channel.deliver(stream_of(channel, 1))
    assert list(channel.got) == [1]


def test_a_flood_of_parity_for_one_block_is_bounded() -> None:
    channel = Channel(SMALL)
    channel.sender.ready(0)
    datagrams = []
    for _ in range(20):
        channel.sender.answer(0, 8, now=channel.now)
        datagrams += [one for burst in channel.bursts() for one in burst]
        channel.now += 1.0

    run = memoryview(b"".join(datagrams))
    channel.receiver.receive_burst(run, 296, channel.now)

    assert channel.receiver.counters.parity <= (17 + 32) * 296
    channel.open_complete()
    assert list(channel.got) == [0]


def test_another_cluster_and_session_are_strangers() -> None:
    channel = Channel(SMALL)
    other = Receiver(
        geometry=channel.geometry, session=SessionId(SESSION + 1), cluster=CLUSTER, seal=SEAL,
        held=RangeSet(), now=0.0,
    )  # fmt: skip
    third = Receiver(
        geometry=channel.geometry, session=SESSION, cluster=ClusterTag(1), seal=SEAL,
        held=RangeSet(), now=0.0,
    )  # fmt: skip
    run = memoryview(b"".join(stream_of(channel, 0)))
    for receiver in (other, third):
        receiver.receive_burst(run, 296, 0.0)
        assert receiver.counters.foreign == len(run)
        assert receiver.drain() == []


def test_a_release_that_comes_late_does_not_disturb_the_next_block() -> None:
    channel = Channel(SMALL, blocks_open_max=1)
    channel.receiver.receive_burst(memoryview(b"".join(stream_of(channel, 0))), 296, channel.now)
    (first,) = channel.receiver.drain()
    channel.receiver.opened(0)
    channel.receiver.receive_burst(memoryview(b"".join(stream_of(channel, 1))), 296, channel.now)
    (second,) = channel.receiver.drain()

    first.release()
    channel.deliver(stream_of(channel, 2))

    assert channel.got == {}
    assert second.open(SEAL, channel.parity) == channel.plain(1)
