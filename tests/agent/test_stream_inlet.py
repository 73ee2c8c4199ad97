"""One interface's way in: runs and single datagrams, whom they are from, what was dropped."""

from __future__ import annotations

import select
import time
from collections.abc import Callable, Iterator

import pytest
from segments import FAMILIES, WAIT_S, burst, free_group, interfaces

from mcastdist.agent.socket_options import Group, enlarge_buffer
from mcastdist.agent.stream_inlet import LINUX, RUN_BYTES_MAX, Inlet, Run
from mcastdist.agent.stream_sockets import StreamSender

Open = Callable[..., tuple[StreamSender, Inlet]]

pytestmark = pytest.mark.parametrize("family", FAMILIES)
on_linux = pytest.mark.skipif(not LINUX, reason="these are Linux's options")


@pytest.fixture
def group() -> Group:
    return free_group()


@pytest.fixture
def both(family: int, group: Group) -> Iterator[Open]:
    """A sender and an inlet that hears it."""
    opened: list[tuple[StreamSender, Inlet]] = []

    def both(*, fast: bool) -> tuple[StreamSender, Inlet]:
        here, there = interfaces(family, 2)
        pair = StreamSender([here], group, ttl=1, fast=fast), Inlet(there, group, fast)
        opened.append(pair)
        return pair

    yield both
    for sender, inlet in opened:
        sender.close()
        inlet.sock.close()


@pytest.fixture
def buffer() -> memoryview:
    return memoryview(bytearray(RUN_BYTES_MAX))


def read(inlet: Inlet, buffer: memoryview) -> Run:
    assert select.select([inlet.sock], [], [], WAIT_S)[0], "nothing arrives"
    run = inlet.read(buffer)
    assert run is not None
    return run


@on_linux
def test_a_run_comes_at_once_with_the_length_of_its_datagrams(
    both: Open, buffer: memoryview
) -> None:
    sender, inlet = both(fast=True)
    sender.send(burst(16, 1_400, last_bytes=55), 1_400)

    run = read(inlet, buffer)

    assert (len(run.view), run.stride) == (15 * 1_400 + 55, 1_400)
    assert run.view[-1] == 15
    assert run.view.obj is buffer.obj  # nothing was copied
    assert inlet.coalescing


@on_linux
def test_a_run_tells_how_long_the_kernel_has_had_it(both: Open, buffer: memoryview) -> None:
    sender, inlet = both(fast=True)
    # Linux begins to stamp what comes some time after the first socket has asked for it.
    time.sleep(0.1)
    sender.send(burst(2, 1_400), 1_400)
    assert select.select([inlet.sock], [], [], WAIT_S)[0]
    arrived = time.monotonic()
    while time.monotonic() < arrived + 0.02:
        pass  # we are busy, and come late

    run = inlet.read(buffer)

    assert run is not None
    assert 0.02 <= run.age_s <= time.monotonic() - arrived + 0.01


def test_without_the_kernels_help_those_that_wait_make_a_run(
    both: Open, buffer: memoryview
) -> None:
    sender, inlet = both(fast=False)
    sender.send(burst(5, 1_400, last_bytes=55), 1_400)

    run = read(inlet, buffer)

    assert (len(run.view), run.stride) == (4 * 1_400 + 55, 1_400)
    assert run.view[1_400] == 1
    assert not inlet.coalescing


@pytest.mark.parametrize("fast", [True, False])
def test_a_longer_datagram_begins_the_next_run(both: Open, buffer: memoryview, fast: bool) -> None:
    sender, inlet = both(fast=fast)
    sender.send(burst(2, 1_000), 1_000)
    sender.send(burst(3, 1_400), 1_400)

    runs = [read(inlet, buffer), inlet.read(buffer)]

    assert [(len(run.view), run.stride) for run in runs if run] == [(2_000, 1_000), (4_200, 1_400)]
    assert inlet.read(buffer) is None


@pytest.mark.parametrize("fast", [True, False])
def test_an_empty_datagram_is_an_empty_run(both: Open, buffer: memoryview, fast: bool) -> None:
    sender, inlet = both(fast=fast)
    sender.send([memoryview(b""), memoryview(b"")], 100)

    run = read(inlet, buffer)

    assert (len(run.view), run.stride) == (0, 0)


def test_nothing_there_is_no_run(both: Open, buffer: memoryview) -> None:
    _, inlet = both(fast=True)

    assert inlet.read(buffer) is None


def test_the_sender_is_named_also_when_it_changes(
    both: Open, buffer: memoryview, family: int, group: Group
) -> None:
    sender, inlet = both(fast=True)
    (other,) = interfaces(family, 1)
    another = StreamSender([other], group, ttl=1, fast=True)

    addresses = []
    for each in (sender, another, another, sender):
        each.send(burst(1, 100), 100)
        addresses.append(read(inlet, buffer).address)

    first, second, third, fourth = addresses
    assert first == fourth != second == third
    assert first[0].endswith("%mcd6") if family == 6 else first[0].startswith("127.77.")
    another.close()


@on_linux
def test_what_the_kernel_drops_is_counted(both: Open, buffer: memoryview) -> None:
    sender, inlet = both(fast=False)
    enlarge_buffer(inlet.sock, 8_192)
    for _ in range(5):
        sender.send(burst(50, 1_000), 1_000)

    received = 0
    while run := inlet.read(buffer):
        received += len(run.view) // run.stride
    sender.send(burst(1, 1_000), 1_000)  # the count comes with the next datagram
    read(inlet, buffer)

    assert received < 250
    assert inlet.drops == 250 - received


def test_a_system_that_can_do_neither_still_receives(
    monkeypatch: pytest.MonkeyPatch, buffer: memoryview, family: int, group: Group
) -> None:
    monkeypatch.setattr("mcastdist.agent.stream_inlet.LINUX", False)
    here, there = interfaces(family, 2)
    inlet = Inlet(there, group, True)
    sender = StreamSender([here], group, ttl=1, fast=False)
    sender.send(burst(1, 700), 700)

    run = read(inlet, buffer)

    assert (len(run.view), run.stride) == (700, 700)
    assert not inlet.coalescing
    sender.close()
    inlet.sock.close()
