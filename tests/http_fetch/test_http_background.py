"""Windows belong to connections, the least delay to servers, and the mode to the client."""

from __future__ import annotations

import asyncio
import gc
from struct import pack
from typing import Any

import pytest

from mcastdist.http_fetch.background import SERVERS_MAX, Background
from mcastdist.http_fetch.tcp_window import CAN_BOUND, UNBOUND_BYTES

pytestmark = pytest.mark.skipif(not CAN_BOUND, reason="this system has nothing of the kind")
SERVER = ("192.0.2.1", 80)


class Connection(asyncio.BaseTransport):
    """A transport, and its socket: each look finds 10 KB more, after this round trip."""

    def __init__(self, server: tuple[str, int] = SERVER) -> None:
        super().__init__({"peername": server, "socket": self})
        self.round_trip_us = 20_000
        self.bytes = 0
        self.windows: list[int] = []

    def getsockopt(self, *_asked: int) -> bytes:
        self.bytes += 10_000
        parts = (bytes(92), pack("=I", self.round_trip_us), bytes(32), pack("=Q", self.bytes))
        return b"".join((*parts, bytes(12), pack("=I", self.round_trip_us), bytes(8)))

    def setsockopt(self, _level: int, _option: int, value: int) -> None:
        self.windows.append(value)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        self.now += 0.03
        return self.now


def run(background: Background, connection: Any, looks: int = 20) -> None:
    for _ in range(looks):
        background.stand_back(connection)


def test_a_queue_bounds_the_window_and_its_end_widens_it() -> None:
    background, connection = Background(is_on=True, clock=Clock()), Connection()
    run(background, connection)
    wide = connection.windows[-1]
    connection.round_trip_us = 120_000
    run(background, connection)
    assert background.queue_s == pytest.approx(0.1)
    least = connection.windows[-1]
    connection.round_trip_us = 20_000
    run(background, connection)
    assert least < connection.windows[-1]
    assert least < wide
    assert background.queue_s == pytest.approx(0)


def test_what_one_connection_knows_of_a_server_the_next_one_knows() -> None:
    background, first, second = Background(is_on=True, clock=Clock()), Connection(), Connection()
    run(background, first)
    second.round_trip_us = 120_000  # begins while others queue
    run(background, second)
    other = Connection(("192.0.2.2", 80))
    other.round_trip_us = 120_000  # only far away
    run(background, other)
    assert second.windows[-1] < other.windows[-1]


def test_in_the_foreground_nothing_is_looked_at_and_bounds_are_lifted() -> None:
    background, connection = Background(is_on=False, clock=Clock()), Connection()
    run(background, connection)
    assert connection.bytes == 0
    background.set(is_on=True)
    run(background, connection)
    connection.round_trip_us = 120_000
    run(background, connection)
    background.set(is_on=False)
    looked = connection.bytes
    run(background, connection)
    assert connection.windows[-1] == UNBOUND_BYTES
    assert connection.windows.count(UNBOUND_BYTES) == 1
    assert connection.bytes == looked
    assert background.queue_s == 0


def test_it_remembers_a_bounded_number_of_servers_and_no_closed_connection() -> None:
    background = Background(is_on=True, clock=Clock())
    for number in range(2 * SERVERS_MAX):
        run(background, Connection((f"192.0.2.{number}", 80)), 2)
    assert len(background._bases) == SERVERS_MAX
    gc.collect()
    assert len(background._of) == 0
    assert background.queue_s == 0


def test_a_connection_without_a_socket_is_left_alone() -> None:
    class Bare(asyncio.BaseTransport):
        pass

    background, connection = Background(is_on=True, clock=Clock()), Bare()
    run(background, connection)
    assert background.queue_s == 0
