"""Promises of the reader: every datagram of ours is in exactly one stretch, others in none."""

from __future__ import annotations

import numpy as np
from channel import CLUSTER, SENDER, SESSION
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mcastdist.ids import ClusterTag, NodeId, SessionId
from mcastdist.session.datagrams import Reader, Stretch
from mcastdist.wire import PARITY_FIRST, PARITY_RANDOM_FIRST, Geometry, make_headers

GEOMETRY = Geometry(4_096 * 3 + 100, 4_096, 64)  # 65 symbols, the last block 2
READER = Reader(GEOMETRY, CLUSTER, SESSION)

Datagram = tuple[int, int, int, int]  # block, symbol, sequence, sender


def encoded(one: Datagram, *, cluster: ClusterTag = CLUSTER, session: SessionId = SESSION) -> bytes:
    block, symbol, sequence, sender = one
    header = make_headers(
        cluster=cluster, sender=NodeId(sender), session=session, block=block, symbols=[symbol],
        sequence=sequence, sent_us=sequence * 3 % 2**32,
        tags=np.full((1, 8), symbol % 251, np.uint8),
    )  # fmt: skip
    return header.tobytes() + bytes([symbol % 256]) * 64


def read(datagrams: list[bytes]) -> list[Stretch]:
    return READER.read(memoryview(b"".join(datagrams)))


def told(stretches: list[Stretch]) -> list[Datagram]:
    """The datagrams of stretches, and a check that payloads and tags are theirs."""
    all_of_them = []
    for stretch in stretches:
        for step, payload in enumerate(stretch.payloads):
            symbol = stretch.symbol + step
            assert payload.tobytes() == bytes([symbol % 256]) * 64
            assert stretch.tags[step].tolist() == [symbol % 251] * 8
            sequence = (stretch.sequence + step) % 2**32
            all_of_them.append((stretch.block, symbol, sequence, stretch.sender))
    return all_of_them


def test_a_regular_run_is_one_stretch() -> None:
    run = [(1, symbol, 1_000 + symbol, SENDER) for symbol in range(20, 64)]

    stretches = read([encoded(one) for one in run])

    assert len(stretches) == 1
    assert told(stretches) == run
    assert stretches[0].sent_us == 3 * 1_063
    assert not stretches[0].is_parity


def test_a_regular_run_may_wrap_its_sequence() -> None:
    run = [(1, step, (2**32 - 2 + step) % 2**32, SENDER) for step in range(5)]
    stretches = read([encoded(one) for one in run])

    assert len(stretches) == 1
    assert told(stretches) == run


def test_regular_parity_is_one_stretch() -> None:
    first = 3 << 28 | PARITY_RANDOM_FIRST
    run = [(3, first + step, step, SENDER) for step in range(5)]
    (stretch,) = read([encoded(one) for one in run])

    assert stretch.is_parity
    assert told([stretch]) == run
    part = stretch.part(2, 4)
    assert told([part]) == run[2:4]


def test_a_regular_run_of_what_does_not_exist_is_nothing() -> None:
    beyond_block = [(4, step, step, SENDER) for step in range(3)]
    beyond_symbols = [(0, 65 + step, step, SENDER) for step in range(3)]
    between = [(0, PARITY_FIRST - 3 + step, step, SENDER) for step in range(3)]
    wrapped = [(0, (2**32 - 1 + step) % 2**32, step, SENDER) for step in range(1)]

    for run in (beyond_block, beyond_symbols, between):
        assert read([encoded(one) for one in run]) == []
    assert read([encoded(one) for one in wrapped])[0].is_parity


def test_a_run_over_the_end_of_the_symbols_is_cut_there() -> None:
    run = [(3, step, step, SENDER) for step in range(5)]
    assert told(read([encoded(one) for one in run])) == run[:2]


numbers = st.sampled_from([0, 1, 2, 3, 63, 64, 65, PARITY_FIRST - 1, PARITY_FIRST, 2**32 - 1])
datagrams = st.tuples(st.integers(0, 4), numbers, st.integers(0, 3), st.sampled_from([7, 8]))


@settings(max_examples=200, deadline=None)
@example([(0, 2**32 - 1, 2, 7), (0, 0, 3, 7)], set())
@given(st.lists(datagrams, min_size=1, max_size=30), st.sets(st.integers(0, 29)))
def test_any_mixture_is_told_in_order_without_strangers(
    run: list[Datagram], strangers: set[int]
) -> None:
    raw = [
        encoded(one, session=SessionId(9)) if at in strangers else encoded(one)
        for at, one in enumerate(run)
    ]
    ours = [
        one
        for at, one in enumerate(run)
        if at not in strangers and one[0] <= 3 and _exists(one[0], one[1])
    ]

    assert told(read(raw)) == ours


def _exists(block: int, symbol: int) -> bool:
    return symbol < GEOMETRY.symbols(block) or symbol & 0x0FFF_FFFF >= PARITY_FIRST
