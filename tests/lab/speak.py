"""What speaks and listens on a host of the lab, so that the lab itself can be tested.

    speak.py listen GROUP|any     counts datagrams, and the calls they came in, until its input ends
    speak.py say TO COUNT HOW     sends COUNT datagrams; HOW: single | segments (UDP_SEGMENT)
    speak.py give BYTES           serves BYTES by TCP, again and again
    speak.py take FROM            takes all of them, prints the seconds and the bytes

Only the standard library, so that any Python can run it.
"""

from __future__ import annotations

import ipaddress
import select
import socket
import struct
import sys
import time

PORT = 5077
DATAGRAM_BYTES = 1000
SEGMENTS = 16
UDP_SEGMENT = 103  # linux/udp.h
UDP_GRO = 104  # datagrams that arrived together are handed over together, with their length
DRAINED_S = 0.2
DEVICE = "eth0"
GIVE_UP_S = 30.0


def listen(group: str) -> None:
    """Count what comes to `group`, or by unicast to any address of this host."""
    with _listener(group) as sock:
        sock.setsockopt(socket.IPPROTO_UDP, UDP_GRO, 1)
        print("listening", flush=True)
        calls: list[int] = []
        while sys.stdin not in (ready := select.select([sock, sys.stdin], [], [])[0]):
            calls += _receive(sock, ready)
        while ready := select.select([sock], [], [], DRAINED_S)[0]:
            calls += _receive(sock, ready)
        print(sum(calls), len(calls))


def say(to: str, count: int, how: str) -> None:
    """Send `count` datagrams, one by one or in segmented bursts."""
    with _speaker(to) as sock:
        while count:
            burst = min(count, SEGMENTS if how == "segments" else 1)
            size = [(socket.IPPROTO_UDP, UDP_SEGMENT, struct.pack("=H", DATAGRAM_BYTES))]
            data = bytes(DATAGRAM_BYTES * burst)
            sock.sendmsg([data], size if burst > 1 else [], 0, (to, PORT))
            count -= burst
            time.sleep(0.0001 * burst)  # 80 Mbit/s: nothing is lost that the lab does not lose


def give(size: int) -> None:
    """Send `size` bytes to each who connects."""
    with socket.create_server(("", PORT)) as server:
        print("listening", flush=True)
        while True:
            peer, _ = server.accept()
            with peer:
                peer.sendall(bytes(size))


def take(source: str) -> None:
    """Receive to the end."""
    began, total = time.monotonic(), 0
    with socket.create_connection((source, PORT), GIVE_UP_S) as sock:
        while data := sock.recv(1 << 16):
            total += len(data)
    print(time.monotonic() - began, total)


def _listener(group: str) -> socket.socket:
    if group == "any":
        sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        sock.bind(("::", PORT))
        return sock
    index = socket.if_nametoindex(DEVICE)
    if ipaddress.ip_address(group).version == 4:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        request = socket.inet_aton(group) + bytes(4) + struct.pack("=i", index)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, request)
    else:
        sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        request = socket.inet_pton(socket.AF_INET6, group) + struct.pack("=i", index)
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, request)
    sock.bind((group, PORT) if sock.family == socket.AF_INET else (group, PORT, 0, index))
    return sock


def _speaker(to: str) -> socket.socket:
    index = socket.if_nametoindex(DEVICE)
    if ipaddress.ip_address(to).version == 4:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        request = bytes(8) + struct.pack("=i", index)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, request)
    else:
        sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
    return sock


def _receive(sock: socket.socket, ready: list[socket.socket]) -> list[int]:
    """How many datagrams one call brought; nothing if there was none to make."""
    if sock not in ready:
        return []
    data, notes, _, _ = sock.recvmsg(1 << 16, socket.CMSG_SPACE(4))
    lengths = [struct.unpack("=i", note)[0] for _, kind, note in notes if kind == UDP_GRO]
    return [-(-len(data) // lengths[0]) if lengths else 1]


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["listen", group]:
            listen(group)
        case ["say", to, count, how]:
            say(to, int(count), how)
        case ["give", size]:
            give(int(size))
        case ["take", source]:
            take(source)
        case _:
            sys.exit(__doc__)
