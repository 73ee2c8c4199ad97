"""Our datagrams out of packets: joined ones, cut ones, foreign ones, and refusals by cause."""

from __future__ import annotations

import capture_kit as kit
import pytest

from mcastdist.cli.capture import Looker, Sighting
from mcastdist.ids import ClusterTag
from mcastdist.wire import ClusterKey
from mcastdist.wire.dissect import ControlDatagram, StreamDatagram, Unsealer

PORT = 7447


def look(data: bytes, looker: Looker | None = None, **about: int) -> list[Sighting]:
    """What is in one frame."""
    return list((looker or Looker(PORT)).look(kit.frame(data, **about)))


def test_a_datagram_has_its_bytes_on_the_wire() -> None:
    (one,) = look(kit.udp(*kit.stream(5)))

    assert isinstance(one.datagram, StreamDatagram)
    assert (one.datagram.symbol, one.wire_bytes) == (5, kit.STREAM_WIRE_BYTES)


def test_a_joined_run_is_counted_as_the_datagrams_it_was_on_the_wire() -> None:
    found = look(kit.udp(b"".join(kit.stream(5, 6, 7))))

    symbols = [each.datagram.symbol for each in found if isinstance(each.datagram, StreamDatagram)]
    assert symbols == [5, 6, 7]
    assert {each.wire_bytes for each in found} == {kit.STREAM_WIRE_BYTES}


def test_what_the_capture_cut_short_is_read_by_its_header() -> None:
    whole = kit.udp(*kit.stream(5))
    (one,) = look(whole[:96], wire_bytes=len(whole))

    assert isinstance(one.datagram, StreamDatagram)
    assert (one.datagram.symbol_bytes, one.wire_bytes) == (kit.SYMBOL_BYTES, len(whole))


def test_control_stays_sealed_without_a_key_and_where_it_was_cut() -> None:
    whole = kit.udp(kit.control())
    opening = Looker(PORT, kit.CLUSTER, Unsealer([kit.KEY]))

    assert [each.message for each in look(whole)] == [None]
    assert [each.message for each in look(whole, opening)] == [kit.SEEK]
    (cut,) = look(whole[:80], opening, wire_bytes=len(whole))
    assert (cut.message, cut.cause) == (None, "")
    assert isinstance(cut.datagram, ControlDatagram)


@pytest.mark.parametrize(
    ("payload", "cause"),
    [
        (b"", "too_short"),
        (b"\x02S" + bytes(80), "version"),
        (b"\x01?" + bytes(80), "kind"),
        (kit.stream(1 << 19)[0], "malformed"),
        (kit.control()[:-1] + b"\0", "forged"),
        (kit.control(key=ClusterKey(bytes(16))), "key"),
    ],
)
def test_refusals_have_a_cause_and_a_sentence(payload: bytes, cause: str) -> None:
    (one,) = look(kit.udp(payload), Looker(PORT, None, Unsealer([kit.KEY])))

    assert (one.cause, one.datagram) == (cause, None)
    assert one.sentence


def test_another_cluster_is_refused_only_if_ours_was_named() -> None:
    for payload in (kit.control(), kit.stream(1)[0]):
        assert [each.cause for each in look(kit.udp(payload))] == [""]
        (one,) = look(kit.udp(payload), Looker(PORT, ClusterTag(1)))
        assert one.cause == "cluster"


def test_only_our_port_is_looked_at_in_either_direction() -> None:
    payload = kit.stream(1)[0]

    assert look(kit.udp(payload, port=9))[0].datagram is None
    assert look(kit.udp(payload, port=9))[0].cause == ""
    assert look(kit.udp(payload, port=9, sport=PORT))[0].datagram is not None
    assert look(kit.udp(payload, port=9), Looker(9))[0].datagram is not None
