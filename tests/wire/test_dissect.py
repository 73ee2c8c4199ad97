"""What a captured datagram is: golden ones, joined ones, cut ones, and bytes that are none."""

from __future__ import annotations

import numpy as np
import pytest
from wire_samples import BOOT, CLUSTER, GOLDEN, KEY, NODE, SESSION

from mcastdist.errors import MalformedMessage, PeerError, Unauthentic
from mcastdist.ids import NodeId, SessionId
from mcastdist.wire import PARITY_FIRST, SYMBOLS_MAX, ClusterKey, Sealer, Seek, make_headers
from mcastdist.wire.dissect import (
    ControlDatagram,
    StreamDatagram,
    Unsealer,
    datagrams_in,
    dissect,
)

SYMBOL_BYTES = 100
SEEK = Seek(bytes(range(32)))


def stream(*symbols: int, block: int = 3, symbol_bytes: int = SYMBOL_BYTES) -> list[bytes]:
    """A burst, as a sender makes it."""
    headers = make_headers(
        cluster=CLUSTER, sender=NODE, session=SessionId(SESSION), block=block, symbols=symbols,
        sequence=70, sent_us=9, tags=np.zeros((len(symbols), 8), np.uint8),
    )  # fmt: skip
    return [header.tobytes() + bytes([0xA5]) * symbol_bytes for header in headers]


def control(key: ClusterKey = KEY) -> bytes:
    """A sealed Seek."""
    return Sealer(key, CLUSTER, NODE, BOOT).seal(SEEK)


def cause_of(data: bytes, length: int | None = None) -> str:
    """Why it is none of ours."""
    with pytest.raises(PeerError) as caught:
        dissect(data, length)
    return caught.value.cause if isinstance(caught.value, Unauthentic) else "malformed"


def test_a_stream_datagram_says_what_it_carries() -> None:
    source, parity = (dissect(each) for each in stream(5, PARITY_FIRST))

    assert source == StreamDatagram(
        CLUSTER, NODE & 0xFFFF_FFFF, SessionId(SESSION), 3, 5, 70, 9, SYMBOL_BYTES
    )
    assert isinstance(source, StreamDatagram)
    assert isinstance(parity, StreamDatagram)
    assert (source.is_parity, parity.is_parity, parity.sequence) == (False, True, 71)


def test_the_header_of_a_datagram_that_was_cut_short_is_enough() -> None:
    (whole,) = stream(5)

    assert dissect(whole[:40], len(whole)) == dissect(whole)


def test_a_control_datagram_tells_who_and_with_the_key_what() -> None:
    datagram = dissect(control())

    assert isinstance(datagram, ControlDatagram)
    assert (datagram.node, datagram.boot, datagram.counter) == (NODE, BOOT, 1)
    assert (datagram.cluster, datagram.key_id) == (CLUSTER, KEY.key_id)
    assert Unsealer([KEY]).open(datagram) == SEEK


@pytest.mark.parametrize(
    "message", [each for each, _ in GOLDEN], ids=lambda each: type(each).__name__
)
def test_every_message_opens_as_often_as_it_was_captured(message) -> None:
    datagram = dissect(Sealer(KEY, CLUSTER, NODE, BOOT).seal(message))
    unsealer = Unsealer([ClusterKey(bytes(16)), KEY])

    assert isinstance(datagram, ControlDatagram)
    assert [unsealer.open(datagram) for _ in range(2)] == [message, message]


def test_another_key_is_told_from_a_forgery() -> None:
    sealed = control()
    forged = dissect(sealed[:-1] + bytes([sealed[-1] ^ 1]))
    foreign = dissect(control(ClusterKey(bytes(16))))

    for datagram, cause in ((forged, "forged"), (foreign, "key")):
        assert isinstance(datagram, ControlDatagram)
        with pytest.raises(Unauthentic) as caught:
            Unsealer([KEY]).open(datagram)
        assert caught.value.cause == cause


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (b"", "too_short"),
        (b"\x01", "too_short"),
        (b"\x02S" + bytes(100), "version"),
        (b"\x01X" + bytes(100), "kind"),
        (b"\x01S" + bytes(53), "too_short"),
        (b"\x01C" + bytes(41), "too_short"),
        (b"\x01C" + bytes(1_199), "malformed"),
        (stream(SYMBOLS_MAX)[0], "malformed"),
        (stream(PARITY_FIRST - 1)[0], "malformed"),
        (stream(0, block=1 << 24)[0], "malformed"),
    ],
)
def test_what_is_not_ours_is_refused_by_cause(data: bytes, cause: str) -> None:
    assert cause_of(data) == cause


def test_too_short_is_what_was_sent_so_and_what_was_captured_so() -> None:
    (whole,) = stream(5)

    assert cause_of(whole[:39], len(whole)) == "too_short"
    assert cause_of(whole, 55) == "too_short"
    cut = dissect(control()[:30], len(control()))
    assert isinstance(cut, ControlDatagram)
    assert not cut.is_whole


def test_a_joined_run_is_cut_into_its_datagrams() -> None:
    burst = stream(*range(44))
    last = burst[-1][:-30]  # the last of a run may be shorter

    assert datagrams_in(b"".join(burst)) == burst
    assert datagrams_in(b"".join(burst[:-1]) + last) == [*burst[:-1], last]


def test_single_datagrams_stay_as_they_are() -> None:
    for data in (stream(1)[0], control(), control() * 2, b"", b"\x01S", bytes(2_000)):
        assert datagrams_in(data) == [data]


def test_a_run_of_two_sessions_is_not_taken_for_one() -> None:
    (one,) = stream(1)
    other = one[:12] + bytes(4) + one[16:]

    assert datagrams_in(one + other) == [one + other]


def test_a_malformed_message_of_a_member_is_told() -> None:
    sealer = Sealer(KEY, CLUSTER, NodeId(5), BOOT)
    datagram = dissect(sealer.seal(Seek(b"short")))

    assert isinstance(datagram, ControlDatagram)
    with pytest.raises(MalformedMessage):
        Unsealer([KEY]).open(datagram)
