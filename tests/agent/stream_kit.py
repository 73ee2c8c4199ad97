"""Both ends of a stream, on real sockets on the loopback."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from random import Random
from typing import Any

from agent_kit import BOB, PATIENCE_S, TAG
from segments import free_group, interfaces

from mcastdist.agent.package import Landed, OpenPackage
from mcastdist.agent.stream_receiving import ReceivingStream
from mcastdist.agent.stream_sending import SendingStream
from mcastdist.agent.stream_sockets import Group
from mcastdist.ids import SessionId
from mcastdist.node import Stream
from mcastdist.repair import Fountain
from mcastdist.session import Receiver, Sender
from mcastdist.wire import Geometry

SESSION = SessionId(9)
SYMBOL_BYTES = 1_432
RATE_BPS = 200_000_000


def wait_until(condition: Any) -> None:
    """Let threads work until `condition` holds."""
    until = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < until, "nothing came of it"
        time.sleep(0.002)


@dataclass
class Noted:
    """What the threads of streams reported."""

    blocks: dict[int, Landed] = field(default_factory=dict)
    shares: dict[int, dict[str, int]] = field(default_factory=dict)
    lost: list[int] = field(default_factory=list)
    troubles: list[Exception] = field(default_factory=list)

    def stream_block(
        self, stream: Stream, block: int, landed: Landed, shares: dict[str, int]
    ) -> None:
        self.shares[block] = shares
        self.blocks[block] = landed

    def stream_lost(self, stream: Stream, block: int) -> None:
        self.lost.append(block)

    def stream_trouble(self, stream: Stream, error: Exception) -> None:
        self.troubles.append(error)


def geometry_of(package: OpenPackage) -> Geometry:
    return Geometry(package.manifest.payload_bytes, package.geometry.block_bytes, SYMBOL_BYTES)


def sending_side(package: OpenPackage) -> Stream:
    """A stream of the package that may send all that is sound."""
    geometry = geometry_of(package)
    sender = Sender(
        geometry=geometry,
        session=SESSION,
        sender=BOB,
        cluster=TAG,
        parity=Fountain(),
        seal=package.seal,
        rng=Random(1),
        now=time.monotonic(),
    )
    sender.set_rate(RATE_BPS)
    for block in package.sound_blocks().numbers():
        sender.ready(block)
    return Stream("task", package.content, SESSION, geometry, threading.Lock(), sender=sender)


def receiving_side(package: OpenPackage) -> Stream:
    """A stream of the package that takes what is not sound."""
    geometry = geometry_of(package)
    receiver = Receiver(
        geometry=geometry,
        session=SESSION,
        cluster=TAG,
        seal=package.seal,
        held=package.sound_blocks(),
        now=time.monotonic(),
    )
    return Stream("task", package.content, SESSION, geometry, threading.Lock(), receiver=receiver)


class Channel:
    """One data group, and the threads on it."""

    def __init__(self) -> None:
        self.group: Group = free_group()
        self.places = interfaces(4, 2)
        self.reports = Noted()
        self.workers = ThreadPoolExecutor(2)
        self._open: list[SendingStream | ReceivingStream] = []

    def send(self, stream: Stream, package: OpenPackage) -> SendingStream:
        sending = SendingStream(
            stream, package, interfaces=self.places[:1], group=self.group, ttl=1, fast=True,
            reports=self.reports,
        )  # fmt: skip
        self._open.append(sending)
        return sending

    def receive(self, stream: Stream, package: OpenPackage) -> ReceivingStream:
        receiving = ReceivingStream(
            stream, package, interfaces=self.places[1:], group=self.group, fast=True,
            workers=self.workers, reports=self.reports,
        )  # fmt: skip
        self._open.append(receiving)
        return receiving

    def begin(self, stream: Stream, blocks: Any) -> None:
        """A round over these blocks."""
        assert stream.sender is not None
        with stream.lock:
            stream.sender.stream(blocks)
        stream.changed()

    def stream_until(self, stream: Stream, blocks: Any, condition: Any) -> None:
        """Rounds until `condition` holds: on a busy machine a socket may overflow, and nobody asks
        for what was lost here.
        """
        self.begin(stream, blocks)

        def is_over() -> bool:
            with stream.lock:
                is_idle = stream.sender is not None and stream.sender.idle
            if is_idle and not condition():
                self.begin(stream, blocks)
            return bool(condition())

        wait_until(is_over)

    def close(self) -> None:
        for one in self._open:
            one.close()
        self.workers.shutdown()
