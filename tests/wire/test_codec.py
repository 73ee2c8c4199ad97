"""Every message keeps its bytes; no bytes but a message's own get through `decode`."""

from __future__ import annotations

import math
from typing import Any

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wire_samples import GOLDEN, LOCATOR

from mcastdist.errors import MalformedMessage
from mcastdist.wire import CONTROL_BYTES_MAX, MESSAGES, Message, Seek, decode, encode

golden = pytest.mark.parametrize(
    ("message", "octets"), GOLDEN, ids=[type(message).__name__ for message, _ in GOLDEN]
)


def test_every_message_has_golden_bytes() -> None:
    assert {type(message) for message, _ in GOLDEN} == set(MESSAGES)
    assert [message.kind for message in MESSAGES] == list(range(1, len(MESSAGES) + 1))


@golden
def test_golden_bytes(message: Message, octets: str) -> None:
    assert encode(message).hex() == octets
    assert decode(bytes.fromhex(octets)) == message
    assert type(decode(bytes.fromhex(octets))) is type(message)


@golden
def test_fields_appended_by_a_newer_version_are_ignored(message: Message, octets: str) -> None:
    items = msgpack.unpackb(bytes.fromhex(octets))
    assert decode(msgpack.packb([*items, "new", 3, [1]])) == message


@golden
def test_no_truncation_is_a_message(message: Message, octets: str) -> None:
    whole = bytes.fromhex(octets)
    for length in range(len(whole)):
        with pytest.raises(MalformedMessage):
            decode(whole[:length])


@golden
def test_trailing_bytes_are_refused(message: Message, octets: str) -> None:
    with pytest.raises(MalformedMessage):
        decode(bytes.fromhex(octets) + b"\0")


@golden
def test_a_flipped_bit_is_refused_or_makes_another_true_message(
    message: Message, octets: str
) -> None:
    whole = bytes.fromhex(octets)
    for bit in range(len(whole) * 8):
        flipped = bytearray(whole)
        flipped[bit // 8] ^= 1 << bit % 8
        _refused_or_true(bytes(flipped))


@golden
@pytest.mark.parametrize(
    "wrong",
    [None, -1, 2**64 - 1, 1.5, 1.0, math.nan, math.inf, "x" * 1000, b"x" * 33, [[]], [[1]], ["a"]],
    ids=repr,
)
def test_a_field_of_a_wrong_type_is_refused_or_true(
    message: Message, octets: str, wrong: object
) -> None:
    items = msgpack.unpackb(bytes.fromhex(octets))
    for position in range(len(items)):
        broken = [*items[:position], wrong, *items[position + 1 :]]
        _refused_or_true(msgpack.packb(broken))


@pytest.mark.parametrize(
    ("octets", "says"),
    [
        (b"", "bounds"),
        (b"\xc1", "bounds"),
        (b"\xc0", "an array"),
        (b"\x90", "an array"),
        (b"\x01", "an array"),
        (b"\x91\xc3", "no message has the number True"),  # True == 1, but is no number
        (b"\x91\xcb" + bytes(8), "no message has the number 0.0"),
        (b"\x91\x00", "no message has the number 0"),
        (b"\x91\x7f", "no message has the number 127"),
        (b"\x91\xff", "no message has the number -1"),
        (b"\x91\x91\x01", "no message has the number list"),
        (b"\x91\x01", "Seek: "),
        (b"\x80", "an array"),
        (b"\x81\x01\x02", "max_map_len"),
        (b"\xdf\xff\xff\xff\xff", "max_map_len"),
        (b"\xdd\xff\xff\xff\xff", "max_array_len"),
        (b"\xdb\xff\xff\xff\xff", "bounds"),
        (b"\xc6\xff\xff\xff\xff", "bounds"),
        (b"\xc9\xff\xff\xff\xff\x01", "max_ext_len"),
        (b"\xd6\xff\0\0\0\1", "max_ext_len"),  # a timestamp
        (b"\x92\x01\xc7\x00\x05", "Seek"),  # an extension of no bytes
        (b"\x92\x01\xa1\xff", "bounds"),  # text that is no UTF-8
        (b"\x91" * 1_100 + b"\x01", "nested too deep"),
        (b"\x91" * 400 + b"\x01", "no message has the number"),
        (b"\x92\x01\xa4AAAA", "Expected `bytes`, got `str`"),  # no base64 for bytes
        (bytes(CONTROL_BYTES_MAX + 1), "at most 1200"),
    ],
)
def test_hostile_bytes_are_refused_and_say_why(octets: bytes, says: str) -> None:
    with pytest.raises(MalformedMessage, match=says):
        decode(octets)


@given(st.binary(max_size=200))
def test_random_bytes_are_refused_or_true(octets: bytes) -> None:
    _refused_or_true(octets)


_JSON_LIKE: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text()
    | st.binary(max_size=40),
    lambda inner: st.lists(inner, max_size=5),
    max_leaves=8,
)  # fmt: skip


@settings(max_examples=50)
@given(st.integers(0, 12), st.lists(_JSON_LIKE, max_size=17))
def test_random_fields_are_refused_or_true(kind: int, fields: list[Any]) -> None:
    _refused_or_true(msgpack.packb([kind, *fields])[:CONTROL_BYTES_MAX])


def test_a_refusal_does_not_quote_kilobytes() -> None:
    with pytest.raises(MalformedMessage) as refusal:
        decode(msgpack.packb(["k" * 1000]))
    assert len(str(refusal.value)) < 120


def test_defaults_may_be_left_out() -> None:
    assert decode(msgpack.packb([1, LOCATOR])) == Seek(LOCATOR)


def _refused_or_true(octets: bytes) -> None:
    """Only MalformedMessage may escape; what decodes says the same when it is said again."""
    try:
        message = decode(octets)
    except MalformedMessage:
        return
    assert decode(encode(message)) == message
