"""How does the service manager know how we are? The protocol of sd_notify(3): datagrams of lines.

Without NOTIFY_SOCKET, or if nobody reads it, all methods do nothing: nobody asked.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Mapping

STATUS_CHARS_MAX = 200  # a line of `systemctl status`


class Notifier:
    """Tells systemd where the agent stands."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        """`watchdog_s` says how often to call `watchdog`: half of what systemd waits, 0 = never."""
        self._address = _address(environ.get("NOTIFY_SOCKET", ""))
        self.watchdog_s = _watchdog_s(environ)

    def ready(self, status: str = "") -> None:
        """Start-up is over; also after a reload."""
        self._tell("READY=1", status)

    def stopping(self) -> None:
        """We are going, and may take a while to hand over."""
        self._tell("STOPPING=1", "leaving, handing over")

    def status(self, status: str) -> None:
        """One line for `systemctl status`."""
        self._tell("", status)

    def watchdog(self) -> None:
        """The loop still turns."""
        self._tell("WATCHDOG=1", "")

    def _tell(self, word: str, status: str) -> None:
        lines = [word] if word else []
        if status:
            lines.append(f"STATUS={' '.join(status.split())[:STATUS_CHARS_MAX]}")
        if not self._address or not hasattr(socket, "AF_UNIX"):
            return
        with (
            contextlib.suppress(OSError),
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock,
        ):
            sock.setblocking(False)
            sock.sendto("\n".join(lines).encode(), self._address)


def _address(given: str) -> str:
    """A path, or (@) a name in the abstract namespace; other kinds are for other systems."""
    if given.startswith("@"):
        return "\0" + given[1:]
    return given if given.startswith("/") else ""


def _watchdog_s(environ: Mapping[str, str]) -> float:
    """Half of what systemd waits, if it waits for this very process (sd_watchdog_enabled(3))."""
    if environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return 0.0
    micros = environ.get("WATCHDOG_USEC", "")
    return int(micros) / 2e6 if micros.isascii() and micros.isdecimal() else 0.0
