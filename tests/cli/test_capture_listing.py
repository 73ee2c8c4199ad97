"""One datagram, told."""

from __future__ import annotations

import time

import capture_kit as kit
import pytest

from mcastdist.cli.capture import Kind, Looker, Sighting
from mcastdist.cli.capture.listing import line, record, said
from mcastdist.wire import Dismiss
from mcastdist.wire.dissect import Unsealer


def sighting(payload: bytes) -> Sighting:
    """What the key's holder sees."""
    looker = Looker(7447, None, Unsealer([kit.KEY]))
    return next(looker.look(kit.frame(kit.udp(payload), 3)))


@pytest.mark.parametrize(
    ("payload", "says"),
    [
        (kit.stream(5, sequence=8)[0], "session abcdef01 block 0 symbol 5 sequence 8"),
        (kit.control(), "node 1111222233334444 Seek locator=000102030405 content=-"),
        (b"\x02S", "version: the sender speaks version 2, we 1"),
    ],
)
def test_what_a_datagram_says(payload: bytes, says: str) -> None:
    assert said(sighting(payload)).startswith(says)


def test_a_line_has_all_that_grep_needs() -> None:
    parts = line(sighting(kit.stream(5)[0]), Kind.DATA).split("  ")

    assert parts[0] == "3"
    assert parts[1] == time.strftime("%H:%M:%S", time.localtime(kit.BEGAN)) + ".200000"
    assert parts[2:5] == ["10.0.0.1 > 239.255.3.4", "data", str(kit.STREAM_WIRE_BYTES)]


def test_what_a_member_says_cannot_move_the_cursor() -> None:
    told = said(sighting(kit.control(Dismiss(1, "\x1b[2J"))))

    assert told.isprintable()
    assert "Dismiss" in told


def test_a_record_has_the_header_but_not_the_bytes() -> None:
    of_stream = record(sighting(kit.stream(5)[0]), Kind.DATA)
    of_control = record(sighting(kit.control()), Kind.CONTROL)
    of_refused = record(sighting(b"\x02S"), Kind.REFUSED)

    assert (of_stream["symbol"], of_stream["kind"], of_stream["frame"]) == (5, "data", 3)
    assert (of_control["node"], "data" in of_control) == (kit.NODE, False)
    assert of_refused["cause"] == "version"
