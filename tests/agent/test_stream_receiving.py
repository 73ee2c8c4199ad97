"""How a stream gets into the store, and that its loop always ends."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest
from agent_kit import BOB, admit, held, make_library, noise, publish
from stream_kit import Channel, Noted, receiving_side, sending_side, wait_until

from mcastdist.agent import stream_receiving
from mcastdist.agent.package import Landed, OpenPackage
from mcastdist.agent.stream_receiving import ASSEMBLIES_MAX, ReceivingStream
from mcastdist.errors import NoSpace
from mcastdist.ranges import RangeSet

PUBLISHED = publish({"a": noise("a", 20 << 20)}, chunk_bytes=1 << 20)


@pytest.fixture
def channel() -> Iterator[Channel]:
    channel = Channel()
    yield channel
    channel.close()


@pytest.fixture
def package(tmp_path: Path) -> Iterator[OpenPackage]:
    """Complete, to be sent."""
    library = make_library(tmp_path / "a")
    yield held(library, PUBLISHED)
    library.close_all()


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[OpenPackage]:
    """The same package where nothing of it is."""
    library = make_library(tmp_path / "b")
    yield admit(library, PUBLISHED)
    library.close_all()


def test_closing_returns_also_while_every_worker_is_stuck(
    channel: Channel, package: OpenPackage, empty: OpenPackage, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = threading.Event()
    stuck: list[int] = []

    def hang(offset: int, data: bytes, supplier: str, *, is_passing: bool) -> Landed:
        stuck.append(offset)
        released.wait()
        return Landed(RangeSet(), RangeSet(), 0)

    slow = Mock(wraps=empty, write=hang, seal=empty.seal, partial_blocks=lambda: [])
    receiving = channel.receive(receiving_side(empty), slow)
    stream = sending_side(package)
    channel.send(stream, package)
    channel.stream_until(
        stream, range(20), lambda: len(stuck) == 2 and receiving._slots._value == 0
    )

    began = time.monotonic()
    receiving.close()
    assert time.monotonic() - began < stream_receiving.JOIN_S_MAX
    assert not receiving._thread.is_alive()
    released.set()


def test_a_worker_that_breaks_is_told_and_gives_its_place_back(
    channel: Channel, package: OpenPackage, empty: OpenPackage
) -> None:
    def fail(offset: int, data: bytes, supplier: str, *, is_passing: bool) -> Landed:
        raise NoSpace(1, 0, "no room") if offset else RuntimeError("impossible")

    broken = Mock(wraps=empty, write=fail, seal=empty.seal, partial_blocks=lambda: [])
    receiving = channel.receive(receiving_side(empty), broken)
    stream = sending_side(package)
    channel.send(stream, package)
    channel.stream_until(stream, range(20), lambda: len(channel.reports.troubles) >= 20)

    assert {type(error) for error in channel.reports.troubles} == {NoSpace, RuntimeError}
    wait_until(lambda: receiving._slots._value == ASSEMBLIES_MAX)


def test_a_receive_loop_that_breaks_is_told(channel: Channel, empty: OpenPackage) -> None:
    stream = receiving_side(empty)
    stream.receiver = Mock(drain=Mock(side_effect=RuntimeError("impossible")))
    channel.receive(stream, empty)
    wait_until(lambda: channel.reports.troubles)

    assert str(channel.reports.troubles[0]) == "impossible"


def test_a_member_that_lies_is_refused_and_named(
    channel: Channel, package: OpenPackage, empty: OpenPackage
) -> None:
    """It has the cluster key and a package of its own making behind the id of ours."""
    stream = sending_side(package)
    lying = Mock(
        wraps=package,
        seal=package.seal,
        read_block=lambda block: bytes(package.geometry.plain_bytes(block)),
    )
    theirs = receiving_side(empty)
    channel.receive(theirs, empty)
    channel.send(stream, lying)
    channel.stream_until(stream, range(20), lambda: channel.reports.blocks)

    landed = next(iter(channel.reports.blocks.values()))
    assert landed.culprit == f"node {BOB & 0xFFFF_FFFF:08x}"
    assert landed.lost.count == 1
    assert theirs.receiver is not None
    wait_until(lambda: theirs.receiver.counters.refused > 0)
    assert empty.holding.held_bytes == 0


def test_drops_are_told_as_a_share_of_what_came_since() -> None:
    receiving = Mock(_datagrams=900, kernel_drops=100, _told=(0, 0))
    share = ReceivingStream.drops_per_million

    assert share(receiving) == 100_000
    assert share(receiving) == 0
    receiving._datagrams, receiving.kernel_drops = 900, 150
    assert share(receiving) == 1_000_000


def test_workers_that_have_gone_home_are_no_error(channel: Channel, empty: OpenPackage) -> None:
    channel.workers.shutdown()
    receiving = channel.receive(receiving_side(empty), empty)
    assembly: Any = SimpleNamespace(block=0)

    assert not receiving._hand_over(assembly)
    assert Noted().troubles == channel.reports.troubles
