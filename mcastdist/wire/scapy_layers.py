"""How do our datagrams look in scapy? As its layers, for who examines captures of their own.

    from scapy.utils import rdpcap
    from mcastdist.wire import scapy_layers

    scapy_layers.bind()
    for packet in rdpcap("lan.pcap"):
        if scapy_layers.McastdistStream in packet:
            print(packet[scapy_layers.McastdistStream].block)

The fields are those of PROTOCOL.md, 3. What is sealed stays sealed; `message_in` opens it. This is
a service door of the room, for `cli` and for scripts: scapy is in the extra `diag`, takes longer to
import than the agent to start, and never comes into the agent's process. (It is under the GPL,
version 2 only; this module is the one place where its classes are ours to extend.)
"""

from __future__ import annotations

from typing import Any, ClassVar

from scapy.fields import ByteField, Field, IntField, LongField, ShortField, XIntField, XLongField
from scapy.fields import StrFixedLenField as OctetsField
from scapy.layers.inet import UDP
from scapy.packet import Packet, bind_bottom_up

from .dissect import ControlDatagram, Unsealer, dissect
from .limits import PORT
from .messages import Message
from .sealing import KIND_CONTROL
from .stream import KIND_STREAM, STREAM_HEADER

AnyField = Field[Any, Any]

_BY_SIZE = {1: ByteField, 2: ShortField, 4: IntField}
_IN_HEX = frozenset({"cluster", "sender", "session"})


def _stream_field(name: str) -> AnyField:
    size = STREAM_HEADER[name].itemsize
    if size not in _BY_SIZE:
        return OctetsField(name, bytes(size), size)
    return (XIntField if name in _IN_HEX else _BY_SIZE[size])(name, 0)


class McastdistStream(Packet):
    """A stream datagram; the payload is its symbol."""

    name = "mcastdist stream"
    fields_desc: ClassVar[list[Any]] = [_stream_field(field) for field in STREAM_HEADER.names or ()]


class McastdistControl(Packet):
    """A control datagram; the payload is the sealed message."""

    name = "mcastdist control"
    fields_desc: ClassVar[list[Any]] = [
        ByteField("version", 1),
        ByteField("kind", KIND_CONTROL),
        ByteField("key_id", 0),
        ByteField("reserved", 0),
        XIntField("cluster", 0),
        XLongField("node", 0),
        LongField("boot", 0),
        IntField("counter", 0),
    ]


class Mcastdist(Packet):
    """Whatever came on our port: one of the two above, or raw bytes."""

    name = "mcastdist"
    fields_desc: ClassVar[list[Any]] = [ByteField("version", 1), ByteField("kind", 0)]

    @classmethod
    def dispatch_hook(cls, _pkt: bytes | None = None, *_: object, **__: object) -> type[Packet]:
        """The layer that the second byte asks for."""
        return {KIND_STREAM: McastdistStream, KIND_CONTROL: McastdistControl}.get(
            _pkt[1] if _pkt and len(_pkt) > 1 else -1, cls
        )


def bind(port: int = PORT) -> None:
    """Let scapy read UDP to or from `port` as ours."""
    bind_bottom_up(UDP, Mcastdist, dport=port)
    bind_bottom_up(UDP, Mcastdist, sport=port)


def message_in(control: McastdistControl, unsealer: Unsealer) -> Message:
    """The message in a control datagram. Raises what `Unsealer.open` and `dissect` do."""
    datagram = dissect(bytes(control.original))
    assert isinstance(datagram, ControlDatagram), "a McastdistControl is one of these"
    return unsealer.open(datagram)
