"""How do control messages leave and arrive? Up to three sockets per interface, on the event loop.

One socket hears the control group, one what is said aside, to every machine of the subnet, and one
is bound to the interface's own address: it sends everything and hears what is sent to us alone.
asyncio's own datagram endpoint allocates 256 KiB for each datagram, so we drain the sockets
ourselves into one buffer. What the network does wrong (full queues, nobody there) is counted and
never raised: a lost datagram is nothing special here.
"""

from __future__ import annotations

import asyncio
import collections
import errno
import functools
import ipaddress
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mcastdist.errors import UsageError

from .interfaces import Chosen
from .reader_thread import ReaderThread, needs_thread
from .socket_options import (
    Address,
    Group,
    SockAddr,
    address_of,
    aside_host,
    enlarge_buffer,
    open_aside_receiver,
    open_receiver,
    open_sender,
    rejoin,
    sockaddr,
)

OnDatagram = Callable[[memoryview, Address], None]

DRAIN_MAX = 64  # datagrams a wake-up, so that a flood cannot starve the rest of the loop
DATAGRAM_BYTES = 1 << 16  # no UDP datagram is longer
BUFFER_BYTES = 1 << 20  # a thousand nodes may answer at once, with about 1 KiB each
KNOWN_MAX = 4_096  # as many nodes as wire keeps replay windows for
FULL = frozenset({errno.EAGAIN, errno.EWOULDBLOCK, errno.ENOBUFS})


@dataclass(slots=True)
class _Port:
    """The sockets of one interface."""

    interface: Chosen
    receiver: socket.socket
    sender: socket.socket
    aside: socket.socket | None

    @property
    def sockets(self) -> list[socket.socket]:
        return [self.receiver, self.sender, *([self.aside] if self.aside else [])]

    def close(self) -> None:
        for sock in self.sockets:
            sock.close()


