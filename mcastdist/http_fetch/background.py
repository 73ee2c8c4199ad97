"""Which downloads stand back for others on the link? All of a client's, while it is so set.

Each connection has a window of its own (see `yielding`), kept over all requests on it; the least
delay is common to all connections to one server, so that one that begins while others queue is not
taken in by them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast
from weakref import WeakKeyDictionary

from .tcp_window import CAN_BOUND, Socket, bound, look_at
from .yielding import BaseDelay, Yielding

SERVERS_MAX = 64  # whose least delay is remembered; an agent has a few origins


class Background:
    """What a client's transfers ask as bytes come in. Without `is_on` it leaves all alone."""

    def __init__(self, *, is_on: bool, clock: Callable[[], float] | None = None) -> None:
        self.is_on = is_on and CAN_BOUND
        self._clock = clock or (lambda: asyncio.get_running_loop().time())
        self._bases: dict[object, BaseDelay] = {}
        self._of: WeakKeyDictionary[asyncio.BaseTransport, Yielding] = WeakKeyDictionary()

    def set(self, *, is_on: bool) -> None:
        """From now on, also for transfers under way."""
        self.is_on = is_on and CAN_BOUND

    def stand_back(self, transport: asyncio.BaseTransport) -> None:
        """Something came by this connection: look at it, if it is time."""
        if not self.is_on:
            self._release(transport)
            return
        yielding = self._of.get(transport)
        if yielding is None:
            yielding = self._of[transport] = Yielding(self._base_of(transport))
        now = self._clock()
        sock = cast(Socket | None, transport.get_extra_info("socket"))
        if sock is None or not yielding.is_due(now):
            return
        look = look_at(sock)
        window = None if look is None else yielding.look(look, now=now)
        if window is not None:
            bound(sock, window)  # each time, since the system's tuning may have raised it again

    @property
    def queue_s(self) -> float:
        """The longest queue that is seen now before a download of ours; 0 if there is none."""
        return max((each.queue_s for each in self._of.values()), default=0.0)

    # Within

    def _release(self, transport: asyncio.BaseTransport) -> None:
        yielding = self._of.pop(transport, None)
        sock = cast(Socket | None, transport.get_extra_info("socket"))
        if yielding is not None and yielding.window_bytes is not None and sock is not None:
            bound(sock, None)

    def _base_of(self, transport: asyncio.BaseTransport) -> BaseDelay:
        server = transport.get_extra_info("peername")
        if server not in self._bases and len(self._bases) >= SERVERS_MAX:
            del self._bases[next(iter(self._bases))]
        return self._bases.setdefault(server, BaseDelay())
