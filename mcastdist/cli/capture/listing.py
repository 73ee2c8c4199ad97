"""How is one datagram told? As a line, or as a record."""

from __future__ import annotations

import time

from mcastdist.cli.words import printable
from mcastdist.wire import Message
from mcastdist.wire.dissect import ControlDatagram, StreamDatagram

from .account import Kind
from .packets import shown_address
from .sightings import Sighting

SAID_CHARS_MAX = 200  # of a message: more is in no line that people read


def line(sighting: Sighting, kind: Kind) -> str:
    """One datagram: frame, time of day, from, to, kind, bytes on the wire, what it says."""
    packet = sighting.packet
    assert packet is not None, "a datagram came in a packet"
    return "  ".join(
        (
            str(sighting.frame.number),
            _time_of_day(sighting.frame.at),
            f"{shown_address(packet.source)} > {shown_address(packet.target)}",
            str(kind),
            str(sighting.wire_bytes),
            said(sighting),
        )
    )


def said(sighting: Sighting) -> str:
    """What a datagram says, in a few words."""
    datagram = sighting.datagram
    if isinstance(datagram, StreamDatagram):
        return (
            f"session {datagram.session:08x} block {datagram.block} symbol {datagram.symbol}"
            f" sequence {datagram.sequence}"
        )
    if isinstance(datagram, ControlDatagram):
        return f"node {datagram.node:016x} {_message(sighting.message)}"
    return printable(f"{sighting.cause}: {sighting.sentence}")


def _message(message: Message | None) -> str:
    if message is None:
        return "sealed"
    fields = ((name, getattr(message, name)) for name in message.__struct_fields__)
    told = " ".join(f"{name}={_value(value)}" for name, value in fields)
    return f"{type(message).__name__} {printable(told)}"[:SAID_CHARS_MAX]


def _value(value: object) -> object:
    """Hashes by their beginning; enumerations by name."""
    if isinstance(value, bytes):
        return value.hex()[:12] or "-"
    return getattr(value, "name", value)


def record(sighting: Sighting, kind: Kind) -> dict[str, object]:
    """The same, for programs: what the header says, and the message in words."""
    packet, datagram = sighting.packet, sighting.datagram
    assert packet is not None, "a datagram came in a packet"
    header = datagram._asdict() if datagram is not None else {"cause": sighting.cause}
    header.pop("data", None)
    return {
        "frame": sighting.frame.number,
        "at": sighting.frame.at,
        "source": shown_address(packet.source),
        "target": shown_address(packet.target),
        "kind": kind,
        "bytes": sighting.wire_bytes,
        "says": said(sighting),
        **header,
    }


def _time_of_day(at: float) -> str:
    return time.strftime("%H:%M:%S", time.localtime(at)) + f".{int(at % 1 * 1e6):06d}"
