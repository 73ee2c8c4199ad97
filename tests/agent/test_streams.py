"""Which streams are open."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

import pytest
from agent_kit import TAG, admit, free_port, held, make_library, noise, publish, until
from segments import interfaces
from stream_kit import Noted, receiving_side, sending_side

from mcastdist.agent.library import Library
from mcastdist.agent.settings import load
from mcastdist.agent.streams import Streams, _load

PUBLISHED = publish({"a": noise("a", 2 << 20)})


@pytest.fixture
def libraries(tmp_path: Path) -> Iterator[tuple[Library, Library]]:
    pair = make_library(tmp_path / "a"), make_library(tmp_path / "b")
    yield pair
    for library in pair:
        library.close_all()


def make_streams(port: int) -> Streams:
    return Streams(settings=load(None, {}, []), cluster=TAG, interfaces=interfaces(4, 1), port=port)


async def test_a_stream_from_one_agent_to_another(libraries: tuple[Library, Library]) -> None:
    port = free_port()
    ours, theirs = make_streams(port), make_streams(port)
    package, empty = held(libraries[0], PUBLISHED), admit(libraries[1], PUBLISHED)
    before = threading.active_count()
    noted = Noted()
    sending, receiving = sending_side(package), receiving_side(empty)
    theirs.open(receiving, empty, noted)
    ours.open(sending, package, noted)
    theirs.rejoin(receiving)
    ours.rejoin(sending)  # means nothing to a sender
    sender = sending.sender
    assert sender is not None

    def is_over() -> bool:
        with sending.lock:
            if sender.idle:  # the first round, or one of which something was lost
                sender.stream(range(2))
        sending.changed()
        return empty.holding.complete

    await until(is_over)
    assert theirs.receive_buffer["got"] > 0
    assert [stream for stream, _ in theirs.drop_shares()] == [receiving]
    assert ours.drop_shares() == []
    theirs.close(receiving)
    theirs.close(receiving)
    assert theirs.drop_shares() == []
    await theirs.close_all()
    await ours.close_all()
    assert threading.active_count() <= before + 4  # the pool of `to_thread` stays


async def test_what_streams_need_is_loaded_beside_the_loop_and_once() -> None:
    streams = make_streams(free_port())
    given: list[object] = []
    with patch.object(streams._workers, "submit", given.append):
        streams.expect()
        streams.expect()
    await streams.close_all()

    assert given == [_load]


async def test_drops_are_counted_on_after_a_stream_was_closed() -> None:
    streams = make_streams(free_port())
    one = SimpleNamespace(kernel_drops=5, close=lambda: None)
    streams._receiving[id(one)] = one
    assert streams.kernel_drops == 5
    streams.close(one)
    assert streams.kernel_drops == 5
    await streams.close_all()


async def test_a_stream_that_cannot_be_closed_is_told_and_the_others_are(
    caplog: pytest.LogCaptureFixture,
) -> None:
    streams = make_streams(free_port())
    closed: list[str] = []
    bad = SimpleNamespace(kernel_drops=0, close=lambda: 1 // 0)
    good = SimpleNamespace(kernel_drops=0, close=lambda: closed.append("good"))
    streams._receiving |= {1: bad, 2: good}
    await streams.close_all()

    assert closed == ["good"]
    assert "ZeroDivisionError" in caplog.text
