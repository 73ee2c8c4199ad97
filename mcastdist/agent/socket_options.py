"""How is a UDP socket told about multicast? The one place that knows socket options.

Both kinds of socket (control in `sockets`, data in `stream_sockets`) are opened here, for one
interface each, so that what arrives is known to have arrived there, and what is sent leaves there.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import struct
import sys
from dataclasses import dataclass

from mcastdist.errors import UsageError

from .interfaces import Chosen

Address = tuple[str, int]  # a link-local IPv6 host carries %interface
SockAddr = tuple[str, int] | tuple[str, int, int, int]

# Options the socket module does not name; all from the Linux headers.
IP_MULTICAST_ALL = 49  # linux/in.h: 0 = only what this very socket joined
IPV6_MULTICAST_ALL = 29  # linux/in6.h, since 4.20
BROADCAST_PREFIX_MAX = 30  # a /31 is two hosts and nothing else (RFC 3021)
SO_RCVBUFFORCE = 33  # asm-generic/socket.h: beyond net.core.rmem_max, for CAP_NET_ADMIN


@dataclass(frozen=True, slots=True)
class Group:
    """One multicast group as each family has it, and its port."""

    v4: str
    v6: str
    port: int

    def host(self, interface: Chosen) -> str:
        """The group's address in the interface's family."""
        return self.v4 if interface.family == 4 else self.v6


def open_receiver(interface: Chosen, group: Group) -> socket.socket:
    """A non-blocking socket that hears `group` on `interface`, and where possible nothing else.

    UsageError if another program holds the port and does not share it.
    """
    sock = _udp(interface)
    try:
        _share_port(sock)
        _hear_only_own_groups(sock, interface)
        sock.bind(_receiver_address(interface, group))
        join(sock, interface, group)
    except OSError as error:
        sock.close()
        raise UsageError(
            f"cannot hear group {group.host(interface)} port {group.port} on {interface.name}: "
            f"{error.strerror}; is another program holding the port? set multicast.port"
        ) from error
    return sock


def open_aside_receiver(interface: Chosen, port: int) -> socket.socket | None:
    """A non-blocking socket that hears what is said to every machine of the subnet.

    None where there is no such address, or where `open_receiver`'s socket hears it already; and
    where the system refuses, since it is only for those whom no group reaches.
    """
    host = aside_host(interface)
    if host is None or sys.platform == "win32":
        return None
    sock = _udp(interface)
    try:
        _share_port(sock)
        sock.bind(sockaddr(interface, (host, port)))
    except OSError:
        sock.close()
        return None
    return sock


def aside_host(interface: Chosen) -> str | None:
    """Every machine of the subnet: IPv4's directed broadcast, IPv6's all-nodes group.

    Switches carry both to everybody, whatever they know of groups (RFC 4541, 2.1.2 and 3).
    """
    if interface.family == 6:
        return "ff02::1"
    has_one = interface.prefix <= BROADCAST_PREFIX_MAX and not interface.network.is_loopback
    return str(interface.network.broadcast_address) if has_one else None


def open_sender(interface: Chosen, port: int, ttl: int) -> socket.socket:
    """A non-blocking socket bound to the interface's address, from which all is sent.

    If `port` is taken (another agent on this machine) the system gives a free one.
    """
    sock = _udp(interface)
    try:
        _send_through(sock, interface, ttl)
        try:
            sock.bind(sockaddr(interface, (interface.address, port)))
        except OSError:
            if port == 0:
                raise
            sock.bind(sockaddr(interface, (interface.address, 0)))
    except OSError as error:
        sock.close()
        raise UsageError(
            f"cannot send from {interface.address} on {interface.name}: {error.strerror}"
        ) from error
    return sock


def join(sock: socket.socket, interface: Chosen, group: Group) -> None:
    """Tell the system, and through it the switches, that we want `group` on `interface`."""
    level, option, request = _membership(interface, group, joining=True)
    sock.setsockopt(level, option, request)


def leave(sock: socket.socket, interface: Chosen, group: Group) -> None:
    """The opposite of `join`; nothing happens if the interface has gone meanwhile."""
    level, option, request = _membership(interface, group, joining=False)
    with contextlib.suppress(OSError):  # the membership went with the interface
        sock.setsockopt(level, option, request)


def rejoin(sock: socket.socket, interface: Chosen, group: Group) -> bool:
    """Leave and join, so that a report goes out and switches learn again. False if it failed."""
    leave(sock, interface, group)
    try:
        join(sock, interface, group)
    except OSError:
        return False
    return True


def sockaddr(interface: Chosen, address: Address) -> SockAddr:
    """What the socket module wants: IPv6 takes the interface as a number where it matters."""
    host, port = address
    if interface.family == 4:
        return host, port
    plain = host.partition("%")[0]
    ip = ipaddress.IPv6Address(plain)
    scoped = ip.is_link_local or ip.is_multicast
    return plain, port, 0, interface.index if scoped else 0


def address_of(interface: Chosen, source: SockAddr) -> Address:
    """Who sent it, as messages and HTTP name him."""
    host, port = source[0], source[1]
    if len(source) == 4 and source[3]:
        return f"{host.partition('%')[0]}%{interface.name}", port
    return host, port


def enlarge_buffer(sock: socket.socket, wanted_bytes: int) -> int:
    """Ask for a receive buffer; returns the bytes that were given, be they few. Never raises."""
    _request_buffer(sock, wanted_bytes)
    if sys.platform == "linux" and _buffer_bytes(sock) < wanted_bytes:
        # Without the right, net.core.rmem_max holds, and `status` shows what was asked and got.
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, wanted_bytes)
    return _buffer_bytes(sock)


def _request_buffer(sock: socket.socket, wanted_bytes: int) -> None:
    """Linux gives what it may; macOS refuses what is beyond kern.ipc.maxsockbuf (ENOBUFS)."""
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, wanted_bytes)
    except OSError:
        if wanted_bytes // 2 > sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF):
            _request_buffer(sock, wanted_bytes // 2)  # but never less than it has


def _buffer_bytes(sock: socket.socket) -> int:
    """Linux doubles what it is asked for, to pay for its own bookkeeping (socket(7))."""
    got = sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
    return got // 2 if sys.platform == "linux" else got


def _udp(interface: Chosen) -> socket.socket:
    family = socket.AF_INET if interface.family == 4 else socket.AF_INET6
    sock = socket.socket(family, socket.SOCK_DGRAM)
    sock.setblocking(False)
    if interface.family == 6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    return sock


def _share_port(sock: socket.socket) -> None:
    """Several agents on a machine hear the same group; BSD and macOS call that REUSEPORT."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if sys.platform not in ("linux", "win32"):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)


