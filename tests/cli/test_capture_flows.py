"""Which TCP is ours: by port, by what was told, by the request."""

from __future__ import annotations

import capture_kit as kit
import pytest

from mcastdist.cli.capture import Kind
from mcastdist.cli.capture.flows import Flows
from mcastdist.cli.capture.packets import packet_in


def kinds(*frames: bytes, flows: Flows | None = None) -> list[Kind]:
    """The kind of each direction of each flow."""
    flows = flows or Flows(7447)
    for data in frames:
        packet = packet_in(kit.frame(data))
        assert packet is not None
        flows.add(packet)
    return [kind for _, kind, _ in flows.counts()]


@pytest.mark.parametrize(
    ("request_", "kind"),
    [
        (b"GET /v1/content/00/blocks/1 HTTP/1.1\r\n\r\n", Kind.REPAIR),
        (b"GET /x HTTP/1.1\r\nAuthorization: Mcastdist AAAA\r\n\r\n", Kind.REPAIR),
        (b"GET /tool-1.mcd HTTP/1.1\r\n\r\n", Kind.ORIGIN),
        (b"HEAD /tool-1.mcd.minisig HTTP/1.1\r\n\r\n", Kind.ORIGIN),
        (b"GET /tool-1.payload HTTP/1.1\r\n\r\n", Kind.ORIGIN),
        (b"GET /any.iso HTTP/1.1\r\nHost: o\r\nUser-Agent: mcastdist\r\n\r\n", Kind.ORIGIN),
        (b"GET /index.html HTTP/1.1\r\n\r\n", Kind.OTHER),
        (b"GE", Kind.OTHER),
    ],
)
def test_the_request_tells(request_: bytes, kind: Kind) -> None:
    answer = kit.tcp(bytes(99), kit.SENDER, kit.RECEIVER, sport=80, port=40_000)

    assert kinds(kit.tcp(b""), kit.tcp(request_), answer) == [kind, kind]


def test_the_port_tells_where_no_request_was_captured() -> None:
    assert kinds(kit.tcp(b"", port=7447), kit.tcp(b"", sport=7447, port=9)) == [Kind.REPAIR] * 2
    assert kinds(kit.tcp(b"", port=443)) == [Kind.OTHER]


def test_a_port_that_was_told_is_one_of_peers() -> None:
    flows = Flows(7447)
    flows.tell(bytes([10, 0, 0, 1]), 7700)

    frames = [kit.tcp(b"", port=7700), kit.tcp(b"", target="10.0.0.9", port=7700)]
    assert kinds(*frames, flows=flows) == [Kind.REPAIR, Kind.OTHER]


def test_both_directions_are_counted_under_who_sent_them() -> None:
    flows = Flows(7447)
    for data in (kit.tcp(b"1", port=7447), kit.tcp(b"22", kit.SENDER, kit.RECEIVER, 7447, 40_000)):
        packet = packet_in(kit.frame(data))
        assert packet is not None
        flows.add(packet)

    assert [(address[3], count.bytes) for address, _, count in flows.counts()] == [(2, 55), (1, 56)]
