"""What comes next in this body? One answer under way, read in pieces worth handing on.

Python's cost is by the piece, so small ones are gathered; a memory's cost is by the byte, so
large ones are not joined needlessly. What had come before a failure is handed out before the
failure is raised, so that a resumed download starts where the broken one ended.
"""

from __future__ import annotations

import asyncio
import socket

import aiohttp

from mcastdist.errors import SourceError

from .answers import Body
from .asked import shown
from .background import Background
from .failures import EXPECTED, source_error

PIECE_BYTES_MIN = 64 << 10  # below this the cost of a piece is more than that of its bytes
PIECE_BYTES_MAX = 1 << 20
READ_BUFFER_BYTES = 1 << 20  # the library reads ahead twice as much, then stops the sender

Piece = bytes | memoryview


class Transfer:
    """A body from its head on. `position` is the offset of the next byte in the file."""

    def __init__(
        self,
        response: aiohttp.ClientResponse,
        body: Body,
        *,
        url: str,
        stall_timeout_s: float,
        background: Background,
    ) -> None:
        self.body = body
        self.position = body.first
        self.final_url = str(response.url)
        self._response = response
        self._url = url
        self._stall_timeout_s = stall_timeout_s
        self._background = background
        self._rest: Piece = b""
        self._failure: SourceError | None = None
        self._is_at_end = False

    async def piece(self, bytes_max: int) -> Piece:
        """The next bytes, PIECE_BYTES_MIN at least unless they end before; empty at the end.

        A sender has `stall_timeout_s` for each such piece, so that one who trickles is caught as
        well as one who stops. Raises SourceError (`stalled`, `truncated`, `reset`).
        """
        parts, size = [self._rest], len(self._rest)
        wanted = min(PIECE_BYTES_MIN, bytes_max)
        if size < wanted and not self._is_at_end and self._failure is None:
            size += await self._gather(parts, wanted - size)
        if size == 0 and self._failure is not None:
            raise self._failure
        return self._cut(parts, size, bytes_max)

    async def expect_end(self) -> None:
        """Raises SourceError (`wrong_length`) if the body goes on."""
        if await self.piece(1):
            url = shown(self._url)
            raise SourceError(
                url,
                "wrong_length",
                f"{url} sends more than {self.position - 1} bytes; publish the package again",
                permanent=True,
            )

    def bound_read_ahead(self, byte_count: int) -> None:
        """Ask the system not to take more than this off the network before we read it."""
        transport = self._transport()
        handle = transport.get_extra_info("socket") if transport else None
        if handle is not None:
            handle.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, byte_count)

    def break_off(self) -> None:
        """Nothing comes any more, which whoever waits for a piece is told at once, as `reset`."""
        content = self._response.content
        if not content.is_eof():
            content.set_exception(ConnectionResetError("the connection is given up"))

    def release(self) -> None:
        """Done: a connection whose body was read to its end is used again, others are closed."""
        if self._is_at_end:
            self._response.release()
        else:
            self._response.close()

    # Within

    async def _gather(self, parts: list[Piece], wanted: int) -> int:
        """Read into `parts` until `wanted` bytes or the end have come; how many."""
        size = 0
        try:
            async with asyncio.timeout(self._stall_timeout_s):
                while size < wanted:
                    part = await self._response.content.readany()
                    if not part:
                        self._is_at_end = True
                        break
                    self._stand_back()
                    parts.append(part)
                    size += len(part)
        except EXPECTED as error:
            self._failure = source_error(error, self._url, has_answered=True)
        return size

    def _stand_back(self) -> None:
        transport = self._transport()
        if transport is not None:
            self._background.stand_back(transport)

    def _transport(self) -> asyncio.BaseTransport | None:
        connection = self._response.connection
        return connection.transport if connection else None

    def _cut(self, parts: list[Piece], size: int, bytes_max: int) -> Piece:
        parts = [part for part in parts if part]
        whole = parts[0] if len(parts) == 1 else b"".join(parts)
        if size <= bytes_max:
            self._rest = b""
        else:
            view = memoryview(whole)
            whole, self._rest = view[:bytes_max], view[bytes_max:]
        self.position += len(whole)
        return whole
