"""Who serves a folder of published packages? A small origin that can prove what it served.

Plain files under one directory, read-only: ranges, `If-Range` with strong ETags (the library's own
file answers know only dates there), HEAD, sendfile. It counts the bytes of each path that were
handed to the network, for `/-/stats`: a subnet that pays once reads each payload byte once.
"""

from __future__ import annotations

import asyncio
import html
import json
import os
import time
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from aiohttp import web

from mcastdist.errors import NotPermitted, UsageError

from .origin_figures import Answer, Log, OriginFigures, Stats
from .origin_folder import OriginFolder
from .origin_ranges import Span, file_headers, span_for, span_headers

__all__ = ["Answer", "OriginServer", "start_origin"]

STATS_PATH = "/-/stats"
SLICE_BYTES = 4 << 20  # one sendfile call; counted after each
BACKLOG = 256  # the agents of a site that start at the same minute
CLOSE_S = 0.2  # a stopped origin does not wait for downloads


class OriginServer:
    """A running origin. Make one with `start_origin`."""

    def __init__(self, directory: Path, *, rate_limit_bps: int = 0, log: Log | None = None) -> None:
        self._folder = OriginFolder(directory)
        self._figures = OriginFigures()
        self._log = log
        self._rate_limit_bps = rate_limit_bps
        self._free_at = 0.0  # when the line is free again, if a rate is set
        self._runner: web.AppRunner | None = None
        self.host = ""
        self.port = 0

    @property
    def url(self) -> str:
        """Where it listens, with a slash at the end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}/"

    def packages(self) -> list[str]:
        """The published packages' `.mcd` files, as paths below `url`, not quoted."""
        return self._folder.packages()

    def package_urls(self) -> list[str]:
        """What to give to `fetch`."""
        return [self.url + quote(one) for one in self.packages()]

    def bytes_served(self, path: str) -> int:
        """How many bytes of the body of `/path` were handed to the network."""
        return self._figures.bytes_of("/" + path.lstrip("/"))

    def stats(self) -> Stats:
        """What was served, in all and by path."""
        return self._figures.stats()

    async def start(self, host: str, port: int) -> None:
        """Listen; port 0 is a free one. Raises UsageError, NotPermitted."""
        app = web.Application()
        app.router.add_get(STATS_PATH, self._answer_stats)
        app.router.add_get("/", self._answer_listing)
        app.router.add_get("/{path:.+}", self._answer_file)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=CLOSE_S)
        await runner.setup()
        try:
            await web.TCPSite(runner, host, port, backlog=BACKLOG).start()
        except OSError as error:
            await runner.cleanup()
            raise _cannot_listen(host, port, error) from error
        self._runner = runner
        self.host, self.port = runner.addresses[0][:2]

    async def close(self) -> None:
        """Stop listening and drop what is under way; the figures stay readable."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    # Within

    async def _answer_stats(self, request: web.Request) -> web.Response:
        return web.Response(text=json.dumps(self.stats()), content_type="application/json")

    async def _answer_listing(self, request: web.Request) -> web.Response:
        names = await asyncio.to_thread(self.packages)
        items = "".join(f'<li><a href="/{quote(one)}">{html.escape(one)}</a>\n' for one in names)
        page = (
            f"<!doctype html><title>mcastdist origin</title>\n<h1>Packages</h1>\n<ul>{items}</ul>"
        )
        return web.Response(text=page, content_type="text/html")

    async def _answer_file(self, request: web.Request) -> web.StreamResponse:
        opened = self._folder.open(request.match_info["path"])
        if opened is None:
            raise web.HTTPNotFound
        with opened as file:
            facts = os.fstat(file.fileno())
            headers = file_headers(facts)
            span = span_for(request.headers, facts.st_size, headers["ETag"])
            if span is None:
                return _unsatisfiable(facts.st_size)
            response = web.StreamResponse(
                status=206 if span.is_partial else 200,
                headers=headers | span_headers(span, facts.st_size),
            )
            await response.prepare(request)
            if request.method == "GET":
                sent = await self._send(request, file, span)
                self._record(request, response.status, span.first, sent)
            await response.write_eof()
        return response

    async def _send(self, request: web.Request, file: BinaryIO, span: Span) -> int:
        """Send the span; how many bytes of it went out before the client left."""
        self._figures.requested(request.path)
        loop, at = asyncio.get_running_loop(), span.first
        while at < span.stop and (transport := request.transport) is not None:
            count = min(self._slice_bytes(), span.stop - at)
            await self._wait(count)
            try:
                sent = await loop.sendfile(transport, file, at, count)
            except (OSError, RuntimeError):  # the client has gone
                sent, count = max(0, file.tell() - at), 0
            self._figures.sent(request.path, sent)
            at += sent
            if sent < count or not count:  # gone, or the file was cut short meanwhile
                transport.abort()  # the request has none any more once the client has left
                break
        return at - span.first

    def _record(self, request: web.Request, status: int, first: int, sent: int) -> None:
        if self._log is not None:
            self._log(
                Answer(
                    time=round(time.time(), 3), client=request.remote or "", path=request.path,
                    status=status, first=first, bytes=sent,
                )
            )  # fmt: skip

    def _slice_bytes(self) -> int:
        if not self._rate_limit_bps:
            return SLICE_BYTES
        return max(1 << 12, min(SLICE_BYTES, self._rate_limit_bps // 8 // 50))

    async def _wait(self, byte_count: int) -> None:
        """Keep the rate over all requests: each slice books the line after the last."""
        if self._rate_limit_bps:
            now = asyncio.get_running_loop().time()
            self._free_at = max(now, self._free_at) + byte_count * 8 / self._rate_limit_bps
            await asyncio.sleep(self._free_at - now)


async def start_origin(
    directory: Path | str,
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    rate_limit_bps: int = 0,
    log: Log | None = None,
) -> OriginServer:
    """Serve `directory` (port 0: a free one) until `close`. Raises UsageError, NotPermitted."""
    root = Path(directory)
    _check_readable(root)
    server = OriginServer(root, rate_limit_bps=rate_limit_bps, log=log)
    await server.start(host, port)
    return server


def _check_readable(root: Path) -> None:
    try:
        os.stat(root / ".")  # which asks for the right to enter it
        os.listdir(root)
    except PermissionError:
        raise NotPermitted(f"{root} may not be read: change its owner or mode") from None
    except OSError:
        raise UsageError(
            f"{str(root)!r} is no directory; name the one that `publish` wrote to"
        ) from None


def _unsatisfiable(size: int) -> web.Response:
    return web.Response(status=416, headers={"Content-Range": f"bytes */{size}"})


def _cannot_listen(host: str, port: int, error: OSError) -> UsageError | NotPermitted:
    where = f"{host}:{port}"
    if isinstance(error, PermissionError):
        return NotPermitted(f"listening on {where} is not permitted; take a port above 1023")
    return UsageError(f"cannot listen on {where} ({error.strerror}); choose another with --listen")
