"""Whose body can be read on? Answers of servers without ranges, kept open between two fetches.

Flow control holds the server back meanwhile. A fetch that starts at or behind the position of a
parked body of the same URL and version takes it; everything else starts from the first byte.
"""

from __future__ import annotations

import asyncio

from .asked import Asked
from .transfer import Transfer

PARKED_MAX = 4  # each holds a connection and up to two read buffers
PARK_S = 60.0  # web servers give up on a client that does not read after about as long


class Parking:
    """At most PARKED_MAX bodies, one a URL, each for at most PARK_S."""

    def __init__(self, park_s: float = PARK_S) -> None:
        self._park_s = park_s
        self._parked: dict[str, tuple[Transfer, asyncio.TimerHandle]] = {}

    def put(self, url: str, transfer: Transfer) -> None:
        """Keep it; what was kept of this URL, or for the longest, is closed."""
        self._release(url)
        if len(self._parked) >= PARKED_MAX:
            self._release(next(iter(self._parked)))
        timer = asyncio.get_running_loop().call_later(self._park_s, self._release, url)
        self._parked[url] = transfer, timer

    def take(self, asked: Asked) -> Transfer | None:
        """The body that can be read on for this, if there is one."""
        found = self._parked.get(asked.url)
        if found is None or not _serves(found[0], asked):
            return None
        del self._parked[asked.url]
        found[1].cancel()
        return found[0]

    def clear(self) -> None:
        """Close all."""
        for url in list(self._parked):
            self._release(url)

    def _release(self, url: str) -> None:
        found = self._parked.pop(url, None)
        if found is not None:
            found[1].cancel()
            found[0].release()


def _serves(transfer: Transfer, asked: Asked) -> bool:
    return transfer.position <= asked.first and asked.validator in (None, transfer.body.validator)
