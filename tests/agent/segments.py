"""Interfaces to try real sockets on: the loopback, and for IPv6 one that only a namespace has.

Loopback has no route for IPv6 multicast, so `test_ipv6_namespace` makes an interface of the name
below in a network namespace of its own and runs the socket tests there once more.
"""

from __future__ import annotations

import itertools
import os
import socket
from collections.abc import Sequence

from mcastdist.agent.interfaces import Chosen, Inventory, choose, read_inventory
from mcastdist.agent.settings import load
from mcastdist.agent.stream_sockets import Group, StreamReceiver

IPV6_NAME = "mcd6"
WAIT_S = 10.0  # far more than the loopback needs: only a failure waits so long
HEADER_BYTES = 40
FAMILIES = [6] if IPV6_NAME in (name for _, name in socket.if_nameindex()) else [4]

_hosts = itertools.count(10)
_groups = itertools.count(1)


def interfaces(family: int, count: int) -> list[Chosen]:
    """`count` places to stand on one segment: with IPv4 each has an address of its own."""
    inventory = read_inventory()
    if family == 4:
        net = f"127.77.{os.getpid() % 250}"
        return [_loopback(inventory, f"{net}.{next(_hosts)}") for _ in range(count)]
    settings = load(None, {}, [f"multicast.interfaces={IPV6_NAME}"])
    return [*choose(settings, inventory).chosen] * count


def free_group() -> Group:
    """A group and a port that no other test, and no agent on this machine, uses."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    number = next(_groups)
    high, low = os.getpid() % 250, number % 250
    return Group(f"239.255.{high}.{low}", f"ff12::6d:{high:x}:{low:x}", port)


def burst(count: int, datagram_bytes: int, *, last_bytes: int | None = None) -> list[memoryview]:
    """Header and payload of `count` datagrams, each filled with its number."""
    buffers = []
    for number in range(count):
        size = last_bytes if last_bytes is not None and number == count - 1 else datagram_bytes
        whole = memoryview(bytes([number % 256]) * size)
        buffers += [whole[:HEADER_BYTES], whole[HEADER_BYTES:]]
    return buffers


def joined(buffers: Sequence[memoryview]) -> list[bytes]:
    """The datagrams that a burst is."""
    return [bytes(a) + bytes(b) for a, b in zip(buffers[::2], buffers[1::2], strict=True)]


def datagrams(receiver: StreamReceiver, count: int) -> list[bytes]:
    """The next `count` datagrams, whichever way they are coalesced."""
    got: list[bytes] = []
    while len(got) < count:
        run = receiver.receive(WAIT_S)
        assert run is not None, f"{len(got)} of {count} arrived"
        view = bytes(run.view)
        got += [view[at : at + run.stride] for at in range(0, max(1, len(view)), run.stride or 1)]
    return got


def _loopback(inventory: Inventory, address: str) -> Chosen:
    settings = load(None, {}, ["multicast.loopback=true", f"node.address={address}"])
    (chosen,) = choose(settings, inventory).chosen
    return chosen
