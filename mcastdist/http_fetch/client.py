"""How do bytes of a URL get here? The only HTTP client.

It gives what was asked for, or a `SourceError` that says why not; retrying is `Plan`'s business,
hashing the caller's. A server without ranges costs no byte twice while it is read in order: the
body stays open between two fetches, held back by flow control, and the next one reads on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from mcastdist.errors import SourceError

from .answers import AskOthers
from .asked import Asked
from .background import Background
from .connections import Connections
from .delivery import Sink, deliver, read_all
from .headers import Validator
from .parking import Parking
from .rate import RateLimit
from .transfer import Transfer

__all__ = ["AskOthers", "Fetched", "HttpClient", "Validator"]

REDIRECTS_MAX = 5  # a mirror selector and a CDN need two or three; a loop needs more
CONNECT_TIMEOUT_S = 10.0
STALL_TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a fetch brought. `validator` goes into the next fetch of the same URL."""

    bytes: int
    validator: Validator | None
    ranges_supported: bool
    final_url: str
    total_bytes: int | None


class HttpClient:
    """Fetches from web servers, and from peers with `proxies=False, redirects_max=0`.

    `ca_file` replaces the system's trust store. The rate limit is in bits per second over all
    transfers, 0 is none; with `background` they stand back for others on the link. With `proxies`
    the environment names proxies (HTTPS_PROXY, NO_PROXY) and, in its netrc, credentials. Use as an
    async context manager.
    """

    def __init__(
        self,
        *,
        ca_file: str | None = None,
        rate_limit_bps: int = 0,
        connect_timeout_s: float = CONNECT_TIMEOUT_S,
        stall_timeout_s: float = STALL_TIMEOUT_S,
        proxies: bool = True,
        redirects_max: int = REDIRECTS_MAX,
        rate_limit: RateLimit | None = None,
        background: bool = False,
    ) -> None:
        self._rate = rate_limit or RateLimit(rate_limit_bps)
        self._background = Background(is_on=background)
        self._parking = Parking()
        self._connections = Connections(
            ca_file=ca_file,
            rate=self._rate,
            background=self._background,
            connect_timeout_s=connect_timeout_s,
            stall_timeout_s=stall_timeout_s,
            proxies=proxies,
            redirects_max=redirects_max,
        )

    async def __aenter__(self) -> Self:
        self._connections.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._parking.clear()
        await self._connections.close()

    async def renew_connections(self) -> None:
        """An address of ours is gone: close all connections, and use new ones."""
        self._parking.clear()
        await self._connections.renew()

    def set_rate_limit(self, rate_limit_bps: int) -> None:
        """Another limit from now on, also for transfers under way; 0 is none."""
        self._rate.set(rate_limit_bps)

    def set_background(self, *, is_on: bool) -> None:
        """Stand back for others on the link from now on, or not; also transfers under way."""
        self._background.set(is_on=is_on)

    @property
    def rate_limit_bps(self) -> int:
        """The limit now; 0 is none."""
        return self._rate.rate_bps

    @property
    def is_background(self) -> bool:
        """True if downloads stand back: it was asked for, and this system can."""
        return self._background.is_on

    @property
    def queue_s(self) -> float:
        """How long a queue our downloads see on the link, in background mode."""
        return self._background.queue_s

    async def get_small(
        self, url: str, *, bytes_max: int, headers: Mapping[str, str] | None = None
    ) -> bytes:
        """The whole of `url`, which must not be longer than `bytes_max`.

        Raises SourceError; `too_large` before more than that is kept.
        """
        transfer = await self._connections.ask(Asked(url), headers)
        try:
            return await read_all(transfer, url, bytes_max=bytes_max, rate=self._rate)
        finally:
            transfer.release()

    async def probe(self, url: str, *, headers: Mapping[str, str] | None = None) -> Fetched:
        """How long `url` is, and whether it can be fetched in ranges: one byte is asked for.

        `total_bytes` is None if the server does not say. Raises SourceError.
        """
        try:
            transfer = await self._connections.ask(Asked(url, 0, 1), headers)
        except SourceError as error:
            if error.code not in ("status_416", "wrong_length"):
                raise
            # An empty file has no first byte.
            transfer = await self._connections.ask(Asked(url), headers)
        transfer.release()
        return _fetched(transfer, 0)

    async def fetch(
        self,
        url: str,
        *,
        first: int = 0,
        stop: int | None,
        expected_bytes: int | None,
        validator: Validator | None = None,
        sink: Sink,
        headers: Mapping[str, str] | None = None,
    ) -> Fetched:
        """Stream bytes [first, stop) of `url` to `sink(offset, data)`, in order, without gaps.

        `stop` None is the end; `expected_bytes` the whole file's length, if it is known. Raises
        SourceError; what the sink was given until then is right as far as HTTP can tell. What
        the sink raises comes through. `data` is the sink's to keep.
        """
        if first < 0 or (stop is not None and stop <= first):
            raise ValueError(f"no bytes in [{first}, {stop})")
        asked = Asked(url, first, stop, expected_bytes, validator)
        transfer = None if headers else self._parking.take(asked)
        if transfer is None:
            transfer = await self._connections.ask(asked, headers)
        try:
            byte_count = await deliver(transfer, asked, sink, rate=self._rate)
        except BaseException:
            transfer.release()
            raise
        self._put_away(transfer, asked, has_headers=bool(headers))
        return _fetched(transfer, byte_count)

    # Within

    def _put_away(self, transfer: Transfer, asked: Asked, *, has_headers: bool) -> None:
        is_open = transfer.position != (transfer.body.stop or asked.expected_bytes)
        is_in_order = asked.stop is not None and not transfer.body.ranges_supported
        if is_open and is_in_order and not has_headers:
            self._parking.put(asked.url, transfer)
        else:
            transfer.release()


def _fetched(transfer: Transfer, byte_count: int) -> Fetched:
    body = transfer.body
    return Fetched(
        byte_count, body.validator, body.ranges_supported, transfer.final_url, body.total_bytes
    )
