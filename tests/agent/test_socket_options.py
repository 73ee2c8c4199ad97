"""Socket options: addresses in both directions, and what each system is told."""

from __future__ import annotations

import errno
import socket
import struct
import sys
from typing import Any

import pytest
from segments import free_group, interfaces

from mcastdist.agent.interfaces import Chosen
from mcastdist.agent.socket_options import (
    IP_MULTICAST_ALL,
    Address,
    Group,
    SockAddr,
    address_of,
    enlarge_buffer,
    open_receiver,
    open_sender,
    rejoin,
    sockaddr,
)
from mcastdist.errors import UsageError

V4 = Chosen("eth0", 7, 4, "192.0.2.5", 24, 1500, "")
V6 = Chosen("eth0", 7, 6, "fe80::5", 64, 1500, "")
V6_GLOBAL = Chosen("eth0", 7, 6, "2001:db8::5", 64, 1500, "")


@pytest.mark.parametrize(
    ("interface", "address", "told"),
    [
        (V4, ("192.0.2.9", 7447), ("192.0.2.9", 7447)),
        (V6, ("fe80::9%eth0", 7447), ("fe80::9", 7447, 0, 7)),
        (V6, ("fe80::9", 7447), ("fe80::9", 7447, 0, 7)),
        (V6, ("ff12::1", 7447), ("ff12::1", 7447, 0, 7)),
        (V6_GLOBAL, ("2001:db8::9", 7447), ("2001:db8::9", 7447, 0, 0)),
    ],
)
def test_an_address_as_the_system_wants_it(
    interface: Chosen, address: Address, told: SockAddr
) -> None:
    assert sockaddr(interface, address) == told


@pytest.mark.parametrize(
    ("interface", "source", "address"),
    [
        (V4, ("192.0.2.9", 7447), ("192.0.2.9", 7447)),
        (V6, ("fe80::9", 7447, 0, 7), ("fe80::9%eth0", 7447)),
        (V6, ("fe80::9%eth0", 7447, 0, 7), ("fe80::9%eth0", 7447)),
        (V6_GLOBAL, ("2001:db8::9", 7447, 0, 0), ("2001:db8::9", 7447)),
    ],
)
def test_an_address_as_others_are_told_it(
    interface: Chosen, source: SockAddr, address: Address
) -> None:
    assert address_of(interface, source) == address


def test_a_group_has_an_address_in_each_family() -> None:
    group = Group("239.255.1.2", "ff12::1", 7447)

    assert (group.host(V4), group.host(V6)) == ("239.255.1.2", "ff12::1")


@pytest.mark.skipif(sys.platform != "linux", reason="looks at Linux's options")
def test_sockets_keep_to_their_interface_their_group_and_the_subnet() -> None:
    (here,) = interfaces(4, 1)
    group = free_group()

    with open_receiver(here, group) as receiver, open_sender(here, group.port, 1) as sender:
        assert receiver.getsockname() == (group.v4, group.port)
        assert receiver.getsockopt(socket.IPPROTO_IP, IP_MULTICAST_ALL) == 0
        assert sender.getsockname() == (here.address, group.port)
        assert sender.getsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL) == 1
        assert sender.getsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP) == 1
        through = sender.getsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, 4)
        assert socket.inet_ntoa(through) == here.address
        assert not receiver.getblocking()
        assert not sender.getblocking()


def test_a_port_that_is_taken_is_exchanged_and_an_address_that_is_not_ours_refused() -> None:
    (here,) = interfaces(4, 1)
    port = free_group().port

    with open_sender(here, port, 1) as first, open_sender(here, port, 1) as second:
        assert first.getsockname()[1] == port
        assert second.getsockname()[1] != port
    with pytest.raises(UsageError, match=r"cannot send from 192\.0\.2\.5 on eth0"):
        open_sender(V4, port, 1)


def test_rejoin_tells_whether_it_worked() -> None:
    (here,) = interfaces(4, 1)
    group = free_group()

    with open_receiver(here, group) as sock:
        assert rejoin(sock, here, group)
        assert not rejoin(sock, V4, Group("10.0.0.1", "", group.port))


@pytest.mark.skipif(sys.platform != "linux", reason="Linux doubles what it is asked for")
def test_the_buffer_is_told_in_the_bytes_that_were_asked_for() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        assert enlarge_buffer(sock, 50_000) == 50_000
        (doubled,) = struct.unpack("=i", sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4))
        assert doubled == 100_000


class Frugal(socket.socket):
    """As macOS: what is beyond the limit is refused, and not cut down to it."""

    limit_bytes = 1 << 20

    def setsockopt(self, level: int, option: int, value: Any) -> None:
        if option == socket.SO_RCVBUF and value > self.limit_bytes:
            raise OSError(errno.ENOBUFS, "No buffer space available")
        super().setsockopt(level, option, value)


def test_where_a_buffer_is_refused_the_largest_that_is_not_is_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with Frugal(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8_192)
        had = sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)

        sock.limit_bytes = 80_000
        given = enlarge_buffer(sock, 8 << 20)
        assert given >= 64 << 10
        sock.limit_bytes = had  # and nobody is left with less than he had
        assert enlarge_buffer(sock, 8 << 20) == given