class ControlTransport:
    """Control datagrams, in and out, on every chosen interface.

    `on_datagram(data, source)` is called on the loop; `data` is valid only then. An error it raises
    goes to the loop's exception handler, and the next datagram is read.
    """

    def __init__(
        self,
        interfaces: Sequence[Chosen],
        group: Group,
        *,
        ttl: int,
        on_datagram: OnDatagram,
        threaded: bool | None = None,
    ) -> None:
        """Needs the running loop; `threaded` None: a reader thread where the loop has no readers.

        UsageError if a socket cannot be opened.
        """
        self._group = group
        self._ttl = ttl
        self._on_datagram = on_datagram
        self._loop = asyncio.get_running_loop()
        self._threaded = needs_thread(self._loop) if threaded is None else threaded
        self._buffer = memoryview(bytearray(DATAGRAM_BYTES))
        self._ports: list[_Port] = []
        self._known: dict[str, _Port] = {}  # host -> the interface it is reached by
        self.counters: collections.Counter[str] = collections.Counter()
        try:
            for interface in interfaces:
                self._open(interface)
        except UsageError:
            self.close()
            raise

    # In

    def send_group(self, data: bytes | memoryview) -> None:
        """Send to the control group, once on each interface."""
        for port in self._ports:
            host = self._group.host(port.interface)
            self._send(port, data, sockaddr(port.interface, (host, self._group.port)))

    def send_aside(self, data: bytes | memoryview) -> None:
        """Send to every machine of the subnet, where an interface has an address for that."""
        for port in self._ports:
            if (host := aside_host(port.interface)) is not None:
                self._send(port, data, sockaddr(port.interface, (host, self._group.port)))

    def send_to(self, data: bytes | memoryview, address: Address) -> None:
        """Send to one node. An address nobody can have is counted as unreachable."""
        port = self._port_to(address[0])
        if port is None:
            self.counters["unreachable"] += 1
        else:
            self._send(port, data, sockaddr(port.interface, address))

    def rejoin(self) -> None:
        """Join the group again everywhere: a snooping switch with no querier forgets us."""
        for port in self._ports:
            if not rejoin(port.receiver, port.interface, self._group):
                self.counters["rejoin_failed"] += 1

    def refresh(self, interfaces: Sequence[Chosen]) -> list[str]:
        """Open what is new, close what is gone; why an interface could not be opened."""
        wanted = {_place(interface): interface for interface in interfaces}
        for port in list(self._ports):
            if (same := wanted.pop(_place(port.interface), None)) is not None:
                port.interface = same  # its MTU may have changed
            else:
                self._close(port)
        self._known.clear()
        refused = []
        for interface in wanted.values():
            try:
                self._open(interface)
            except UsageError as error:
                refused.append(str(error))
        return refused

    def close(self) -> None:
        """Close all sockets; nothing is delivered afterwards."""
        for port in list(self._ports):
            self._close(port)

    # Out

    @property
    def addresses(self) -> list[Address]:
        """Where we are reached, per interface: the port differs if ours was taken."""
        return [address_of(port.interface, port.sender.getsockname()) for port in self._ports]

    @property
    def interfaces(self) -> list[Chosen]:
        """The interfaces in use."""
        return [port.interface for port in self._ports]

    # Within

    def _open(self, interface: Chosen) -> None:
        receiver = open_receiver(interface, self._group)
        try:
            sender = open_sender(interface, self._group.port, self._ttl)
        except UsageError:
            receiver.close()
            raise
        aside = open_aside_receiver(interface, self._group.port)
        self._ports.append(port := _Port(interface, receiver, sender, aside))
        for sock in port.sockets:
            enlarge_buffer(sock, BUFFER_BYTES)
            self._listen(port, sock)

    def _close(self, port: _Port) -> None:
        self._ports.remove(port)
        if not self._threaded:
            for sock in port.sockets:
                self._loop.remove_reader(sock)
        port.close()

    def _listen(self, port: _Port, sock: socket.socket) -> None:
        if self._threaded:
            ReaderThread(self._loop, sock, functools.partial(self._arrived, port))
        else:
            self._loop.add_reader(sock, self._drain, port, sock)

    def _drain(self, port: _Port, sock: socket.socket) -> None:
        for _ in range(DRAIN_MAX):
            try:
                size, source = sock.recvfrom_into(self._buffer)
            except OSError as error:
                if error.errno in FULL:
                    return
                self.counters["receive_error"] += 1  # an earlier send of ours was refused
                continue
            self._arrived(port, self._buffer[:size], source)
            if sock.fileno() < 0:
                return  # closed by what it received

    def _arrived(self, port: _Port, data: memoryview, source: SockAddr) -> None:
        if port not in self._ports:
            return  # read by the thread before, delivered after the interface was closed
        self.counters["received"] += 1
        try:
            self._on_datagram(data, address_of(port.interface, source))
        except Exception as error:  # one datagram must not stop the others
            self._loop.call_exception_handler(
                {"message": "a control datagram could not be handled", "exception": error}
            )

    def _send(self, port: _Port, data: bytes | memoryview, address: SockAddr) -> None:
        try:
            port.sender.sendto(data, address)
        except OSError as error:
            self.counters["full" if error.errno in FULL else "unreachable"] += 1
        else:
            self.counters["sent"] += 1

    def _port_to(self, host: str) -> _Port | None:
        if host not in self._known:
            if len(self._known) >= KNOWN_MAX:
                self._known.clear()
            if (port := _reaching(self._ports, host)) is None:
                return None
            self._known[host] = port
        return self._known[host]


def _place(interface: Chosen) -> tuple[int, str]:
    """What a socket is bound to: if this is the same, it may stay open."""
    return interface.index, interface.address


def _reaching(ports: Sequence[_Port], host: str) -> _Port | None:
    """By scope for link-local hosts, else the narrowest subnet around it, else any of its kind."""
    plain, _, scope = host.partition("%")
    try:
        ip = ipaddress.ip_address(plain)
    except ValueError:
        return None
    same = [port for port in ports if port.interface.family == ip.version]
    if scope:
        return next((port for port in same if port.interface.name == scope), None)
    near = [port for port in same if ip in port.interface.network]
    return max(near or same, key=lambda port: port.interface.prefix, default=None)
