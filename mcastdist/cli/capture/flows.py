"""Which TCP is HTTP of ours? Only a flow's first request tells, so flows are judged at the end.

Between peers: by the port, by ports that opened messages told, or by the request. From an origin:
by who asks (`User-Agent: mcastdist`) or by what for. What is encrypted cannot be told from others.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct, field

from .account import Count, Kind
from .packets import Packet

PEER_PATH = b" /v1/content/"
PEER_HEADER = b"Authorization: Mcastdist "
OWN_AGENT = b"User-Agent: mcastdist"
PACKAGE_NAMES = (b".mcd ", b".mcd.minisig ", b".payload ")
METHODS = (b"GET ", b"HEAD")

Endpoint = tuple[bytes, int]  # address, port


class _Flow(Struct):
    sent: dict[Endpoint, Count] = field(default_factory=dict)
    asked: Kind | None = None  # what its request made of it


class Flows:
    """All TCP of a capture."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._flows: dict[tuple[Endpoint, Endpoint], _Flow] = {}
        self._told: set[Endpoint] = set()

    def tell(self, address: bytes, port: int) -> None:
        """Somebody at `address` said that its peers' port is this one."""
        self._told.add((address, port))

    def add(self, packet: Packet) -> None:
        """Count one packet."""
        source, target = (packet.source, packet.source_port), (packet.target, packet.target_port)
        name = (source, target) if source < target else (target, source)
        flow = self._flows.get(name) or self._flows.setdefault(name, _Flow())
        flow.sent.setdefault(source, Count()).add(packet.wire_bytes)
        if packet.payload[:4] in METHODS:
            flow.asked = _asked(packet.payload) or flow.asked

    def counts(self) -> Iterator[tuple[bytes, Kind, Count]]:
        """(sender's address, kind, how much) of each direction of each flow."""
        for ends, flow in self._flows.items():
            kind = self._kind(ends, flow)
            for (address, _), count in flow.sent.items():
                yield address, kind, count

    def _kind(self, ends: tuple[Endpoint, Endpoint], flow: _Flow) -> Kind:
        if flow.asked is not None:
            return flow.asked
        if any(end in self._told or end[1] == self._port for end in ends):
            return Kind.REPAIR
        return Kind.OTHER


def _asked(request: bytes) -> Kind | None:
    line, _, headers = request.partition(b"\r\n")
    if PEER_PATH in line or PEER_HEADER in headers:
        return Kind.REPAIR
    if OWN_AGENT in headers or any(name in line for name in PACKAGE_NAMES):
        return Kind.ORIGIN
    return None
