"""How do peers give one another blocks? HTTP between members of the cluster (PROTOCOL.md, 8).

Every request carries a sealed `PeerRequest`: it is as authentic, fresh and unrepeatable as a
datagram; what is served is the sealed form of blocks and manifests, so that nothing of a
package crosses the LAN in clear. At most `uploads_max` blocks are under way: others hear that we
are busy, and whom they may ask instead.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
from collections.abc import Awaitable, Callable, Iterator, Sequence

from aiohttp import web

from mcastdist.errors import ContentError, StorageError, UnavailableError
from mcastdist.ids import ContentId
from mcastdist.wire import MANIFEST_NONCE_BYTES, BlockSeal, Opener

from .giving import give
from .package import OpenPackage
from .peer_words import PEERS_HEADER, authenticate, pack_manifest

RETRY_BUSY_S = 1
RETRY_SOON_S = 1
SHUTDOWN_S = 1.0  # uploads under way are given this long
KEEPALIVE_S = 60.0  # for who asks nothing more; ours go after half of that by themselves
BLOCK_DIGITS_MAX = 8  # wire.BLOCKS_MAX has no more

Place = tuple[str, int]  # a local address; and of a link-local one its interface's number
FindPackage = Callable[[ContentId], Awaitable[OpenPackage | None]]


class PeerServer:
    """The HTTP side that other members fetch from."""

    def __init__(
        self,
        *,
        opener: Opener,
        find: FindPackage,
        expected: Callable[[ContentId], bool],
        random_bytes: Callable[[int], bytes],
        uploads_max: int,
    ) -> None:
        """`expected`: will we have more of this soon?"""
        self._opener = opener
        self._find = find
        self._expected = expected
        self.others: Callable[[ContentId], Sequence[str]] = lambda content: ()  # who else has it
        self._random_bytes = random_bytes
        self.uploads_max = uploads_max
        self.is_open = True  # download.allow_peers: give as we take
        self.refused = opener.refused
        self._uploads = 0
        self._runner: web.AppRunner | None = None
        self._sites: dict[Place, web.TCPSite] = {}
        self.uploaded_bytes = 0

    @property
    def is_busy(self) -> bool:
        """True if another block would be refused now."""
        return self._uploads >= self.uploads_max

    async def listen(self, hosts: Sequence[str], port: int) -> int:
        """Listen on these local addresses, on `port` or, if it is taken, a free one; which.

        May be called again; addresses we listen on already are left as they are, and those that are
        not named any more are given up, but for what is under way. One that has gone again, or is
        not ours yet, is left for the next call.
        """
        if self._runner is None:
            app = web.Application()
            app.router.add_get("/v1/content/{content}/blocks/{block}", self._block)
            app.router.add_get("/v1/content/{content}/manifest", self._manifest)
            self._runner = web.AppRunner(
                app, access_log=None, handle_signals=False, shutdown_timeout=SHUTDOWN_S,
                keepalive_timeout=KEEPALIVE_S,
            )  # fmt: skip
            await self._runner.setup()
        places = list(_places(hosts))
        for place in self._sites.keys() - set(places):
            await self._sites.pop(place).stop()
        for place in places:
            if place not in self._sites:
                port = await self._listen_at(self._runner, place, port)
        return port

    async def close(self) -> None:
        """Stop listening; uploads under way are cut off."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _listen_at(self, runner: web.AppRunner, place: Place, port: int) -> int:
        host, _ = place
        site = web.TCPSite(runner, host, port)
        try:
            try:
                await site.start()
            except OSError:  # taken: another agent on this machine
                await site.stop()
                site = web.TCPSite(runner, host, 0)
                await site.start()
        except OSError as error:
            await site.stop()
            if error.errno != errno.EADDRNOTAVAIL:
                raise
            return port
        self._sites[place] = site
        server = site._server
        assert isinstance(server, asyncio.Server)
        return int(server.sockets[0].getsockname()[1])

    # Requests

    async def _manifest(self, request: web.Request) -> web.StreamResponse:
        package, seal = await self._asked_for(request)
        body = pack_manifest(package.manifest_bytes, package.signature)
        nonce = self._random_bytes(MANIFEST_NONCE_BYTES)
        response, _ = await give(seal.seal_manifest(body, nonce), request)
        return response

    async def _block(self, request: web.Request) -> web.StreamResponse:
        package, seal = await self._asked_for(request)
        block = _number(request.match_info["block"])
        if not package.has_block(block):
            raise self._not_here(package.content)
        if self.is_busy:
            raise self._busy(package.content)
        self._uploads += 1
        try:
            sealed = await asyncio.to_thread(package.sealed_block, block, seal)
            # Within, so that the slot is taken until all has left.
            response, given_bytes = await give(sealed, request)
            self.uploaded_bytes += given_bytes
            return response
        except (StorageError, UnavailableError):
            raise web.HTTPNotFound(text="not held") from None
        finally:
            self._uploads -= 1

    async def _asked_for(self, request: web.Request) -> tuple[OpenPackage, BlockSeal]:
        """What is asked for, and the seal that who asks can open: under the key it asked with."""
        key = authenticate(self._opener, request)
        try:
            content = ContentId(bytes.fromhex(request.match_info["content"]))
        except ValueError:
            raise web.HTTPNotFound(text="no content id") from None
        package = None
        if self.is_open:
            try:
                package = await self._find(content)
            except (ContentError, StorageError):  # expired, trusted no more, or damaged here
                raise web.HTTPNotFound(text="not held") from None
        if package is None:
            raise self._not_here(content)
        return package, BlockSeal(key, content)

    def _not_here(self, content: ContentId) -> web.HTTPException:
        if self.is_open and self._expected(content):
            return _TooEarly(text="not yet", headers={"Retry-After": str(RETRY_SOON_S)})
        return web.HTTPNotFound(text="not held")

    def _busy(self, content: ContentId) -> web.HTTPException:
        headers = {"Retry-After": str(RETRY_BUSY_S)}
        others = self.others(content)
        if others:
            headers[PEERS_HEADER] = ", ".join(others)
        return web.HTTPServiceUnavailable(text="busy", headers=headers)


class _TooEarly(web.HTTPClientError):
    """RFC 8470: come back in a moment."""

    status_code = 425


def _places(hosts: Sequence[str]) -> Iterator[Place]:
    """An interface that is made anew has its name and address again, but the old socket is dead."""
    for host in hosts:
        scope = host.partition("%")[2]
        with contextlib.suppress(OSError):  # or it has gone again
            yield host, socket.if_nametoindex(scope) if scope else 0


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > BLOCK_DIGITS_MAX:
        raise web.HTTPNotFound(text="no block number")
    return int(text)
