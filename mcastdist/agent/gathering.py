"""How long does a receiver let datagrams gather before it looks, so that what a look costs pays?

What a run costs is mostly the same however long it is, and a slow stream among many others on one
machine is nothing but looks. So after a pause we wait a little, as a network card does with its
interrupts: longer while looks bring little, shorter when they bring much, and never for longer than
the socket's buffer takes with ease should the stream become as fast as a link may be.
"""

from __future__ import annotations

FAST_BPS = 1_000_000_000
WAIT_S_MIN = 0.003
WAIT_S_MAX = 0.015  # what is said about a stream, and when its last block is done, may be so late
ENOUGH_BYTES = 64 << 10
MUCH_BYTES = 192 << 10  # three times enough: two looks in a row must not disagree
SHARE_MIN, SHARE_MAX = 0.1, 0.2  # of the buffer; the rest is for when we are not scheduled
STEP = 1.5


class Gathering:
    """The wait of one receiving socket, in seconds."""

    def __init__(self, buffer_bytes: int) -> None:
        full_s = buffer_bytes * 8 / FAST_BPS
        self._least_s = min(WAIT_S_MIN, SHARE_MIN * full_s)
        self._most_s = min(WAIT_S_MAX, SHARE_MAX * full_s)
        self.wait_s = self._least_s

    def brought(self, run_bytes: int) -> None:
        """The look after the wait brought so much."""
        if run_bytes < ENOUGH_BYTES:
            self.wait_s = min(self.wait_s * STEP, self._most_s)
        elif run_bytes > MUCH_BYTES:
            self.wait_s = max(self.wait_s / STEP, self._least_s)
