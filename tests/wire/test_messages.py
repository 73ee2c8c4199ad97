"""Bounds hold at both ends: the largest message fits a datagram, the next larger one is refused."""

from __future__ import annotations

import msgpack
import msgspec
import pytest
from wire_samples import CLUSTER, CONTENT, GOLDEN, KEY, LOCATOR, NODE, SESSION, STANDING

from mcastdist.errors import MalformedMessage
from mcastdist.ids import BootId
from mcastdist.wire import (
    BLOCK_BYTES_MAX,
    BLOCKS_MAX,
    CONTROL_BYTES_MAX,
    DATAGRAM_BYTES_MAX,
    MISSING_RANGES_MAX,
    NEED_ENTRIES_MAX,
    PAYLOAD_BYTES_MAX,
    SYMBOL_BYTES_MIN,
    Announce,
    Claim,
    Dismiss,
    Handover,
    Message,
    Need,
    Offer,
    PeerRequest,
    Phase,
    ReceiverState,
    Report,
    Sealer,
    Seek,
    Standing,
    decode,
    encode,
)

WIDEST = "\N{GRINNING FACE}"  # four bytes of UTF-8, the most a character takes
HIGHEST = Standing(0xFFFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFFFF_FFFF)
LARGEST: list[Message] = [
    Seek(LOCATOR, CONTENT),
    Offer(LOCATOR, CONTENT, 0xFFFF, BLOCKS_MAX, True, True),
    Claim(LOCATOR, HIGHEST),
    Announce(
        LOCATOR, 0xFFFF_FFFF, HIGHEST, 0xFFFF, Phase.CLOSED, 0xFFFF_FFFF, CONTENT,
        PAYLOAD_BYTES_MAX, BLOCK_BYTES_MAX, DATAGRAM_BYTES_MAX, BLOCKS_MAX, 0xFFFF,
        0xFFFF_FFFF, 0xFFFF_FFFF_FFFF, 0xFFFF_FFFF, True, 0xFF,
    ),
    Report(
        0xFFFF_FFFF, ReceiverState.LEFT, BLOCKS_MAX, 1_000_000, 1_000_000, 0xFFFF_FFFF,
        0xFFFF_FFFF_FFFF, 0xFFFF, 0xFF, 0xFFFF,
        ((BLOCKS_MAX - 1, BLOCKS_MAX),) * MISSING_RANGES_MAX, WIDEST * 64,
    ),
    Need(0xFFFF_FFFF, CONTENT, ((BLOCKS_MAX - 1, BLOCK_BYTES_MAX),) * NEED_ENTRIES_MAX),
    Handover(LOCATOR, 0xFFFF_FFFF, 0xFFFF_FFFF_FFFF_FFFF),
    Dismiss(0xFFFF_FFFF, WIDEST * 64),
    PeerRequest(WIDEST * 64, WIDEST * 200),
]  # fmt: skip


@pytest.mark.parametrize("message", LARGEST, ids=lambda message: type(message).__name__)
def test_the_largest_message_fits_a_datagram_and_decodes(message: Message) -> None:
    assert decode(encode(message)) == message
    assert len(Sealer(KEY, CLUSTER, NODE, BootId(1)).seal(message)) <= CONTROL_BYTES_MAX


@pytest.mark.parametrize("message", LARGEST, ids=lambda message: type(message).__name__)
def test_one_more_than_the_largest_number_is_refused(message: Message) -> None:
    items = msgpack.unpackb(encode(message))
    for position, value in enumerate(items):
        if position == 0 or type(value) is not int or value == 2**64 - 1:
            continue
        with pytest.raises(MalformedMessage):
            decode(msgpack.packb([*items[:position], value + 1, *items[position + 1 :]]))


def _changed(index: int, **fields: object) -> bytes:
    message = GOLDEN[index][0]
    named = {field: getattr(message, field) for field in message.__struct_fields__}
    assert named.keys() >= fields.keys()
    items = [message.kind, *(named | fields).values()]
    return bytes(msgpack.packb(items, default=msgspec.structs.astuple))


_SEEK, _ANNOUNCE, _REPORT, _NEED = 0, 4, 5, 6


@pytest.mark.parametrize(
    "octets",
    [
        _changed(_SEEK, locator=bytes(31)),
        _changed(_SEEK, locator=bytes(33)),
        encode(Dismiss(SESSION, "x" * 65)),
        encode(PeerRequest("GET", "/" * 201)),
        _changed(_ANNOUNCE, phase=6),
        _changed(_ANNOUNCE, block_bytes=0),
        _changed(_ANNOUNCE, symbol_bytes=SYMBOL_BYTES_MIN - 1),
        _changed(_ANNOUNCE, payload_bytes=PAYLOAD_BYTES_MAX + 1),
        _changed(_REPORT, loss_ppm=1_000_001),
        _changed(_REPORT, state=6),
        _changed(_REPORT, missing=((0, 1),) * (MISSING_RANGES_MAX + 1)),
        _changed(_NEED, entries=()),
        _changed(_NEED, entries=((0, 1),) * (NEED_ENTRIES_MAX + 1)),
        _changed(_NEED, entries=((0, 0),)),
        _changed(_NEED, entries=((BLOCKS_MAX, 1),)),
        _changed(_NEED, entries=((0, 1, 2),)),
        _changed(_NEED, entries=((0,),)),
    ],
)
def test_what_breaks_a_bound_is_refused_whole(octets: bytes) -> None:
    with pytest.raises(MalformedMessage):
        decode(octets)


@pytest.mark.parametrize("fields", [
    {"payload_bytes": 2**24 + 1, "block_bytes": 1, "symbol_bytes": 16},  # too many blocks
    {"payload_bytes": 2**24, "block_bytes": BLOCK_BYTES_MAX, "symbol_bytes": 16},  # and symbols
])  # fmt: skip
def test_an_announced_geometry_that_cannot_be_is_refused(fields: dict[str, int]) -> None:
    with pytest.raises(MalformedMessage, match="Announce"):
        decode(_changed(_ANNOUNCE, **fields))


@pytest.mark.parametrize("length", [1, 31, 33])
def test_an_optional_hash_is_whole_or_absent(length: int) -> None:
    with pytest.raises(ValueError, match="32 bytes or none"):
        Seek(LOCATOR, bytes(length))
    with pytest.raises(MalformedMessage):
        decode(msgpack.packb([1, LOCATOR, bytes(length)]))


def test_standings_compare_from_left_to_right() -> None:
    assert Standing(1, 0) > Standing(0, 255)
    assert Standing(1, 50, held=1) > Standing(1, 50, held=0, wired=1, mains=1, tie=9)
    assert Standing(1, 50, tie=2) > Standing(1, 50, tie=1)
    assert Standing(*msgspec.structs.astuple(STANDING)) == STANDING
