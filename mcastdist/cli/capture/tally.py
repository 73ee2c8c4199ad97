"""How much of what was there? All frames of a capture, counted by kind, sender and session."""

from __future__ import annotations

from dataclasses import dataclass, field

from mcastdist.ids import node_name
from mcastdist.wire import SYMBOLS_MAX
from mcastdist.wire.dissect import ControlDatagram, StreamDatagram

from .account import Account, Count, Example, Kind, Refused, SenderCount, SessionCount
from .flows import Flows
from .packets import TCP, Packet, shown_address
from .seen import PAGE_BITS, Seen
from .sightings import Sighting

EXAMPLES_MAX = 5  # of refused datagrams, for each cause
SEALED = "sealed"
assert SYMBOLS_MAX == 1 << PAGE_BITS, "a page is what one block has of source symbols"


@dataclass(slots=True)
class _Session:
    count: SessionCount
    sequences: Seen = field(default_factory=Seen)
    sources: Seen = field(default_factory=Seen)
    blocks: Seen = field(default_factory=Seen)


class Tally:
    """Counts sightings; `account` at any time, `add` in the capture's order."""

    def __init__(self, port: int) -> None:
        """`port` is where peers serve HTTP unless they say otherwise."""
        self._account = Account()
        self._flows = Flows(port)
        self._senders: dict[bytes, SenderCount] = {}
        self._sessions: dict[tuple[int, int, int], _Session] = {}
        self._clusters: dict[int, None] = {}
        self._frame = 0
        self._until = 0.0

    def add(self, sighting: Sighting) -> Kind | None:
        """Count it. Its kind; None for TCP, which only the whole capture tells."""
        self._note_frame(sighting)
        packet, datagram = sighting.packet, sighting.datagram
        if packet is not None and packet.protocol == TCP:
            self._flows.add(packet)
            return None
        if isinstance(datagram, StreamDatagram):
            kind = self._stream(sighting, datagram)
        elif isinstance(datagram, ControlDatagram):
            kind = self._control(sighting, datagram)
        elif sighting.cause:
            kind = self._refused(sighting)
        else:
            kind = Kind.OTHER
        self._put(packet.source if packet else None, kind, sighting.wire_bytes)
        return kind

    def account(self) -> Account:
        """What has been counted, TCP with it. To be called once, at the end."""
        for address, kind, count in self._flows.counts():
            self._put(address, kind, count.bytes, count.datagrams)
        whole = self._account
        whole.bytes = sum(count.bytes for count in whole.kinds.values())
        whole.kinds = {kind: whole.kinds[kind] for kind in Kind if kind in whole.kinds}
        whole.seconds = max(self._until - whole.began, 0.0)
        whole.clusters = [f"{cluster:08x}" for cluster in self._clusters]
        whole.senders = sorted(self._senders.values(), key=_sent_bytes, reverse=True)
        whole.sessions = [self._closed(session) for session in self._sessions.values()]
        return whole

    # Within

    def _note_frame(self, sighting: Sighting) -> None:
        number, at = sighting.frame.number, sighting.frame.at
        if number == self._frame:
            return
        if not self._account.frames:
            self._account.began = at
        self._frame = number
        self._account.frames += 1
        self._until = max(self._until, at)

    def _put(self, address: bytes | None, kind: Kind, wire_bytes: int, datagrams: int = 1) -> None:
        _count(self._account.kinds, kind).add(wire_bytes, datagrams)
        if address is not None and kind is not Kind.OTHER:
            _count(self._sender(address).kinds, kind).add(wire_bytes, datagrams)

    def _sender(self, address: bytes) -> SenderCount:
        found = self._senders.get(address)
        if found is None:
            found = self._senders[address] = SenderCount(shown_address(address))
        return found

    def _stream(self, sighting: Sighting, datagram: StreamDatagram) -> Kind:
        session = self._session(sighting, datagram)
        if not session.sequences.add(datagram.sequence):
            return Kind.COPY
        count = session.count
        count.bytes += sighting.wire_bytes
        count.seconds = max(sighting.frame.at - count.began, count.seconds)
        count.symbol_bytes = max(count.symbol_bytes, datagram.symbol_bytes)
        session.blocks.add(datagram.block)
        if datagram.is_parity:
            count.parity += 1
            return Kind.PARITY
        if session.sources.add(datagram.block << PAGE_BITS | datagram.symbol):
            count.data += 1
            return Kind.DATA
        count.again += 1
        return Kind.AGAIN

    def _session(self, sighting: Sighting, datagram: StreamDatagram) -> _Session:
        name = (datagram.cluster, datagram.sender, datagram.session)
        found = self._sessions.get(name)
        if found is None:
            self._clusters[datagram.cluster] = None
            address = _source(sighting)
            found = self._sessions[name] = _Session(
                SessionCount(
                    f"{datagram.session:08x}", f"{datagram.cluster:08x}",
                    f"{datagram.sender:08x}", address, sighting.frame.at,
                )
            )  # fmt: skip
        return found

    def _control(self, sighting: Sighting, datagram: ControlDatagram) -> Kind:
        self._clusters[datagram.cluster] = None
        message, packet = sighting.message, sighting.packet
        name = SEALED if message is None else type(message).__name__
        counted = self._account.messages.setdefault(name, Count())
        counted.add(sighting.wire_bytes)
        assert packet is not None, "a datagram came in a packet"
        nodes = self._sender(packet.source).nodes
        if node_name(datagram.node) not in nodes:
            nodes.append(node_name(datagram.node))
        http_port = getattr(message, "http_port", 0)
        if http_port:
            self._flows.tell(packet.source, http_port)
        return Kind.CONTROL

    def _refused(self, sighting: Sighting) -> Kind:
        refused = self._account.refused.setdefault(sighting.cause, Refused())
        refused.count += 1
        if len(refused.first) < EXAMPLES_MAX:
            frame = sighting.frame
            refused.first.append(
                Example(frame.number, frame.at, _source(sighting), sighting.sentence)
            )
        return Kind.REFUSED

    def _closed(self, session: _Session) -> SessionCount:
        count = session.count
        count.blocks = session.blocks.count
        count.uncaptured = session.sequences.gaps
        count.sender = self._full_name(count)
        return count

    def _full_name(self, count: SessionCount) -> str:
        """The stream tells half of a node id; control datagrams from the same address the rest."""
        named = (node for each in self._senders.values() for node in each.nodes)
        return next((node for node in named if node.endswith(count.sender)), count.sender)


def _count(counts: dict[Kind, Count], kind: Kind) -> Count:
    found = counts.get(kind)
    if found is None:
        found = counts[kind] = Count()
    return found


def _sent_bytes(sender: SenderCount) -> int:
    return sum(count.bytes for count in sender.kinds.values())


def _source(sighting: Sighting) -> str:
    packet: Packet | None = sighting.packet
    assert packet is not None, "a datagram came in a packet"
    return shown_address(packet.source)
