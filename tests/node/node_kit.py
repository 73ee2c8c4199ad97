"""What do the tests of the node's parts stand on? One small content, and messages about it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random
from typing import TypeVar

from mcastdist.election import Merits
from mcastdist.ids import ContentId, Locator, NodeId, SessionId, cluster_tag
from mcastdist.node import Command, Environment, NodeConfig, Package, Send, Stream, TaskSpec
from mcastdist.ranges import RangeSet
from mcastdist.repair import Fountain
from mcastdist.session import Burst, Sender, seal_block
from mcastdist.tracing import EventLog
from mcastdist.wire import (
    STREAM_HEADER_BYTES,
    Announce,
    ClusterKey,
    Geometry,
    Message,
    Need,
    Offer,
    Phase,
    ReceiverState,
    Report,
    Seek,
    Standing,
)

ME, LEADER, OTHER, THIRD = NodeId(1), NodeId(2), NodeId(3), NodeId(4)
SESSION = SessionId(77)
URL = "http://origin.example/pkg-1.mcd"
PAYLOAD_URL = "http://origin.example/pkg-1.payload"
LOCATOR = Locator.of_url(URL)
CONTENT = ContentId(bytes(range(32)))
OTHER_CONTENT = ContentId(bytes(32))
BLOCK_BYTES = 1_024
SYMBOL_BYTES = 128
SYMBOLS = 9  # of one block, its seal's tag included
BLOCKS = 8
SPEC = TaskSpec(id="task", locator=LOCATOR, urls=(URL,))

Wanted = TypeVar("Wanted", bound=Message)


def address(node: NodeId) -> tuple[str, int]:
    """Where a node is."""
    return f"10.0.0.{node}", 7447


def environment(*, node: NodeId = ME, seed: int = 1, log: EventLog | None = None) -> Environment:
    """An identity with a die of its own."""
    return Environment(
        node=node,
        cluster=cluster_tag("test"),
        key=ClusterKey(bytes(32)),
        rng=Random(seed),
        trace=log or EventLog(),
    )


def configuration(**changes: object) -> NodeConfig:
    """Settings that suit a content of a few kilobytes."""
    defaults: dict[str, object] = {
        "merits": Merits(weight=50),
        "session_start_delay_s": 1.0,
        "datagram_bytes_max": SYMBOL_BYTES + STREAM_HEADER_BYTES,
        "rate_limit_bps": 4_000_000,
        "slow_receiver_bps_min": 0,
        "min_package_bytes": 1,
        "origin_fallback_delay_s": 10.0,
        "block_bytes": BLOCK_BYTES,
        "http_port": 8_000,
    }
    return NodeConfig(**(defaults | changes))  # type: ignore[arg-type]  # fields by name


def package(held: Iterable[int] = (), *, content: ContentId = CONTENT) -> Package:
    """The content, of which these blocks are here."""
    blocks = RangeSet.of(held)
    return Package(
        content, BLOCKS * BLOCK_BYTES, BLOCK_BYTES, blocks, blocks.copy(), (PAYLOAD_URL,)
    )


def announce(phase: Phase = Phase.WAITING, **changes: object) -> Announce:
    """What the representative says."""
    fields: dict[str, object] = {
        "locator": LOCATOR,
        "session": SESSION,
        "standing": Standing(1, 50),
        "http_port": 8_000,
        "phase": phase,
        "delay_ms": 0,
        "content": CONTENT,
        "payload_bytes": BLOCKS * BLOCK_BYTES,
        "block_bytes": BLOCK_BYTES,
        "symbol_bytes": SYMBOL_BYTES,
        "position": 0,
        "round": int(phase in (Phase.STREAMING, Phase.REPAIRING)),
        "receivers": 1,
        "rate_bps": 0,
        "queue": 0,
    }
    return Announce(**(fields | changes))  # type: ignore[arg-type]  # fields by name


def report(state: ReceiverState = ReceiverState.JOINED, **changes: object) -> Report:
    """What a receiver says; it lacks everything."""
    fields: dict[str, object] = {
        "session": SESSION,
        "state": state,
        "held_blocks": 0,
        "loss_ppm": 0,
        "drop_ppm": 0,
        "delay_us": 0,
        "rate_bps": 0,
        "datagram_bytes_max": 1_472,
        "weight": 50,
        "http_port": 8_000,
    }
    return Report(**(fields | changes))  # type: ignore[arg-type]  # fields by name


def need(*entries: tuple[int, int], session: int = SESSION) -> Need:
    """A complaint."""
    return Need(session, CONTENT, entries)


def seek(*, again: bool = False) -> Seek:
    """A query."""
    return Seek(LOCATOR, again=again)


def offer(*, content: ContentId = CONTENT, busy: bool = False) -> Offer:
    """A holder's offer."""
    return Offer(LOCATOR, content, 8_000, BLOCKS, True, busy)


