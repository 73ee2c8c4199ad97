"""UFTP: multicast with NACKs (Debian package `uftp`).

Blocks stay at their default of 1,300 bytes: with 1,452, which would fill a frame, 4.10.2 ends with
"Transfer timed out" at every receiver as soon as there is loss.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from bench.content import Content
from bench.lab import Host
from bench.usage import usage, wait_with_usage

from .delivery import Delivery, end, not_installed, require_equal, start

BUFFER_BYTES = 4_000_000  # -B: 256 KiB by default, which loses bursts by itself
LISTENING_S = 0.5  # what a daemon takes to join its group; the sender announces for 2 s anyway
KBPS = 1000


class Uftp:
    """`uftpd` on each receiver, `uftp` on the sender; no encryption, no hash: it is fastest so."""

    name = "uftp"

    def missing(self) -> str | None:
        """See `Peer`."""
        return not_installed("uftp", "uftp", "uftpd")

    def deliver(
        self,
        content: Content,
        sender: Host,
        receivers: Sequence[Host],
        work: Path,
        *,
        rate_bps: int = 0,
        loss_permille: int = 0,
        timeout_s: float,
    ) -> Delivery:
        """See `Peer`."""
        inboxes = [work / host.name for host in receivers]
        daemons = []
        try:
            for host, inbox in zip(receivers, inboxes, strict=True):
                inbox.mkdir(parents=True)
                daemons.append(start(host, self._daemon(inbox), work / f"{host.name}.log"))
            time.sleep(LISTENING_S)
            began = time.monotonic()
            process = start(sender, self._sender(content, receivers, rate_bps), work / "uftp.log")
            daemons.append(process)
            sent = wait_with_usage(process, timeout_s)
            seconds = time.monotonic() - began
            used = [usage(daemon.pid) for daemon in daemons[:-1]]
        finally:
            end(daemons)
        require_equal(content, [inbox / content.file.name for inbox in inboxes])
        return Delivery(seconds, sent, used)

    def _daemon(self, inbox: Path) -> list[str | Path]:
        return ["uftpd", "-d", "-D", inbox, "-I", "eth0", "-B", str(BUFFER_BYTES), "-x", "1"]

    def _sender(
        self, content: Content, receivers: Sequence[Host], rate_bps: int
    ) -> list[str | Path]:
        rate = str(rate_bps // KBPS) if rate_bps else "-1"
        hosts = ",".join(_client_id(host) for host in receivers)
        return [
            "uftp", "-I", "eth0", "-R", rate, "-B", str(BUFFER_BYTES),
            "-Y", "none", "-x", "1", "-H", hosts, content.file,
        ]  # fmt: skip


def _client_id(host: Host) -> str:
    """UFTP names a client by its IPv4 address unless told otherwise."""
    return "0x" + "".join(f"{int(part):02X}" for part in host.address.split("."))
