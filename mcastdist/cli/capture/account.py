"""What came of counting a capture? The record that `mcastdist pcap --json` prints.

Bytes are those on the wire, with the headers of link, IP and UDP or TCP (a frame's checksum and
gaps are in no capture).
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct, field


class Kind(StrEnum):
    """What a frame was for."""

    DATA = "data"
    AGAIN = "again"
    PARITY = "parity"
    CONTROL = "control"
    REPAIR = "repair"
    ORIGIN = "origin"
    COPY = "copy"
    REFUSED = "refused"
    OTHER = "other"


MEANINGS: dict[Kind, str] = {
    Kind.DATA: "source symbols of the stream, the first time",
    Kind.AGAIN: "source symbols sent once more",
    Kind.PARITY: "parity symbols of the stream",
    Kind.CONTROL: "control messages",
    Kind.REPAIR: "HTTP between peers",
    Kind.ORIGIN: "HTTP of agents with an origin, where it can be read",
    Kind.COPY: "stream datagrams that the capture holds already",
    Kind.REFUSED: "on our port, and not ours",
    Kind.OTHER: "everything else",
}


class Count(Struct):
    """How many datagrams (of TCP: frames as captured), and their bytes on the wire."""

    datagrams: int = 0
    bytes: int = 0

    def add(self, wire_bytes: int, datagrams: int = 1) -> None:
        """Count one, or several of so many bytes together."""
        self.datagrams += datagrams
        self.bytes += wire_bytes


class Example(Struct, frozen=True):
    """One datagram that was refused; `frame` is its number in the capture, from 1."""

    frame: int
    at: float  # seconds since 1970
    source: str
    sentence: str


class Refused(Struct):
    """All that were refused for one cause, and the first of them."""

    count: int = 0
    first: list[Example] = field(default_factory=list)


class SenderCount(Struct):
    """What one address sent."""

    address: str
    nodes: list[str] = field(default_factory=list)  # ids it used: of 16 hex digits, or the last 8
    kinds: dict[Kind, Count] = field(default_factory=dict)


class SessionCount(Struct):
    """What there was of one session's stream."""

    session: str
    cluster: str  # its tag
    sender: str
    address: str
    began: float  # seconds since 1970
    seconds: float = 0.0
    blocks: int = 0  # how many different ones
    symbol_bytes: int = 0
    data: int = 0
    again: int = 0
    parity: int = 0
    bytes: int = 0
    uncaptured: int = 0  # datagrams between the first and the last that are not in the capture

    @property
    def rate_bps(self) -> float:
        """On the wire, from the first datagram to the last."""
        return self.bytes * 8 / self.seconds if self.seconds > 0 else 0.0


class Account(Struct, kw_only=True):
    """One capture, counted."""

    frames: int = 0
    bytes: int = 0
    began: float = 0.0  # seconds since 1970
    seconds: float = 0.0
    clusters: list[str] = field(default_factory=list)  # tags
    kinds: dict[Kind, Count] = field(default_factory=dict)
    messages: dict[str, Count] = field(default_factory=dict)  # of control, or `sealed`
    refused: dict[str, Refused] = field(default_factory=dict)
    senders: list[SenderCount] = field(default_factory=list)  # the busiest first
    sessions: list[SessionCount] = field(default_factory=list)  # in order of their beginning