def _hear_only_own_groups(sock: socket.socket, interface: Chosen) -> None:
    """Linux gives a socket what any socket of the machine joined, on any interface, unless told."""
    if sys.platform != "linux":
        return
    if interface.family == 4:
        sock.setsockopt(socket.IPPROTO_IP, IP_MULTICAST_ALL, 0)
    else:
        sock.setsockopt(socket.IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0)


def _receiver_address(interface: Chosen, group: Group) -> SockAddr:
    """The group's own address keeps other groups of the port away; Windows cannot bind to it."""
    if sys.platform == "win32":
        return ("", group.port) if interface.family == 4 else ("", group.port, 0, 0)
    return sockaddr(interface, (group.host(interface), group.port))


def _send_through(sock: socket.socket, interface: Chosen, ttl: int) -> None:
    """Multicast leaves by this interface, keeps to `ttl`, and is heard on this machine too."""
    if interface.family == 4:
        ip = socket.IPPROTO_IP
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        sock.setsockopt(ip, socket.IP_MULTICAST_IF, _source_v4(interface))
        sock.setsockopt(ip, socket.IP_MULTICAST_TTL, ttl)
        sock.setsockopt(ip, socket.IP_MULTICAST_LOOP, 1)
    else:
        ipv6 = socket.IPPROTO_IPV6
        sock.setsockopt(ipv6, socket.IPV6_MULTICAST_IF, interface.index)
        sock.setsockopt(ipv6, socket.IPV6_MULTICAST_HOPS, ttl)
        sock.setsockopt(ipv6, socket.IPV6_MULTICAST_LOOP, 1)


def _source_v4(interface: Chosen) -> bytes:
    """ip_mreqn (group unused, address, index); Windows takes the address alone."""
    address = socket.inet_aton(interface.address)
    if sys.platform == "win32":
        return address
    return struct.pack("=4s4si", b"\0" * 4, address, interface.index)


def _membership(interface: Chosen, group: Group, *, joining: bool) -> tuple[int, int, bytes]:
    if interface.family == 6:
        request = socket.inet_pton(socket.AF_INET6, group.v6) + struct.pack("=I", interface.index)
        option = socket.IPV6_JOIN_GROUP if joining else socket.IPV6_LEAVE_GROUP
        return socket.IPPROTO_IPV6, option, request
    request = socket.inet_aton(group.v4) + socket.inet_aton(interface.address)
    if sys.platform != "win32":
        request += struct.pack("=i", interface.index)
    option = socket.IP_ADD_MEMBERSHIP if joining else socket.IP_DROP_MEMBERSHIP
    return socket.IPPROTO_IP, option, request
