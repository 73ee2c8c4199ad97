"""Have the interfaces changed? The kernel says so on Linux; elsewhere we look now and then.

One cable that is plugged in makes a handful of messages within a second, so the answer comes once
they have settled: `on_change` is called at most once for each `settle_s`. Who lacks a network is in
a hurry: as soon as it is there, the neighbours are to be asked before the origin is. Then the first
of some messages is answered at once, and those that follow it when they have settled.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import sys
from collections.abc import Callable

from .interfaces import Inventory, read_inventory

# linux/rtnetlink.h: links, and the addresses of both families.
RTMGRP_LINK = 0x1
RTMGRP_IPV4_IFADDR = 0x10
RTMGRP_IPV6_IFADDR = 0x100
GROUPS = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR

SETTLE_S = 1.0  # link, carrier, address and route follow one another within a second
HURRY_S = 0.05  # of an interface that had its address before, all is there at once
POLL_S = 15.0  # where nobody tells us: sooner than a person would ask why
MESSAGE_BYTES = 1 << 16


class InterfaceWatch:
    """Calls `on_change` on the loop after interfaces or their addresses have changed."""

    def __init__(
        self,
        on_change: Callable[[], None],
        *,
        settle_s: float = SETTLE_S,
        is_in_a_hurry: Callable[[], bool] = lambda: False,
        source: socket.socket | None = None,
        look: Callable[[], Inventory] = read_inventory,
        poll_s: float = POLL_S,
    ) -> None:
        """Needs the running loop. `source` tells of changes by becoming readable; None: the kernel,
        or `look` every `poll_s` seconds where it cannot tell.
        """
        self._on_change = on_change
        self._settle_s = settle_s
        self._is_in_a_hurry = is_in_a_hurry
        self._loop = asyncio.get_running_loop()
        self._settling: asyncio.TimerHandle | None = None
        self._calm_at = 0.0  # whoever is in a hurry was answered a while ago
        self._polling: asyncio.TimerHandle | None = None
        self._look = look
        self._poll_s = poll_s
        self._source = source or open_netlink()
        if self._source is None:
            self._seen = look()
            self._polling = self._loop.call_later(poll_s, self._poll)
        else:
            self._source.setblocking(False)
            self._loop.add_reader(self._source, self._told)

    def close(self) -> None:
        """Stop watching; `on_change` is not called any more."""
        for timer in (self._settling, self._polling):
            if timer is not None:
                timer.cancel()
        if self._source is not None:
            self._loop.remove_reader(self._source)
            self._source.close()
            self._source = None

    def _told(self) -> None:
        """What has changed does not matter: `choose` decides anew on all of it."""
        assert self._source is not None
        with contextlib.suppress(BlockingIOError):
            while self._heard(self._source):
                pass
        if self._settling is None:
            now = self._loop.time()
            hurries = now >= self._calm_at and self._is_in_a_hurry()
            settle_s = min(HURRY_S, self._settle_s) if hurries else self._settle_s
            self._calm_at = now + self._settle_s
            self._settling = self._loop.call_later(settle_s, self._settled)

    def _heard(self, source: socket.socket) -> bool:
        """Read one message; False if there will be none any more."""
        try:
            alive = source.recv(MESSAGE_BYTES) != b""
        except OSError as error:
            if error.errno == errno.ENOBUFS:
                return True  # messages were lost, so there were some
            raise
        if not alive:
            self._loop.remove_reader(source)
        return alive

    def _settled(self) -> None:
        self._settling = None
        self._on_change()

    def _poll(self) -> None:
        self._polling = self._loop.call_later(self._poll_s, self._poll)  # whatever this look brings
        seen = self._look()
        if seen != self._seen:
            self._seen = seen
            self._on_change()


def open_netlink() -> socket.socket | None:
    """A socket on which the kernel tells of changes, or None where it cannot."""
    if sys.platform != "linux":
        return None
    try:
        sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
        sock.bind((0, GROUPS))
    except OSError:
        return None  # forbidden here (a sandbox without AF_NETLINK): look now and then
    return sock
