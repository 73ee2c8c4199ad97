"""Does the system give a stream the receive buffer it asks for?

A buffer that is too small loses datagrams whenever this machine is busy for some milliseconds, and
it looks as if the network had.
"""

from __future__ import annotations

import socket

from mcastdist.agent.api import Finding
from mcastdist.agent.socket_options import enlarge_buffer
from mcastdist.agent.stream_sockets import BUFFER_BYTES

from .findings import finding

MIB = 1 << 20


def look_at_buffer() -> list[Finding]:
    """Ask for one, as a stream does."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        return judge_buffer(asked=BUFFER_BYTES, got=enlarge_buffer(sock, BUFFER_BYTES))


def judge_buffer(*, asked: int, got: int) -> list[Finding]:
    """What was asked for and what was given, in bytes."""
    if got >= asked:
        return [
            finding("buffer_granted", f"a stream gets its receive buffer of {asked // MIB} MiB")
        ]
    return [
        finding(
            "buffer_small",
            f"a stream asks for a receive buffer of {asked:,} bytes and gets {got:,}",
            f"sysctl -w net.core.rmem_max={asked}, and the same in /etc/sysctl.d, or give the "
            "agent CAP_NET_ADMIN",
        )
    ]
