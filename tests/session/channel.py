"""One sender and one receiver in memory, and between them whatever a test puts there."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import numpy as np

from mcastdist.ids import ClusterTag, ContentId, NodeId, SessionId
from mcastdist.ranges import RangeSet
from mcastdist.repair import Fountain
from mcastdist.session import NotEnough, Receiver, Sender, Spoilt, seal_block
from mcastdist.timers import NEVER
from mcastdist.tracing import EventLog
from mcastdist.wire import STREAM_HEADER, BlockSeal, ClusterKey, Geometry, make_headers

CLUSTER = ClusterTag(0xC1C1C1C1)
SESSION = SessionId(0x5E55)
NODE = NodeId(0xAAAA_0000_0000_0007)
SENDER = 7  # the low 32 bits of NODE
KEY = ClusterKey(b"k" * 32)
SEAL = BlockSeal(KEY, ContentId(b"c" * 32))
RATE_BPS = 1e9

Carry = Callable[[list[bytes]], list[bytes]]  # what the network does to the datagrams of a burst


def payload_of(size: int, seed: int = 1) -> bytes:
    """Bytes that do not compress, and are the same each time."""
    return Random(seed).randbytes(size)


class Channel:
    """A payload, a sender that has all of it, and a receiver that has nothing."""

    def __init__(
        self,
        size: int,
        *,
        block_bytes: int = 4_096,
        symbol_bytes: int = 256,
        blocks_open_max: int = 48,
        held: RangeSet | None = None,
    ) -> None:
        self.payload = payload_of(size)
        self.geometry = Geometry(size, block_bytes, symbol_bytes)
        self.parity = Fountain()
        self.trace = EventLog()
        self.now = 50.0
        self.got: dict[int, bytes] = {}
        self.spoils = 0
        self.sender = Sender(
            geometry=self.geometry, session=SESSION, sender=NODE, cluster=CLUSTER,
            parity=self.parity, seal=SEAL, rng=Random(3), now=self.now, trace=self.trace,
        )  # fmt: skip
        self.receiver = Receiver(
            geometry=self.geometry, session=SESSION, cluster=CLUSTER, seal=SEAL,
            held=held or RangeSet(), now=self.now, trace=self.trace,
            blocks_open_max=blocks_open_max,
        )  # fmt: skip
        self.sender.set_rate(RATE_BPS)

    @property
    def blocks(self) -> range:
        """All of them."""
        return range(self.geometry.block_count)

    def plain(self, block: int) -> bytes:
        """A block of the payload."""
        start, stop = self.geometry.block_span(block)
        return self.payload[start:stop]

    def stream_all(self) -> None:
        """Start a round over everything."""
        for block in self.blocks:
            self.sender.ready(block)
        self.sender.stream(self.blocks)

    def bursts(self, datagrams_max: int = 16) -> list[list[bytes]]:
        """All that the sender has to say until it has no more; time passes as it must."""
        said = []
        for _ in range(100_000):
            for block in self.sender.wants():
                self.sender.provide(seal_block(SEAL, self.geometry, block, self.plain(block)))
            if self.sender.wake_at() == NEVER:
                return said
            self.now = max(self.now, self.sender.wake_at())
            burst = self.sender.next_burst(self.now, datagrams_max)
            assert burst is not None
            said.append(datagrams_of(burst.buffers))
        raise AssertionError("the sender never becomes quiet")

    def deliver(self, datagrams: list[bytes], *, run: int = 44) -> None:
        """The receiver gets these, coalesced as a kernel does: equal lengths, up to `run`."""
        for start in range(0, len(datagrams), run):
            part = datagrams[start : start + run]
            self.receiver.receive_burst(memoryview(b"".join(part)), len(part[0]), self.now)
            self.open_complete()

    def open_complete(self) -> None:
        """What the worker threads do."""
        for assembly in self.receiver.drain():
            try:
                plain = assembly.open(SEAL, self.parity)
            except Spoilt as spoilt:
                self.spoils += 1
                self.receiver.spoilt(assembly.block, spoilt.forged)
            except NotEnough:
                pass
            else:
                assert plain == self.plain(assembly.block)
                assert assembly.block not in self.got, "opened twice"
                self.got[assembly.block] = plain
                self.receiver.opened(assembly.block)
                assembly.release()

    def run(self, carry: Carry, *, rounds_of_repair: int = 40) -> None:
        """Stream everything and repair until all is here."""
        self.stream_all()
        for _ in range(rounds_of_repair):
            for burst in self.bursts():
                if carried := carry(burst):
                    self.deliver(carried)
            if len(self.got) == len(self.blocks):
                return
            self.now += 0.5
            self.receiver.passed(self.sender.position, now=self.now)
            self.now += 0.5
            for block, missing in self.receiver.lacking(self.now):
                self.sender.answer(block, missing, now=self.now)

    def assert_complete(self) -> None:
        """Everything is here, and as it was."""
        assert b"".join(self.got[block] for block in self.blocks) == self.payload
        assert self.receiver.lacking(self.now + 100.0) == []


def nothing_happens(datagrams: list[bytes]) -> list[bytes]:
    """A perfect network."""
    return datagrams


def datagrams_of(buffers: list[memoryview]) -> list[bytes]:
    """Header and payload joined."""
    return [
        bytes(head) + bytes(body) for head, body in zip(buffers[::2], buffers[1::2], strict=True)
    ]


def header_of(datagram: bytes) -> np.void:
    """The header's fields by name."""
    header: np.void = np.frombuffer(datagram[:40], STREAM_HEADER)[0]
    return header


def stream_of(
    channel: Channel, block: int, *, sequence: int = 0, sender: int = SENDER, sent_us: int = 0
) -> list[bytes]:
    """A block's source symbols as datagrams, with no sender involved."""
    sealed = seal_block(SEAL, channel.geometry, block, channel.plain(block))
    headers = make_headers(
        cluster=CLUSTER, sender=NodeId(sender), session=SESSION, block=block,
        symbols=np.arange(len(sealed.symbols)), sequence=sequence, sent_us=sent_us,
        tags=sealed.tags,
    )  # fmt: skip
    return [
        head.tobytes() + row.tobytes() for head, row in zip(headers, sealed.symbols, strict=True)
    ]


def flipped(datagram: bytes, at: int) -> bytes:
    """The datagram with one bit of byte `at` flipped."""
    changed = bytearray(datagram)
    changed[at] ^= 0x10
    return bytes(changed)