def said(commands: Sequence[Command], kind: type[Wanted]) -> list[Wanted]:
    """The messages of one kind that are to be sent, but for those said aside."""
    sends = (one.message for one in commands if isinstance(one, Send) and not one.aside)
    return [message for message in sends if isinstance(message, kind)]


def sends(commands: Sequence[Command]) -> list[Send]:
    """All that is to be sent, in order."""
    return [one for one in commands if isinstance(one, Send)]


def said_aside(commands: Sequence[Command]) -> list[Message]:
    """All that is to be said by broadcast."""
    return [one.message for one in commands if isinstance(one, Send) and one.aside]


def to_group(commands: Sequence[Command]) -> list[Message]:
    """All that is to be said to the whole group."""
    sends = (one for one in commands if isinstance(one, Send) and not one.aside)
    return [one.message for one in sends if one.to is None]


def of_kind(commands: Sequence[Command], kind: type) -> list[Command]:
    """The orders of one kind."""
    return [one for one in commands if isinstance(one, kind)]


def streamed(blocks: Iterable[int], *, now: float = 0.0) -> list[bytes]:
    """The datagrams of these blocks, as LEADER streams them."""
    env = environment(node=LEADER)
    geometry = Geometry(BLOCKS * BLOCK_BYTES, BLOCK_BYTES, SYMBOL_BYTES)
    sender = Sender(
        geometry=geometry, session=SESSION, sender=LEADER, cluster=env.cluster,
        parity=Fountain(), seal=env.seal(CONTENT), rng=env.rng, now=now,
    )  # fmt: skip
    for block in range(BLOCKS):
        sender.ready(block)
    sender.stream(blocks)
    sender.set_rate(1e9)
    sent: list[bytes] = []
    while not sender.idle:
        for block in sender.wants():
            sender.provide(seal_block(env.seal(CONTENT), geometry, block, payload(block)))
        burst = sender.next_burst(now, 16)
        sent += datagrams(burst) if burst else []
        now += 0.0001
    return sent


def payload(block: int) -> bytes:
    """What a block holds."""
    return bytes([block]) * BLOCK_BYTES


def hear(stream: Stream, sent: Iterable[bytes], *, now: float) -> list[int]:
    """Feed a receiver as the agent's thread would; the blocks that opened."""
    assert stream.receiver is not None
    opened = []
    for datagram in sent:
        stream.receiver.receive_burst(memoryview(datagram), len(datagram), now)
        for assembly in stream.receiver.drain():
            assembly.open(environment().seal(CONTENT), Fountain())
            stream.receiver.opened(assembly.block)
            assembly.release()
            opened.append(assembly.block)
    return opened


def datagrams(burst: Burst) -> list[bytes]:
    """A burst as it is on the wire."""
    parts = [bytes(part) for part in burst.buffers]
    return [head + body for head, body in zip(parts[::2], parts[1::2], strict=True)]
