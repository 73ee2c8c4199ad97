"""What do the threads of a stream tell, and whom? The reports that cross from threads to the loop.

The loops call the session's burst methods under the stream's lock and hold nothing else; sealing,
opening, hashing and disk run beside them (`stream_sending`, `stream_receiving`). A thread never
ends in silence: what stops it is told, whatever it is.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

from mcastdist.node import Stream

from .package import SEVERAL, Landed, Supplier

IDLE_WAIT_S = 0.5  # how long a loop sleeps at the most before it looks whether it is over
JOIN_S_MAX = 5.0  # a thread that is stuck in the kernel must not keep the agent from closing
_NODE = "node "


class StreamReports(Protocol):
    """Whom the threads tell; safe to call from any thread."""

    def stream_block(
        self, stream: Stream, block: int, landed: Landed, shares: dict[str, int]
    ) -> None:
        """A block was opened and written; `shares`: bytes of it by the way they came."""
        ...

    def stream_lost(self, stream: Stream, block: int) -> None:
        """A block that is to be sent is not here any more."""
        ...

    def stream_trouble(self, stream: Stream, error: Exception) -> None:
        """The stream cannot go on here."""
        ...


def start_thread(
    name: str, loop: Callable[[], None], stream: Stream, reports: StreamReports
) -> threading.Thread:
    """A running thread that does `loop`, and reports what it could not cope with."""

    def run() -> None:
        try:
            loop()
        except Exception as error:
            reports.stream_trouble(stream, error)

    thread = threading.Thread(target=run, name=name, daemon=True)
    thread.start()
    return thread


def supplier_of(senders: set[int]) -> Supplier:
    """The one node (low 32 bits of its id) that sent a block, or several."""
    return f"{_NODE}{next(iter(senders)):08x}" if len(senders) == 1 else SEVERAL


def node_of(supplier: Supplier) -> int | None:
    """The low 32 bits of the node that is meant, if one is."""
    return int(supplier.removeprefix(_NODE), 16) if supplier.startswith(_NODE) else None
