"""Stream sockets, on real ones: bursts out, runs in, with and without the kernel's help."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from segments import FAMILIES, WAIT_S, burst, datagrams, free_group, interfaces, joined

from mcastdist.agent.interfaces import Chosen
from mcastdist.agent.stream_inlet import LINUX, RUN_BYTES_MAX
from mcastdist.agent.stream_sockets import Group, StreamReceiver, StreamSender
from mcastdist.errors import UsageError

Pair = Callable[..., tuple[StreamSender, StreamReceiver]]

pytestmark = pytest.mark.parametrize("family", FAMILIES)


@pytest.fixture
def group() -> Group:
    return free_group()


@pytest.fixture
def pair(group: Group) -> Iterator[Pair]:
    """Opens a sender and a receiver on one segment."""
    opened: list[StreamSender | StreamReceiver] = []

    def pair(
        family: int, *, fast: bool, coalesce: bool | None = None, buffer_bytes: int = 1 << 20
    ) -> tuple[StreamSender, StreamReceiver]:
        here, there = interfaces(family, 2)
        sender = StreamSender([here], group, ttl=1, fast=fast)
        receiver = StreamReceiver(
            [there],
            group,
            fast=fast if coalesce is None else coalesce,
            buffer_bytes=buffer_bytes,
        )
        opened.extend((sender, receiver))
        return sender, receiver

    yield pair
    for each in opened:
        each.close()


@pytest.mark.parametrize("coalesce", [True, False])
@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize(
    ("count", "datagram_bytes", "last_bytes"),
    [(1, 1400, None), (16, 1400, None), (16, 1400, 77), (64, 600, None), (200, 300, 41),
     (7, 20_000, 19_999), (3, 41, None)],
)  # fmt: skip
def test_what_is_sent_arrives_datagram_by_datagram(
    pair: Pair,
    family: int,
    fast: bool,
    coalesce: bool,
    count: int,
    datagram_bytes: int,
    last_bytes: int | None,
) -> None:
    if family == 6:
        datagram_bytes = min(datagram_bytes, 1_400)  # a veth's MTU, not the loopback's
        last_bytes = last_bytes and min(last_bytes, datagram_bytes - 1)
    sender, receiver = pair(family, fast=fast, coalesce=coalesce)
    buffers = burst(count, datagram_bytes, last_bytes=last_bytes)

    assert sender.send(buffers, datagram_bytes) == count

    assert datagrams(receiver, count) == joined(buffers)
    assert receiver.kernel_drops == 0


def test_nothing_sent_is_nothing_received(pair: Pair, family: int) -> None:
    sender, receiver = pair(family, fast=True)

    assert sender.send([], 1_400) == 0
    assert receiver.receive(0) is None


def test_what_is_fast_is_told(pair: Pair, family: int) -> None:
    for fast in (True, False):
        sender, receiver = pair(family, fast=fast)

        assert sender.fast is receiver.fast is (fast and LINUX)


def test_with_several_interfaces_the_worst_counts(family: int, group: Group) -> None:
    here, there = interfaces(family, 2)
    sender = StreamSender([here, there], group, ttl=1, fast=True)
    receiver = StreamReceiver([here], group, fast=True, buffer_bytes=1 << 20)
    sender._outlets[1].sock.close()  # stands for an interface that has gone

    assert sender.send(burst(4, 500), 500) == 0
    assert sender.counters["send_error"] + sender.counters["segmenting_refused"] > 0
    assert datagrams(receiver, 4) == joined(burst(4, 500))

    sender.close()
    receiver.close()


def test_interfaces_take_turns(family: int, group: Group) -> None:
    """Each of two sockets hears everything: neither waits until the other is empty."""
    here, there = interfaces(family, 2)
    receiver = StreamReceiver([here, there], group, fast=False, buffer_bytes=4 << 20)
    sender = StreamSender([here], group, ttl=1, fast=False)
    in_a_run = RUN_BYTES_MAX // 1_400
    sender.send(burst(2 * in_a_run, 1_400), 1_400)

    numbers = [each[0] for each in datagrams(receiver, 4 * in_a_run)]

    second = numbers.index(0, 1)  # where the other socket's first datagram stands
    assert second < in_a_run
    sender.close()
    receiver.close()


def test_the_buffer_that_was_asked_for_and_got_is_told(pair: Pair, family: int) -> None:
    _, receiver = pair(family, fast=True, buffer_bytes=100_000)

    assert receiver.buffer_asked == 100_000
    assert receiver.buffer_got >= 100_000


def test_close_ends_a_receive_under_way(pair: Pair, family: int) -> None:
    _, receiver = pair(family, fast=True)
    ended: list[object] = []
    about_to = threading.Event()

    def work() -> None:
        about_to.set()
        ended.append(receiver.receive(3600.0))

    thread = threading.Thread(target=work)
    thread.start()
    about_to.wait(WAIT_S)
    receiver.close()
    thread.join(WAIT_S)

    assert ended == [None]
    assert receiver.receive(3600.0) is None  # and at once ever after
    receiver.close()


def test_after_rejoin_the_stream_is_heard_still(pair: Pair, family: int) -> None:
    sender, receiver = pair(family, fast=True)

    receiver.rejoin()
    sender.send(burst(2, 500), 500)

    assert len(datagrams(receiver, 2)) == 2


def test_an_interface_that_is_gone_is_refused_and_nothing_stays_open(
    family: int, group: Group
) -> None:
    (here,) = interfaces(family, 1)
    gone = replace(
        here, name="gone0", index=99_999, address="192.0.2.1" if family == 4 else "fe80::9"
    )

    for open_both in (_open_sender, _open_receiver):
        with pytest.raises(UsageError, match="gone0"):
            open_both([here, gone], group)


def _open_sender(chosen: list[Chosen], group: Group) -> None:
    StreamSender(chosen, group, ttl=1, fast=True)


def _open_receiver(chosen: list[Chosen], group: Group) -> None:
    StreamReceiver(chosen, group, fast=True)
