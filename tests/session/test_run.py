"""Promises of a run: the wire's layout, no copies, numbers that wrap."""

from __future__ import annotations

import numpy as np
from channel import CLUSTER, NODE, SESSION, datagrams_of, header_of

from mcastdist.session.run import HeaderRoom, Origin, Run

ORIGIN = Origin(CLUSTER, NODE, SESSION)


def run_of(count: int, room: HeaderRoom | None = None) -> tuple[Run, np.ndarray]:
    symbols = np.arange(count * 32, dtype=np.uint8).reshape(count, 32)
    tags = np.arange(count * 8, dtype=np.uint8).reshape(count, 8)
    ids = np.arange(count) + 5
    return Run(ORIGIN, 3, ids, symbols, tags, room or HeaderRoom(count)), symbols


def test_a_burst_is_the_next_datagrams_with_their_numbers_and_time() -> None:
    run, symbols = run_of(10)
    run.take(4, sequence=100, sent_us=1)

    burst = run.take(4, sequence=104, sent_us=777)

    assert (burst.count, run.remaining) == (4, 2)
    for step, datagram in enumerate(datagrams_of(burst.buffers)):
        header = header_of(datagram)
        assert (header["block"], header["symbol"]) == (3, 9 + step)
        assert (header["sequence"], header["sent_us"]) == (104 + step, 777)
        assert header["tag"].tolist() == list(range((4 + step) * 8, (4 + step) * 8 + 8))
        assert datagram[40:] == symbols[4 + step].tobytes()


def test_the_last_burst_is_what_is_left() -> None:
    run, _ = run_of(3)
    assert run.take(16, sequence=0, sent_us=0).count == 3
    assert run.remaining == 0


def test_the_sequence_wraps() -> None:
    run, _ = run_of(4)
    burst = run.take(4, sequence=2**32 - 2, sent_us=0)

    numbers = [int(header_of(one)["sequence"]) for one in datagrams_of(burst.buffers)]
    assert numbers == [2**32 - 2, 2**32 - 1, 0, 1]


def test_payloads_are_views() -> None:
    run, symbols = run_of(2)
    burst = run.take(2, sequence=0, sent_us=0)
    symbols[1, 0] = 99

    assert burst.buffers[3][0] == 99


def test_room_is_used_again_by_the_next_run() -> None:
    room = HeaderRoom(8)
    run_of(8, room)
    run, _ = run_of(3, room)

    burst = run.take(8, sequence=0, sent_us=0)

    assert [int(header_of(one)["symbol"]) for one in datagrams_of(burst.buffers)] == [5, 6, 7]
