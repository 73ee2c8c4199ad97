"""How does an answer leave for a peer? Piece by piece, as long as it is taken.

Who asks may hang up, vanish or stop reading in the middle of it. None of that is an error here; but
the place that it had is another's then.
"""

from __future__ import annotations

import asyncio

from aiohttp import web

# Our own client wants 64 KiB in 30 s of a source, or gives it up as `stalled`. So that slow links
# are not cut off in the middle of a block, only progress counts, and not the whole answer's time.
PIECE_BYTES = 128 << 10  # above 64 KiB, from which on aiohttp waits until a piece has left
STALL_S = 30.0


async def give(body: bytes, request: web.Request) -> tuple[web.StreamResponse, int]:
    """Answer with `body`, or the one range of it that was asked for; and how much of it left.

    Nothing of it is kept, while a connection keeps its last answer until the next one.
    """
    response, view = _part(body, request)
    response.content_type = "application/octet-stream"
    response.content_length = len(view)
    at = 0
    try:
        await response.prepare(request)
        while request.method == "GET" and at < len(view):
            piece = view[at : at + PIECE_BYTES]
            async with asyncio.timeout(STALL_S):
                if at + len(piece) < len(view):
                    await response.write(piece)
                else:
                    await response.write_eof(bytes(piece))  # it waits also for a short one
            at += len(piece)
    except (ConnectionError, TimeoutError):  # it has hung up, or takes nothing any more
        if request.transport is not None:
            request.transport.abort()
    return response, at


def _part(whole: bytes, request: web.Request) -> tuple[web.StreamResponse, memoryview]:
    """All of it, or the one range that was asked for (RFC 9110, 14)."""
    size, view = len(whole), memoryview(whole)
    try:
        start, stop, _ = request.http_range.indices(size)
    except ValueError:
        start = stop = size
    if "Range" not in request.headers:
        return web.StreamResponse(), view
    if start >= stop:
        raise web.HTTPRequestRangeNotSatisfiable(headers={"Content-Range": f"bytes */{size}"})
    span = {"Content-Range": f"bytes {start}-{stop - 1}/{size}"}
    return web.StreamResponse(status=206, headers=span), view[start:stop]
