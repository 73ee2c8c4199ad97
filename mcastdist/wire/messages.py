"""What do agents say? Control messages (PROTOCOL.md, 4) as types that cannot be wrong.

A message on the wire is a msgpack array: its number, then the fields in the order given here.
Numbers and fields are appended, never reused. Bounds that a type cannot express are checked in
`__post_init__`; behind `decode` everything is true.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta, Struct

from mcastdist.ids import DIGEST_BYTES

from .bounds import (
    U8,
    U16,
    U32,
    U64,
    BitRate,
    BlockCount,
    BlockNumber,
    Hash,
    HashOrNothing,
    Millionths,
    Phase,
    ReceiverState,
    Way,
    Word,
)
from .geometry import Geometry
from .limits import (
    BLOCK_BYTES_MAX,
    DATAGRAM_BYTES_MAX,
    MISSING_RANGES_MAX,
    NEED_ENTRIES_MAX,
    PAYLOAD_BYTES_MAX,
    SYMBOL_BYTES_MIN,
)


class Message(Struct, frozen=True, array_like=True):
    """What all control messages share: a number on the wire."""

    kind: ClassVar[int]


class Standing(Struct, frozen=True, array_like=True, order=True):
    """Why this node should represent; compared field by field, more is stronger."""

    generation: U16
    weight: U8
    held: U8 = 0
    wired: U8 = 1
    mains: U8 = 1
    tie: U32 = 0


class Seek(Message, frozen=True, array_like=True):
    """Who represents or holds this? `again`: the group did not answer, so answer aside too."""

    kind: ClassVar[int] = 1

    locator: Hash
    content: HashOrNothing = b""
    again: bool = False

    def __post_init__(self) -> None:
        _check_optional_hash(self.content)


class Offer(Message, frozen=True, array_like=True):
    """I hold it, or part of it: fetch from me."""

    kind: ClassVar[int] = 2

    locator: Hash
    content: Hash
    http_port: U16
    held_blocks: BlockCount
    complete: bool
    busy: bool


class Claim(Message, frozen=True, array_like=True):
    """I would represent."""

    kind: ClassVar[int] = 3

    locator: Hash
    standing: Standing


class Announce(Message, frozen=True, array_like=True):
    """I represent, and this is where the session stands.

    `position`: the blocks below it have been streamed in this round; in phase SERVING, the blocks
    below it can be fetched. `queue`: needs that wait to be answered. `aside`: this copy comes by
    broadcast or to one node alone; who hears only such copies is out of the group's reach. `key`:
    the id of the cluster key that seals the stream; during a rotation it may not be our first.
    """

    kind: ClassVar[int] = 4

    locator: Hash
    session: U32
    standing: Standing
    http_port: U16
    phase: Phase
    delay_ms: U32
    content: HashOrNothing
    payload_bytes: Annotated[int, Meta(ge=0, le=PAYLOAD_BYTES_MAX)]
    block_bytes: Annotated[int, Meta(ge=1, le=BLOCK_BYTES_MAX)]
    symbol_bytes: Annotated[int, Meta(ge=SYMBOL_BYTES_MIN, le=DATAGRAM_BYTES_MAX)]
    position: BlockCount
    round: U16
    receivers: U32
    rate_bps: BitRate
    queue: U32
    aside: bool = False
    key: U8 = 0

    def __post_init__(self) -> None:
        _check_optional_hash(self.content)
        Geometry(self.payload_bytes, self.block_bytes, self.symbol_bytes)  # raises if it cannot be


class Report(Message, frozen=True, array_like=True):
    """Where I stand in your session.

    `missing`: ranges (first, count) of blocks lacked altogether.
    """

    kind: ClassVar[int] = 5

    session: U32
    state: ReceiverState
    held_blocks: BlockCount
    loss_ppm: Millionths
    drop_ppm: Millionths
    delay_us: U32
    rate_bps: BitRate
    datagram_bytes_max: U16
    weight: U8
    http_port: U16
    missing: Annotated[
        tuple[tuple[BlockNumber, BlockCount], ...], Meta(max_length=MISSING_RANGES_MAX)
    ] = ()
    reason: Word = ""


class Need(Message, frozen=True, array_like=True):
    """I miss `count` symbols of `block`, for each (block, count) of `entries`."""

    kind: ClassVar[int] = 6

    session: U32
    content: Hash
    entries: Annotated[
        tuple[tuple[BlockNumber, Annotated[int, Meta(ge=1, le=BLOCK_BYTES_MAX)]], ...],
        Meta(min_length=1, max_length=NEED_ENTRIES_MAX),
    ]


class Handover(Message, frozen=True, array_like=True):
    """I am leaving; the heir goes on."""

    kind: ClassVar[int] = 7

    locator: Hash
    session: U32
    heir: U64


class Dismiss(Message, frozen=True, array_like=True):
    """Leave the stream, take the rest from peers."""

    kind: ClassVar[int] = 8

    session: U32
    reason: Word


class PeerRequest(Message, frozen=True, array_like=True):
    """This HTTP request comes from a member of the cluster."""

    kind: ClassVar[int] = 9

    method: Word
    path: Annotated[str, Meta(max_length=200)]


class Probe(Message, frozen=True, array_like=True):
    """Does this reach you? `back`: show by every way and in both sizes what reaches me of you.

    `number`: which of the asker's probes this is; how it was sent, the asker knows.
    """

    kind: ClassVar[int] = 10

    token: U32
    number: U16
    back: bool = False


class Echo(Message, frozen=True, array_like=True):
    """It did, and this is how I answer: by `way`, `full` or small; and who I am.

    `received_us` and `sent_us` are seconds since 1970 by the answerer's clock, in microseconds.
    """

    kind: ClassVar[int] = 11

    token: U32
    number: U16
    way: Way
    full: bool
    received_us: U64
    sent_us: U64
    http_port: U16
    datagram_bytes_max: U16
    version: Word
    host: Word


MESSAGES: tuple[type[Message], ...] = (
    Seek, Offer, Claim, Announce, Report, Need, Handover, Dismiss, PeerRequest, Probe, Echo,
)  # fmt: skip


def _check_optional_hash(value: bytes) -> None:
    if len(value) not in (0, DIGEST_BYTES):
        raise ValueError(f"a content id has {DIGEST_BYTES} bytes or none, got {len(value)}")
