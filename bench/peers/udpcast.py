"""udpcast: multicast with acknowledged slices (Debian package `udpcast`)."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from bench.content import Content
from bench.lab import Host
from bench.usage import wait_with_usage

from .delivery import Delivery, end, not_installed, require_equal, start

RENDEZVOUS = "239.255.10.1"


class Udpcast:
    """`udp-receiver` on each receiver, `udp-sender` on the sender, with no word of their options
    but the rate: the sender starts when all are there."""

    name = "udpcast"

    def missing(self) -> str | None:
        """See `Peer`."""
        return not_installed("udpcast", "udp-sender", "udp-receiver")

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
        copies = [work / host.name / "copy" for host in receivers]
        processes = []
        give_up_at = time.monotonic() + timeout_s
        try:
            for host, copy in zip(receivers, copies, strict=True):
                copy.parent.mkdir(parents=True)
                processes.append(start(host, self._receiver(copy), work / f"{host.name}.log"))
            began = time.monotonic()
            sending = start(
                sender, self._sender(content, len(receivers), rate_bps), work / "sender.log"
            )
            processes.insert(0, sending)
            used = [
                wait_with_usage(process, give_up_at - time.monotonic()) for process in processes
            ]
            seconds = time.monotonic() - began
        finally:
            end(processes)
        require_equal(content, copies)
        return Delivery(seconds, used[0], used[1:])

    def _receiver(self, copy: Path) -> list[str | Path]:
        return ["udp-receiver", "--file", copy, *_COMMON]

    def _sender(self, content: Content, receivers: int, rate_bps: int) -> list[str | Path]:
        rate = ["--max-bitrate", str(rate_bps)] if rate_bps else []
        return [
            "udp-sender", "--file", content.file, *_COMMON, *rate,
            "--min-receivers", str(receivers),
        ]  # fmt: skip


_COMMON = (
    "--nokbd", "--no-progress", "--interface", "eth0", "--mcast-rdv-address", RENDEZVOUS,
)  # fmt: skip
