"""What may a field of a message hold? Types with their bounds, checked when one is decoded."""

from __future__ import annotations

from enum import IntEnum
from typing import Annotated

from msgspec import Meta

from mcastdist.ids import DIGEST_BYTES

from .limits import BLOCKS_MAX

U8 = Annotated[int, Meta(ge=0, le=0xFF)]
U16 = Annotated[int, Meta(ge=0, le=0xFFFF)]
U32 = Annotated[int, Meta(ge=0, le=0xFFFF_FFFF)]
U64 = Annotated[int, Meta(ge=0)]  # msgpack has no larger ones; msgspec knows no bound of 2**64
Hash = Annotated[bytes, Meta(min_length=DIGEST_BYTES, max_length=DIGEST_BYTES)]
HashOrNothing = Annotated[bytes, Meta(max_length=DIGEST_BYTES)]
BlockNumber = Annotated[int, Meta(ge=0, lt=BLOCKS_MAX)]
BlockCount = Annotated[int, Meta(ge=0, le=BLOCKS_MAX)]
Millionths = Annotated[int, Meta(ge=0, le=1_000_000)]
BitRate = Annotated[int, Meta(ge=0, le=0xFFFF_FFFF_FFFF)]
Word = Annotated[str, Meta(max_length=64)]


class Phase(IntEnum):
    """Where a session stands."""

    STARTING = 0
    WAITING = 1
    STREAMING = 2
    REPAIRING = 3
    SERVING = 4
    CLOSED = 5


class ReceiverState(IntEnum):
    """Where a receiver stands in a session."""

    JOINED = 0
    RECEIVING = 1
    REPAIRING = 2
    DEAF = 3
    DONE = 4
    LEFT = 5


class Way(IntEnum):
    """How a trial datagram was sent (PROTOCOL.md, 11)."""

    GROUP = 0
    ASIDE = 1
    ALONE = 2
