"""Which of our datagrams are in a frame? Each with its header, its message, or why it is not ours.

One frame may hold many: where cards join and cut, a capture shows a whole run of them as one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from mcastdist.errors import MalformedMessage, Unauthentic
from mcastdist.ids import ClusterTag
from mcastdist.wire import Message
from mcastdist.wire.dissect import (
    ControlDatagram,
    StreamDatagram,
    Unsealer,
    datagrams_in,
    dissect,
)

from .packets import UDP, Frame, Packet, packet_in


class Sighting(NamedTuple):
    """One datagram of ours (or on our port), or a frame that has none."""

    frame: Frame
    packet: Packet | None
    wire_bytes: int
    datagram: StreamDatagram | ControlDatagram | None = None
    message: Message | None = None
    cause: str = ""  # why it was refused
    sentence: str = ""


class Looker:
    """Looks at frames; remembers nothing of them."""

    def __init__(
        self, port: int, cluster: ClusterTag | None = None, unsealer: Unsealer | None = None
    ) -> None:
        """`cluster`: refuse others. Without `unsealer` control messages stay sealed."""
        self._port = port
        self._cluster = cluster
        self._unsealer = unsealer

    def look(self, frame: Frame) -> Iterator[Sighting]:
        """What is in `frame`: at least one sighting."""
        packet = packet_in(frame)
        if packet is None or packet.protocol != UDP or not self._is_ours(packet):
            wire_bytes = frame.wire_bytes if packet is None else packet.wire_bytes
            yield Sighting(frame, packet, wire_bytes)
            return
        # What was cut short by the capture is one datagram: where the next began is not known.
        whole = len(packet.payload) == packet.payload_bytes
        runs = datagrams_in(packet.payload) if whole else [packet.payload]
        if len(runs) == 1:
            yield self._sighting(frame, packet, packet.wire_bytes, runs[0], packet.payload_bytes)
            return
        for data in runs:
            wire_bytes = packet.header_bytes + len(data)
            yield self._sighting(frame, packet, wire_bytes, data, len(data))

    def _is_ours(self, packet: Packet) -> bool:
        return self._port in (packet.target_port, packet.source_port)

    def _sighting(
        self, frame: Frame, packet: Packet, wire_bytes: int, data: bytes, length: int
    ) -> Sighting:
        try:
            datagram = dissect(data, length)
            message = self._message(datagram)
        except Unauthentic as error:
            cause, sentence = error.cause, str(error)
        except MalformedMessage as error:
            cause, sentence = "malformed", str(error)
        else:
            return Sighting(frame, packet, wire_bytes, datagram, message)
        return Sighting(frame, packet, wire_bytes, None, None, cause, sentence)

    def _message(self, datagram: StreamDatagram | ControlDatagram) -> Message | None:
        if self._cluster is not None and datagram.cluster != self._cluster:
            raise Unauthentic(
                "cluster", f"cluster {datagram.cluster:08x} is not {self._cluster:08x}"
            )
        if self._unsealer is None or isinstance(datagram, StreamDatagram) or not datagram.is_whole:
            return None
        return self._unsealer.open(datagram)
