"""Promises of the receiver: whatever the network does, the right bytes or a plain need for more."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from channel import CLUSTER, SEAL, SENDER, SESSION, Channel, flipped, nothing_happens, stream_of
from hypothesis import given, settings
from hypothesis import strategies as st

from mcastdist.ids import NodeId
from mcastdist.ranges import RangeSet
from mcastdist.session import Receiver
from mcastdist.wire import BLOCK_SILENCE_S, Geometry, make_headers

SMALL = 4_096 * 5 + 1_000  # the last block is short


@pytest.mark.parametrize("size", [1, 239, 240, 241, 4_080, 4_096, 4_097, SMALL])
@pytest.mark.parametrize("run", [1, 5, 44])
def test_a_stream_without_loss_needs_no_repair(size: int, run: int) -> None:
    channel = Channel(size)
    channel.stream_all()

    for burst in channel.bursts():
        channel.deliver(burst, run=run)

    channel.assert_complete()
    assert channel.receiver.counters.parity == 0


def test_blocks_of_one_symbol() -> None:
    channel = Channel(1_000, block_bytes=100, symbol_bytes=128)
    assert channel.geometry.symbols(0) == 1

    channel.run(nothing_happens)

    channel.assert_complete()


def test_real_sizes() -> None:
    channel = Channel((3 << 20) + 12_345, block_bytes=1 << 20, symbol_bytes=1_432)
    rng = Random(5)

    channel.run(lambda burst: [one for one in burst if rng.random() > 0.03])

    channel.assert_complete()


def test_an_empty_payload_takes_nothing() -> None:
    receiver = Receiver(
        geometry=Geometry(0, 4_096, 256), session=SESSION, cluster=CLUSTER, seal=SEAL,
        held=RangeSet(), now=0.0,
    )  # fmt: skip
    channel = Channel(SMALL)

    receiver.receive_burst(memoryview(stream_of(channel, 0)[0]), 296, 0.0)

    assert receiver.drain() == []
    assert receiver.lacking(100.0) == []
    assert receiver.counters.foreign == 296


def test_one_run_may_hold_several_blocks_and_senders() -> None:
    channel = Channel(SMALL)
    datagrams = stream_of(channel, 0) + stream_of(channel, 1, sequence=17, sender=9)

    channel.deliver(datagrams, run=100)

    assert sorted(channel.got) == [0, 1]


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32), loss=st.floats(0.0, 0.6), copies=st.floats(0.0, 0.3))
def test_any_loss_duplication_and_reordering_is_repaired(
    seed: int, loss: float, copies: float
) -> None:
    rng = Random(seed)

    def carry(burst: list[bytes]) -> list[bytes]:
        kept = [one for one in burst if rng.random() >= loss]
        kept += [one for one in kept if rng.random() < copies]
        rng.shuffle(kept)
        return kept

    channel = Channel(SMALL)
    channel.run(carry)

    channel.assert_complete()


@settings(max_examples=30, deadline=None)
@given(lost=st.sets(st.integers(0, 88)))
def test_any_set_of_lost_symbols_is_known_by_number_and_repaired(lost: set[int]) -> None:
    channel = Channel(SMALL)
    datagrams = [one for block in channel.blocks for one in stream_of(channel, block)]
    assert len(datagrams) == 89

    kept = [one for number, one in enumerate(datagrams) if number not in lost]
    if kept:
        channel.deliver(kept)
    channel.receiver.passed(6, now=channel.now)
    missing = {block: 0 for block in channel.blocks}
    for number in lost:
        missing[number // 17] += 1

    lacking = channel.receiver.lacking(channel.now + 1.0)
    assert lacking == [(block, count) for block, count in missing.items() if count]
    channel.run(nothing_happens)
    channel.assert_complete()


def test_blocks_in_any_order_and_symbols_backwards() -> None:
    channel = Channel(SMALL)
    for block in (3, 0, 5, 1, 4, 2):
        channel.deliver(stream_of(channel, block)[::-1])

    channel.assert_complete()


def test_truncated_and_overlong_datagrams_are_left_out() -> None:
    channel = Channel(SMALL)
    datagrams = stream_of(channel, 0)

    cut = datagrams[1][:-1]
    channel.receiver.receive_burst(memoryview(datagrams[0] + cut), 296, channel.now)
    for odd in (cut, datagrams[1] + b"x", b"", b"\x01", datagrams[1][:40]):
        channel.receiver.receive_burst(memoryview(odd), len(odd), channel.now)

    assert channel.receiver.counters.source == 296
    assert channel.receiver.counters.foreign == len(cut) * 2 + 297 + 1 + 40
    channel.deliver(datagrams[1:])
    assert list(channel.got) == [0]


@settings(max_examples=150, deadline=None)
@given(junk=st.binary(max_size=2_000), stride=st.integers(0, 400))
def test_junk_does_no_harm(junk: bytes, stride: int) -> None:
    channel = Channel(SMALL)

    channel.receiver.receive_burst(memoryview(junk), stride, channel.now)

    assert channel.receiver.counters.foreign == len(junk)
    assert channel.receiver.drain() == []


@settings(max_examples=60, deadline=None)
@given(bit=st.integers(0, 296 * 8 - 1), which=st.integers(0, 16))
def test_one_flipped_bit_anywhere_never_spoils_a_byte(bit: int, which: int) -> None:
    channel = Channel(SMALL)
    datagrams = stream_of(channel, 0)
    changed = bytearray(datagrams[which])
    changed[bit // 8] ^= 1 << bit % 8
    datagrams[which] = bytes(changed)

    channel.deliver(datagrams)
    channel.run(nothing_happens)

    channel.assert_complete()


@pytest.mark.parametrize("field", ["cluster", "session", "version", "kind", "block", "symbol"])
def test_what_is_not_of_this_session_is_counted_and_left_out(field: str) -> None:
    channel = Channel(SMALL)
    headers = make_headers(
        cluster=CLUSTER, sender=NodeId(SENDER), session=SESSION, block=0, symbols=[0], sequence=0,
        sent_us=0, tags=np.zeros((1, 8), np.uint8),
    )  # fmt: skip
    headers[field] = 99

    channel.receiver.receive_burst(memoryview(headers.tobytes() + bytes(256)), 296, channel.now)

    assert channel.receiver.counters.foreign == 296
    assert channel.receiver.heard_at is None


def test_a_foreign_session_among_ours_does_not_disturb() -> None:
    channel = Channel(SMALL)
    ours = stream_of(channel, 0)
    foreign = [flipped(one, 13) for one in ours]

    mixed = [one for pair in zip(ours, foreign, strict=True) for one in pair]
    channel.deliver(mixed)

    assert list(channel.got) == [0]
    assert channel.receiver.counters.foreign == len(foreign) * 296


def test_a_block_is_lacking_once_a_later_one_is_heard_the_last_one_after_a_silence() -> None:
    channel = Channel(SMALL)
    channel.deliver(stream_of(channel, 0)[:10])
    assert channel.receiver.lacking(channel.now) == []

    channel.deliver(stream_of(channel, 1)[:10])
    assert channel.receiver.lacking(channel.now) == [(0, 7)]
    assert channel.receiver.lacking(channel.now + BLOCK_SILENCE_S) == [(0, 7), (1, 7)]
    assert channel.receiver.position == 1


def test_an_announced_position_counts_when_the_stream_had_time_to_arrive() -> None:
    channel = Channel(SMALL)
    channel.deliver(stream_of(channel, 0)[:1])
    channel.receiver.passed(3, now=channel.now)

    assert channel.receiver.position == 3
    assert channel.receiver.lacking(channel.now + BLOCK_SILENCE_S / 2) == []
    lacking = channel.receiver.lacking(channel.now + BLOCK_SILENCE_S)
    assert lacking == [(0, 16)]  # of the others nothing came: no complaint is about them


def test_parity_of_an_old_block_does_not_move_the_position() -> None:
    channel = Channel(SMALL)
    channel.sender.ready(4)
    channel.sender.answer(4, 3, now=channel.now)

    for burst in channel.bursts():
        channel.deliver(burst)

    assert channel.receiver.position == 0


def test_a_block_under_way_to_a_worker_is_not_lacking() -> None:
    channel = Channel(SMALL)
    run = memoryview(b"".join(stream_of(channel, 0)))
    channel.receiver.receive_burst(run, 296, channel.now)

    assert channel.receiver.lacking(channel.now + 1.0) == []
    (assembly,) = channel.receiver.drain()
    assert channel.receiver.lacking(channel.now + 1.0) == []
    assert channel.receiver.drain() == []
    assembly.release()
