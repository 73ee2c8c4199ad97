"""How does a question reach its server? Over connections, with trust, proxies and redirects.

`ask` brings a `Transfer` whose head is judged and whose body has not been touched.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from weakref import WeakSet

import aiohttp
from yarl import URL

from mcastdist.errors import UsageError

from .answers import judge
from .asked import Asked
from .background import Background
from .failures import EXPECTED, source_error
from .rate import RateLimit
from .redirects import is_redirect, target_of, too_many
from .scopes import as_url, host_header
from .transfer import READ_BUFFER_BYTES, Transfer

KEEPALIVE_S = 30.0
READ_BUFFER_BYTES_MIN = 16 << 10
READ_AHEAD_S = 0.25  # under a rate limit: what a path of 250 ms needs in flight, and no more
RECEIVE_BUFFER_BYTES_MIN = 64 << 10
RECEIVE_BUFFER_BYTES_MAX = 4 << 20  # beyond this the system's own tuning is left alone


class Connections:
    """Asks servers. `open` it inside an event loop, `close` it at the end."""

    def __init__(
        self,
        *,
        ca_file: str | None,
        rate: RateLimit,
        background: Background,
        connect_timeout_s: float,
        stall_timeout_s: float,
        proxies: bool,
        redirects_max: int,
    ) -> None:
        self._trust = _trust(ca_file)
        self._rate = rate
        self._background = background
        self._connect_timeout_s = connect_timeout_s
        self._stall_timeout_s = stall_timeout_s
        self._proxies = proxies
        self._redirects_max = redirects_max
        self._session: aiohttp.ClientSession | None = None
        self._under_way: WeakSet[Transfer] = WeakSet()

    def open(self) -> None:
        """From now on, questions can be asked."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=0, ssl=self._trust, keepalive_timeout=KEEPALIVE_S
            ),  # unlimited: the plan bounds requests, and a queue here would eat their timeouts
            timeout=aiohttp.ClientTimeout(total=None, connect=self._connect_timeout_s),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=self._proxies,
            headers={"Accept-Encoding": "identity", "User-Agent": "mcastdist"},
        )

    async def renew(self) -> None:
        """An address of ours is gone: nothing comes any more on connections that have it.

        Nor does anything tell: who waits on one would wait until it is too long. So all are closed,
        which is told as `reset`, and what is asked from now on has new ones.
        """
        before = self._session
        self.open()
        for transfer in list(self._under_way):  # aiohttp wakes nobody who waits for a body
            transfer.break_off()
        if before is not None:
            await before.close()

    async def close(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()

    async def ask(self, asked: Asked, headers: Mapping[str, str] | None) -> Transfer:
        """The answer, good by its head. Raises SourceError."""
        response = await self._follow(asked, dict(headers or {}) | asked.headers)
        try:
            body = judge(asked, response.status, response.headers, final_url=str(response.url))
        except BaseException:
            response.close()
            raise
        transfer = Transfer(
            response,
            body,
            url=asked.url,
            stall_timeout_s=self._stall_timeout_s,
            background=self._background,
        )
        self._under_way.add(transfer)
        ahead = int(self._rate.rate_bps / 8 * READ_AHEAD_S)
        if 0 < ahead < RECEIVE_BUFFER_BYTES_MAX:
            transfer.bound_read_ahead(max(RECEIVE_BUFFER_BYTES_MIN, ahead))
        return transfer

    # Within

    async def _follow(self, asked: Asked, headers: dict[str, str]) -> aiohttp.ClientResponse:
        """The answer's head, after redirects."""
        try:
            url = as_url(asked.url)
        except ValueError as error:
            raise source_error(error, asked.url, has_answered=False) from error
        for _ in range(self._redirects_max + 1):
            response = await self._ask_once(url, headers, asked.url)
            if not is_redirect(response.status):
                return response
            response.release()
            target = target_of(asked.url, url, response.headers.get("Location", ""))
            if target.origin() != url.origin():
                headers.pop("Authorization", None)  # it was meant for that server alone
            url = target
        raise too_many(asked.url, self._redirects_max)

    async def _ask_once(
        self, url: URL, headers: Mapping[str, str], asked_url: str
    ) -> aiohttp.ClientResponse:
        session = self._session
        assert session is not None, "use HttpClient as an async context manager"
        buffer = self._rate.piece_bytes_max(READ_BUFFER_BYTES)
        try:
            async with asyncio.timeout(self._connect_timeout_s + self._stall_timeout_s):
                return await session.get(
                    url,
                    headers={**headers, **host_header(url)},
                    allow_redirects=False,
                    read_bufsize=max(READ_BUFFER_BYTES_MIN, buffer),
                )
        except Exception as error:
            if session is not self._session:  # aiohttp asks once more, of a session that is closed
                error = ConnectionResetError(*error.args)
            elif not isinstance(error, EXPECTED):
                raise
            raise source_error(error, asked_url, has_answered=False) from error


def _trust(ca_file: str | None) -> ssl.SSLContext:
    """The system's trust store, or `ca_file` in its place. Raises UsageError."""
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        why = error if isinstance(error, ssl.SSLError) else error.strerror
        raise UsageError(
            f"download.ca_file {ca_file!r} cannot be read as PEM certificates ({why});"
            " name a readable file"
        ) from error
