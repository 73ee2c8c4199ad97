"""What are these machines called? Host names for addresses, where somebody nearby knows them.

What a neighbour says of itself comes first; for strangers the system's own resolver is asked, for
no longer than anybody likes to wait.
"""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterable

LOOK_UP_S = 2.0  # a name server that is not there must not hold the examination up
NAMES_MAX = 64
SHOWN_MAX = 5  # in one sentence


async def names_of(addresses: Iterable[str]) -> dict[str, str]:
    """Address -> name, for those that have one."""
    wanted = list(dict.fromkeys(addresses))[:NAMES_MAX]
    return await asyncio.to_thread(_look_up, wanted, LOOK_UP_S) if wanted else {}


def shown(address: str, name: str = "") -> str:
    """`h3 (10.0.0.3)`, or the address alone."""
    return f"{name} ({address})" if name else address


def listed(names: list[str]) -> str:
    """`a, b, c`; of many the first, and how many more there are."""
    some = ", ".join(names[:SHOWN_MAX])
    more = len(names) - SHOWN_MAX
    return f"{some} and {more} more" if more > 0 else some


def counted(count: int, noun: str) -> str:
    """`1 key`, `2 keys`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _look_up(addresses: list[str], seconds: float) -> dict[str, str]:
    """A resolver's call cannot be cancelled: one that is late is left to a thread of its own."""
    found: dict[str, str] = {}
    threads = [threading.Thread(target=_name, args=(one, found), daemon=True) for one in addresses]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    return dict(found)


def _name(address: str, found: dict[str, str]) -> None:
    try:
        name = socket.getnameinfo((address, 0), socket.NI_NAMEREQD)[0]
    except OSError:
        return
    found[address] = name.rstrip(".")
