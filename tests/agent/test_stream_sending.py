"""How a stream leaves this machine."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import Mock

import pytest
from agent_kit import admit, fill, held, make_library, noise, publish
from stream_kit import Channel, receiving_side, sending_side, wait_until

from mcastdist.agent import stream_sending
from mcastdist.agent.streaming import IDLE_WAIT_S
from mcastdist.errors import StorageError

PUBLISHED = publish({"a": noise("a", (5 << 20) + 777)})


@pytest.fixture
def channel() -> Iterator[Channel]:
    channel = Channel()
    yield channel
    channel.close()


def test_what_one_sends_another_has(tmp_path: Path, channel: Channel) -> None:
    ours, theirs = make_library(tmp_path / "a"), make_library(tmp_path / "b")
    package, empty = held(ours, PUBLISHED), admit(theirs, PUBLISHED)
    receiving = channel.receive(receiving_side(empty), empty)
    stream = sending_side(package)
    sending = channel.send(stream, package)
    channel.stream_until(stream, range(6), lambda: empty.holding.complete)

    assert empty.read_block(5) == PUBLISHED.payload[5 << 20 :]
    assert channel.reports.troubles == []
    wait_until(lambda: len(channel.reports.blocks) == 6)
    assert channel.reports.shares[0] == {"multicast": 1 << 20, "parity": 0}
    assert isinstance(sending.fast, bool)
    assert 0 <= receiving.drops_per_million() < 1_000_000
    channel.close()
    ours.close_all()
    theirs.close_all()


def test_a_block_that_is_gone_is_told_and_sent_once_it_is_back(
    tmp_path: Path, channel: Channel
) -> None:
    ours, theirs = make_library(tmp_path / "a"), make_library(tmp_path / "b")
    package, empty = held(ours, PUBLISHED), admit(theirs, PUBLISHED)
    stream = sending_side(package)
    package.holding._forget([0])  # as `verify` does when it finds a flipped bit
    channel.receive(receiving_side(empty), empty)
    channel.send(stream, package)
    channel.begin(stream, range(6))
    wait_until(lambda: 0 in channel.reports.lost)

    fill(package, PUBLISHED.payload, [(0, 1 << 20)])
    channel.stream_until(stream, range(6), lambda: empty.holding.complete)
    channel.close()
    ours.close_all()
    theirs.close_all()


def test_a_disk_that_fails_is_told(tmp_path: Path, channel: Channel) -> None:
    library = make_library(tmp_path / "a")
    package = held(library, PUBLISHED)
    stream = sending_side(package)
    package.holding._payload.close()
    channel.send(stream, package)
    channel.begin(stream, range(6))
    wait_until(lambda: channel.reports.troubles)

    assert isinstance(channel.reports.troubles[0], StorageError)
    channel.close()
    library.close_all()


def test_closing_ends_the_threads(tmp_path: Path, channel: Channel) -> None:
    library = make_library(tmp_path / "a")
    package = held(library, PUBLISHED)
    before = threading.active_count()
    sending = channel.send(sending_side(package), package)
    assert threading.active_count() == before + 2
    sending.close()
    sending.close()

    assert threading.active_count() == before
    library.close_all()


def test_after_a_burst_that_empties_the_queue_it_waits_for_more_and_does_not_sleep(
    tmp_path: Path, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sleep cannot be ended by a block that is sealed meanwhile."""
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        time.sleep(seconds)

    monkeypatch.setattr(stream_sending, "time", Mock(wraps=time, sleep=sleep))
    ours, theirs = make_library(tmp_path / "a"), make_library(tmp_path / "b")
    package, empty = held(ours, PUBLISHED), admit(theirs, PUBLISHED)
    stream = sending_side(package)
    channel.receive(receiving_side(empty), empty)
    channel.send(stream, package)
    channel.stream_until(stream, range(6), lambda: empty.holding.complete)
    channel.close()

    assert slept
    assert max(slept) < IDLE_WAIT_S
    ours.close_all()
    theirs.close_all()
