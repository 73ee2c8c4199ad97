"""What the system says of a real connection, and what it does when its window is bounded."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from struct import pack

import pytest

from mcastdist.http_fetch.tcp_window import CAN_BOUND, INFO_BYTES, bound, look_at
from mcastdist.http_fetch.yielding import Look

linux = pytest.mark.skipif(not CAN_BOUND, reason="this system has nothing of the kind")


class Told:
    """A socket of which the system says what it is told to say."""

    def __init__(self, info: bytes | None) -> None:
        self.info = info
        self.set: list[tuple[int, int, int]] = []

    def getsockopt(self, level: int, option: int, buffer_bytes: int, /) -> bytes:
        if self.info is None:
            raise OSError("closed")
        return self.info[:buffer_bytes]

    def setsockopt(self, level: int, option: int, value: int, /) -> None:
        if self.info is None:
            raise OSError("closed")
        self.set.append((level, option, value))


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Two ends of a connection on loopback."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        near = socket.create_connection(server.getsockname())
        far, _ = server.accept()
    with near, far:
        yield near, far


@linux
def test_the_figures_stand_where_the_kernel_puts_them() -> None:
    info = bytes(92) + pack("=I", 1_500) + bytes(32) + pack("=Q", 77) + bytes(12) + pack("=I", 250)
    assert look_at(Told(info)) == Look(0.0015, 0.00025, 77, 0)
    info = info.ljust(224, b"\0") + pack("=I", 9)
    assert look_at(Told(info.ljust(INFO_BYTES, b"\0"))) == Look(0.0015, 0.00025, 77, 9)


@linux
def test_an_old_kernel_or_a_closed_socket_says_nothing() -> None:
    assert look_at(Told(bytes(104))) is None
    assert look_at(Told(None)) is None
    bound(Told(None), 5_000)


@linux
def test_what_came_is_counted(pair: tuple[socket.socket, socket.socket]) -> None:
    near, far = pair
    before = look_at(near)
    assert before is not None
    far.sendall(bytes(5_000))
    assert len(near.recv(5_000, socket.MSG_WAITALL)) == 5_000
    after = look_at(near)
    assert after is not None
    assert after.received_bytes - before.received_bytes == 5_000
    assert 0 < after.round_trip_s_min < 1


@linux
def test_a_bound_is_set_and_lifted(pair: tuple[socket.socket, socket.socket]) -> None:
    near, _ = pair
    bound(near, 20_000)
    assert near.getsockopt(socket.IPPROTO_TCP, socket.TCP_WINDOW_CLAMP) == 20_000
    bound(near, None)
    assert near.getsockopt(socket.IPPROTO_TCP, socket.TCP_WINDOW_CLAMP) > 1 << 20
