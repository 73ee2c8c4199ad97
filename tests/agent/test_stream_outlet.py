"""One interface's way out: cut by the kernel or singly, full queues, networks that are gone."""

from __future__ import annotations

import collections
import errno
import select
import socket
from collections.abc import Iterator, Sequence

import pytest
from segments import FAMILIES, WAIT_S, burst, free_group, interfaces, joined

from mcastdist.agent import stream_outlet
from mcastdist.agent.socket_options import Group, enlarge_buffer, open_receiver
from mcastdist.agent.stream_inlet import LINUX
from mcastdist.agent.stream_outlet import Outlet

Counters = collections.Counter[str]

pytestmark = pytest.mark.parametrize("family", FAMILIES)
on_linux = pytest.mark.skipif(not LINUX, reason="segmenting is Linux's")


class Refusing:
    """A socket that refuses the first calls, and otherwise is the one it stands for."""

    def __init__(self, real: socket.socket) -> None:
        self.real = real
        self.refusals: list[int] = []
        self.calls = 0

    def sendmsg(self, buffers: Sequence[memoryview], *rest: object) -> int:
        self.calls += 1
        if self.refusals:
            raise OSError(self.refusals.pop(0), "refused")
        return self.real.sendmsg(buffers, *rest)  # type: ignore[arg-type]  # passed on as it came

    def __getattr__(self, name: str) -> object:
        return getattr(self.real, name)


class Way:
    """From an outlet to a plain socket that hears its group."""

    def __init__(self, family: int, group: Group, *, segmented: bool) -> None:
        here, there = interfaces(family, 2)
        self.counters = Counters()
        self.heard = open_receiver(there, group)
        enlarge_buffer(self.heard, 1 << 20)
        self.outlet = Outlet(here, group, 1, segmented, self.counters)
        self.socket = Refusing(self.outlet.sock)
        self.outlet.sock = self.socket  # type: ignore[assignment]  # quacks alike

    def next(self, count: int) -> list[bytes]:
        """The next datagrams that arrive."""
        got = []
        for _ in range(count):
            assert select.select([self.heard], [], [], WAIT_S)[0], "nothing arrives"
            got.append(self.heard.recv(1 << 16))
        return got

    def close(self) -> None:
        self.socket.real.close()
        self.heard.close()


@pytest.fixture
def fast(family: int) -> Iterator[Way]:
    way = Way(family, free_group(), segmented=True)
    yield way
    way.close()


@pytest.fixture
def slow(family: int) -> Iterator[Way]:
    way = Way(family, free_group(), segmented=False)
    yield way
    way.close()


@on_linux
def test_a_burst_is_one_call(fast: Way) -> None:
    buffers = burst(16, 1_400, last_bytes=99)

    assert fast.outlet.send(buffers, 1_400) == 16

    assert fast.next(16) == joined(buffers)
    assert fast.socket.calls == 1


@on_linux
def test_no_call_holds_more_than_the_kernel_takes(fast: Way) -> None:
    for count, datagram_bytes, calls in ((200, 300, 4), (92, 1_400, 2), (64, 50, 1)):
        buffers = burst(count, datagram_bytes)
        fast.socket.calls = 0

        assert fast.outlet.send(buffers, datagram_bytes) == count

        assert fast.next(count) == joined(buffers)
        assert fast.socket.calls == calls


def test_singly_it_is_a_call_each(slow: Way) -> None:
    buffers = burst(5, 1_000)

    assert slow.outlet.send(buffers, 1_000) == 5

    assert slow.next(5) == joined(buffers)
    assert slow.socket.calls == 5
    assert not slow.outlet.segmented


@on_linux
def test_the_length_may_change_from_burst_to_burst(fast: Way) -> None:
    for datagram_bytes in (1_400, 600, 1_200):
        buffers = burst(8, datagram_bytes)

        assert fast.outlet.send(buffers, datagram_bytes) == 8
        assert fast.next(8) == joined(buffers)


