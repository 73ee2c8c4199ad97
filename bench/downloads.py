"""What does another program get that downloads over the same link? An endless TCP flow, timed."""

from __future__ import annotations

import subprocess
import sys
import threading

from .lab import Host
from .lab.spaces import Space

TCP_PORT = 5099
ROUTER = "10.77.0.254"

GIVE = """
import socket, sys
with socket.create_server(("", int(sys.argv[1]))) as server:
    print("listening", flush=True)
    peer, _ = server.accept()
    piece = bytes(1 << 16)
    while True:
        peer.sendall(piece)
"""

# Says the count after each read that brings it beyond another 64 KiB, with the time.
TAKE = """
import socket, sys, time
with socket.create_connection((sys.argv[1], int(sys.argv[2]))) as sock:
    count = told = 0
    while data := sock.recv(1 << 18):
        count += len(data)
        if count - told >= 1 << 16:
            told = count
            print(time.monotonic(), count, flush=True)
"""


class Download:
    """A TCP download to a host: what it had got, and when."""

    def __init__(self, giver: Space | Host, taker: Host) -> None:
        """The `giver` is the router, which hosts know as their gateway, or another host."""
        python = sys.executable
        address = giver.address if isinstance(giver, Host) else ROUTER
        self._giver = giver.popen([python, "-c", GIVE, str(TCP_PORT)], stdout=subprocess.PIPE)
        assert self._giver.stdout is not None
        self._giver.stdout.readline()
        self._taker = taker.popen(
            [python, "-c", TAKE, address, str(TCP_PORT)], stdout=subprocess.PIPE
        )
        self._counts: list[tuple[float, int]] = []
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def rate_bps(self, start: float, stop: float) -> float:
        """Between two moments of monotonic time."""
        within = [count for at, count in list(self._counts) if start <= at <= stop]
        return (within[-1] - within[0]) * 8 / (stop - start) if len(within) > 1 else 0.0

    def end(self) -> None:
        """Hang up."""
        for process in (self._giver, self._taker):
            process.kill()
            process.wait()
        self._thread.join()

    def _read(self) -> None:
        assert self._taker.stdout is not None
        for line in self._taker.stdout:
            at, count = line.split()
            self._counts.append((float(at), int(count)))
