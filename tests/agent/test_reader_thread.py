"""The reader thread: hands over what comes, ends when its socket is closed or its loop is over."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator

import pytest

from mcastdist.agent.reader_thread import ReaderThread, needs_thread

WAIT_S = 10.0


@pytest.fixture
def sock() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.setblocking(False)
        yield sock


async def test_what_comes_is_handed_to_the_loop(sock: socket.socket) -> None:
    heard: asyncio.Queue[tuple[bytes, object]] = asyncio.Queue()
    thread = ReaderThread(
        asyncio.get_running_loop(),
        sock,
        lambda data, source: heard.put_nowait((bytes(data), source)),
    )

    sock.sendto(b"to myself", sock.getsockname())

    assert await asyncio.wait_for(heard.get(), WAIT_S) == (b"to myself", sock.getsockname())
    sock.close()
    await asyncio.to_thread(thread.join, WAIT_S)
    assert not thread.is_alive()


def test_a_loop_that_is_over_hears_nothing_and_disturbs_nobody(sock: socket.socket) -> None:
    loop = asyncio.new_event_loop()
    loop.close()
    thread = ReaderThread(loop, sock, lambda *_: None)

    sock.sendto(b"too late", sock.getsockname())
    sock.close()
    thread.join(WAIT_S)

    assert not thread.is_alive()


def test_only_a_loop_without_readers_needs_one() -> None:
    class Proactor(asyncio.SelectorEventLoop):
        def add_reader(self, *_: object) -> None:
            raise NotImplementedError

    for kind, needed in ((Proactor, True), (asyncio.SelectorEventLoop, False)):
        loop = kind()
        assert needs_thread(loop) is needed
        loop.close()