@on_linux
@pytest.mark.parametrize("number", sorted(stream_outlet.CANNOT_SEGMENT))
def test_a_device_that_cannot_segment_is_remembered(fast: Way, number: int) -> None:
    buffers = burst(5, 1_000)
    fast.socket.refusals = [number]

    assert fast.outlet.send(buffers, 1_000) == 5
    assert fast.next(5) == joined(buffers)
    assert fast.socket.calls == 1 + 5

    assert fast.outlet.send(buffers, 1_000) == 5
    assert fast.next(5) == joined(buffers)
    assert fast.socket.calls == 1 + 5 + 5
    assert fast.counters == {"segmenting_refused": 1}


@on_linux
def test_a_kernel_without_the_option_is_remembered(fast: Way) -> None:
    buffers = burst(3, 1_000)
    asked = []

    def setsockopt(*args: object) -> None:
        asked.append(args)
        raise OSError(errno.ENOPROTOOPT, "no such option")

    fast.socket.setsockopt = setsockopt  # type: ignore[attr-defined]  # in place of the real one

    for _ in range(2):
        assert fast.outlet.send(buffers, 1_000) == 3
        assert fast.next(3) == joined(buffers)
    assert len(asked) == 2  # once to switch it on, once to be sure that it is off
    assert fast.counters == {"segmenting_refused": 1}


@pytest.mark.parametrize("number", [errno.ENOBUFS, errno.EAGAIN])
def test_a_full_queue_is_waited_for(fast: Way, number: int) -> None:
    buffers = burst(5, 1_000)
    fast.socket.refusals = [number, number]

    assert fast.outlet.send(buffers, 1_000) == 5

    assert fast.next(5) == joined(buffers)
    assert not fast.counters


def test_where_the_kernel_cannot_wait_we_do(slow: Way) -> None:
    slow.outlet._kernel_waits = False
    buffers = burst(2, 1_000)
    slow.socket.refusals = [errno.EAGAIN]

    assert slow.outlet.send(buffers, 1_000) == 2

    assert slow.next(2) == joined(buffers)
    assert slow.socket.calls == 3


@on_linux
def test_the_kernel_waits_for_room_and_not_for_long(fast: Way) -> None:
    """A socket whose peer takes nothing stands for one whose device is busy."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with ours, theirs:
        assert stream_outlet._let_kernel_wait(ours)
        with pytest.raises(BlockingIOError):
            _fill(ours)


def _fill(sock: socket.socket) -> None:
    for _ in range(10_000):
        sock.send(bytes(1_000))


@on_linux
@pytest.mark.parametrize("number", [errno.ENOBUFS, errno.EAGAIN])
def test_a_queue_that_stays_full_loses_a_burst_and_nothing_else(fast: Way, number: int) -> None:
    buffers = burst(5, 1_000)
    fast.socket.refusals = [number] * stream_outlet.TRIES

    assert fast.outlet.send(buffers, 1_000) == 0
    assert fast.counters == {"full": 5}

    assert fast.outlet.send(buffers, 1_000) == 5
    assert fast.next(5) == joined(buffers)
    assert fast.outlet.segmented


def test_singly_a_queue_that_stays_full_loses_one(slow: Way) -> None:
    buffers = burst(5, 1_000)
    slow.socket.refusals = [errno.ENOBUFS] * stream_outlet.TRIES

    assert slow.outlet.send(buffers, 1_000) == 4

    assert slow.next(4) == joined(buffers)[1:]
    assert slow.counters == {"full": 1}


def test_a_network_that_is_gone_is_counted_and_not_raised(fast: Way, slow: Way) -> None:
    for way in (fast, slow):
        way.socket.refusals = [errno.ENETUNREACH] * 5

        assert way.outlet.send(burst(5, 1_000), 1_000) == 0

        assert way.counters == {"send_error": 5}
    assert fast.outlet.segmented is LINUX


def test_nothing_to_send_is_no_call(fast: Way) -> None:
    assert fast.outlet.send([], 1_400) == 0
    assert fast.socket.calls == 0
