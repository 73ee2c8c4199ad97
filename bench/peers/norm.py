"""NORM: multicast with NACKs and parity on demand (RFC 5740), by its authors' example `normCast`.

The sender has the receivers acknowledge, and ends when the last has acknowledged the whole file;
the receivers would wait for another one. A rate counts NORM's own headers, not those of UDP.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from bench.content import Content
from bench.lab import Host
from bench.usage import usage, wait_with_usage

from .delivery import Delivery, end, require_equal, start
from .normcast import BuildError, build, not_there

GROUP = "239.255.10.2/6003"
LISTENING_S = 0.5  # what a receiver takes to join its group
SENDER_ID = 1
RATE_BPS = 1_000_000_000  # where none is told; its own congestion control takes twice as long

# As many bytes as a frame holds beside the headers, in blocks of 64. NORM's rounds of repair are
# long: where 5 % is lost, its rate without unasked parity was 0.45 to 0.7 of what it is with ten
# segments of it a block. Where nothing is lost they cost up to a third of the rate.
SEGMENTS = ("segment", "1400", "block", "64")
PARITY = ("parity", "16", "auto", "0")
PARITY_LOSSY = ("parity", "24", "auto", "10")
LOSSY_PERMILLE = 20


class Norm:
    """One `normCast` on each host, with its own buffers (64 MiB, 4 and 6 MiB at the sockets):
    larger ones make it slower."""

    name = "norm"

    def missing(self) -> str | None:
        """See `Peer`. What is there is built, so that no run waits for the compiler."""
        reason = not_there()
        if reason is None:
            try:
                build()
            except BuildError as error:
                return f"normCast.cpp cannot be built here: {error}"
        return reason

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
        program = build()
        inboxes = [work / host.name for host in receivers]
        ids = range(SENDER_ID + 1, SENDER_ID + 1 + len(receivers))
        processes = []
        try:
            for host, inbox, node in zip(receivers, inboxes, ids, strict=True):
                inbox.mkdir(parents=True)
                command = receiving(program, node, inbox)
                processes.append(start(host, command, work / f"{host.name}.log"))
            time.sleep(LISTENING_S)
            began = time.monotonic()
            command = sending(program, content.file, ids, rate_bps or RATE_BPS, loss_permille)
            processes.append(start(sender, command, work / "sender.log"))
            sent = wait_with_usage(processes[-1], timeout_s)
            seconds = time.monotonic() - began
            used = [usage(process.pid) for process in processes[:-1]]
        finally:
            end(processes)
        require_equal(content, [inbox / content.file.name for inbox in inboxes])
        return Delivery(seconds, sent, used)


def receiving(program: Path, node: int, inbox: Path) -> list[str | Path]:
    """What is typed on a receiver."""
    return [program, "id", str(node), "recv", inbox, *_COMMON]


def sending(
    program: Path, file: Path, nodes: Sequence[int], rate_bps: int, loss_permille: int
) -> list[str | Path]:
    """What is typed on the sender; it waits for the acknowledgements of `nodes`."""
    parity = PARITY_LOSSY if loss_permille >= LOSSY_PERMILLE else PARITY
    return [
        program, "id", str(SENDER_ID), "send", file, *_COMMON, *SEGMENTS, *parity,
        "rate", str(rate_bps), "ack", ",".join(map(str, nodes)),
    ]  # fmt: skip


_COMMON = ("addr", GROUP, "interface", "eth0")
