"""A run of datagrams is read as views, in the same few calls however long it is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wire_samples import CLUSTER, NODE, SESSION

from mcastdist.errors import MalformedMessage
from mcastdist.ids import ClusterTag, SessionId
from mcastdist.wire import (
    PARITY_FIRST,
    STREAM_HEADER,
    STREAM_HEADER_BYTES,
    Geometry,
    Headers,
    is_parity,
    known,
    make_headers,
    parse,
    tail,
    valid,
)

GOLDEN_HEADERS = (
    "0153" "0000" "50d858e0" "33334444" "01020304" "00000003" "00000000" "ffffffff" "00000005"
    "b44e84aa5272b78f"
    "0153" "0000" "50d858e0" "33334444" "01020304" "00000003" "10100000" "00000000" "00000005"
    "7ee17bb8fea58288"
)  # fmt: skip
TAGS = np.frombuffer(bytes.fromhex("b44e84aa5272b78f7ee17bb8fea58288"), np.uint8).reshape(2, 8)
GEOMETRY = Geometry(10_000, 4096, 256)  # 17, 17 and 8 symbols


def headers_of(symbols: list[int], *, block: int = 0) -> Headers:
    return make_headers(
        cluster=CLUSTER, sender=NODE, session=SessionId(SESSION), block=block, symbols=symbols,
        sequence=0, sent_us=0, tags=np.zeros((len(symbols), 8), np.uint8),
    )  # fmt: skip


def datagrams(count: int, payload_bytes: int) -> bytes:
    headers = headers_of(list(range(count)))
    return b"".join(
        headers[number].tobytes() + bytes([number & 0xFF]) * payload_bytes
        for number in range(count)
    )


def test_golden_headers() -> None:
    headers = make_headers(
        cluster=CLUSTER, sender=NODE, session=SessionId(SESSION), block=3,
        symbols=np.array([0, 0x1010_0000]), sequence=0xFFFF_FFFF, sent_us=0x1_0000_0005, tags=TAGS,
    )  # fmt: skip
    assert headers.tobytes().hex() == GOLDEN_HEADERS
    assert STREAM_HEADER.itemsize == STREAM_HEADER_BYTES == 40


def test_a_run_is_read_without_a_copy() -> None:
    buffer = bytearray(datagrams(44, 256))
    headers, payloads = parse(memoryview(buffer), 296)
    assert headers["symbol"].tolist() == list(range(44))
    assert payloads.shape == (44, 256)
    assert (payloads == np.arange(44)[:, None]).all()
    buffer[40] = 0xEE
    buffer[296 + 23] = 0xEE
    assert payloads[0, 0] == 0xEE
    assert headers["symbol"][1] == 0xEE


def test_the_shorter_last_one_is_a_run_of_its_own() -> None:
    buffer = memoryview(datagrams(3, 256)[:-100])
    headers, payloads = parse(buffer, 296)
    assert len(headers) == len(payloads) == 2
    rest = tail(buffer, 296)
    headers, payloads = parse(rest, len(rest))
    assert headers["symbol"].tolist() == [2]
    assert payloads.shape == (1, 156)
    assert len(tail(memoryview(datagrams(3, 256)), 296)) == 0


@pytest.mark.parametrize("stride", [-1, 0, 1, 39, 40, 55])
def test_what_cannot_hold_a_symbol_is_refused(stride: int) -> None:
    with pytest.raises(MalformedMessage, match=f"{stride} bytes"):
        parse(memoryview(bytes(200)), stride)


@pytest.mark.parametrize("length", [0, 1, 55])
def test_less_than_one_datagram_is_none(length: int) -> None:
    headers, payloads = parse(memoryview(bytes(length)), 56)
    assert len(headers) == len(payloads) == 0
    assert not valid(headers, cluster=CLUSTER, session=SessionId(SESSION)).any()


@given(st.binary(max_size=400), st.integers(56, 200))
def test_random_bytes_are_read_and_judged(octets: bytes, stride: int) -> None:
    headers, payloads = parse(memoryview(octets), stride)
    assert len(headers) == len(payloads) == len(octets) // stride
    assert len(headers) * stride + len(tail(memoryview(octets), stride)) == len(octets)
    verdict = valid(headers, cluster=CLUSTER, session=SessionId(SESSION))
    assert verdict.shape == known(headers, GEOMETRY).shape == headers.shape
    for number, header in enumerate(headers):
        start = number * stride
        assert header.tobytes() == octets[start : start + 40]
        assert payloads[number].tobytes() == octets[start + 40 : start + stride]


def test_each_byte_of_the_identity_is_looked_at() -> None:
    whole = datagrams(16, 16)
    for position, refused in enumerate([1, 1, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1]):
        octets = bytearray(whole)
        octets[position * 56 + position] ^= 1
        headers, _ = parse(memoryview(octets), 56)
        verdict = valid(headers, cluster=CLUSTER, session=SessionId(SESSION))
        assert verdict.sum() == 16 - refused
        assert verdict[position] == (not refused)


def test_foreign_runs_are_none_of_ours() -> None:
    headers, _ = parse(datagrams(4, 16), 56)
    assert valid(headers, cluster=CLUSTER, session=SessionId(SESSION)).all()
    assert not valid(headers, cluster=ClusterTag(1), session=SessionId(SESSION)).any()
    assert not valid(headers, cluster=CLUSTER, session=SessionId(1)).any()


@pytest.mark.parametrize(
    ("block", "symbol", "is_known"),
    [
        (0, 0, True),
        (0, 16, True),
        (0, 17, False),
        (1, 16, True),
        (2, 7, True),
        (2, 8, False),
        (3, 0, False),
        (0xFFFF_FFFF, 0, False),
        (0, PARITY_FIRST - 1, False),
        (0, PARITY_FIRST, True),
        (2, 0xFFFF_FFFF, True),
        (3, 0xFFFF_FFFF, False),
        (0, 0x1000_0000, False),  # a density, but a seed below PARITY_FIRST
        (0, 0xF000_0000 | PARITY_FIRST, True),
    ],
)
def test_only_blocks_and_symbols_that_can_be_are_known(
    block: int, symbol: int, is_known: bool
) -> None:
    assert known(headers_of([symbol], block=block), GEOMETRY).tolist() == [is_known]


def test_nothing_is_known_of_an_empty_payload() -> None:
    assert not known(headers_of([0, PARITY_FIRST]), Geometry(0, 4096, 256)).any()


def test_parity_is_told_by_the_lower_28_bits() -> None:
    ids = np.array([0, 740, PARITY_FIRST - 1, PARITY_FIRST, 0xF000_0000, 0xF010_0000], np.uint32)
    assert is_parity(ids).tolist() == [False, False, False, True, False, True]
