"""How do a body's bytes get to who wants them? At the rate that is set, in order, all or an error.

    body      first ........ position ........ stop       what the server sends, read once
    asked          [first ------------ stop)              what is handed on

What a server without ranges sends before the asked bytes is read and dropped.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from mcastdist.errors import SourceError

from .asked import Asked, shown
from .rate import RateLimit
from .transfer import PIECE_BYTES_MAX, Piece, Transfer

Sink = Callable[[int, Piece], Awaitable[None]]


async def deliver(transfer: Transfer, asked: Asked, sink: Sink, *, rate: RateLimit) -> int:
    """Hand [asked.first, asked.stop) to the sink; how many bytes.

    Raises SourceError (`truncated`, `wrong_length`, those of `Transfer.piece`) and what the sink
    raises.
    """
    goal = transfer.body.total_bytes if asked.stop is None else asked.stop
    delivered = 0
    if goal == asked.first:
        return 0  # a resumed download that was complete: there is no body to look at
    while goal is None or transfer.position < goal:
        offset = transfer.position
        piece = await _next(transfer, rate, None if goal is None else goal - offset)
        if not piece:
            break
        if offset < asked.first:  # no ranges there: what we have is paid for once more
            piece = memoryview(piece)[asked.first - offset :]
            offset = transfer.position - len(piece)
        if piece:
            await sink(offset, piece)
            delivered += len(piece)
    _refuse_short(transfer, asked, goal)
    if transfer.position == transfer.body.stop or goal == asked.expected_bytes is not None:
        await transfer.expect_end()
    return delivered


async def read_all(transfer: Transfer, url: str, *, bytes_max: int, rate: RateLimit) -> bytes:
    """The whole body. Raises SourceError; `too_large` before more than `bytes_max` is kept."""
    if (transfer.body.total_bytes or 0) > bytes_max:
        raise _too_large(url, bytes_max)
    pieces, size = [], 0
    while piece := await _next(transfer, rate, None):
        pieces.append(piece)
        size += len(piece)
        if size > bytes_max:
            raise _too_large(url, bytes_max)
    return b"".join(pieces)


async def _next(transfer: Transfer, rate: RateLimit, bytes_max: int | None) -> Piece:
    limit = rate.piece_bytes_max(PIECE_BYTES_MAX)
    piece = await transfer.piece(limit if bytes_max is None else min(limit, bytes_max))
    await rate.take(len(piece))
    return piece


def _refuse_short(transfer: Transfer, asked: Asked, goal: int | None) -> None:
    expected = asked.expected_bytes if goal is None else goal
    if expected is not None and transfer.position < expected:
        url = shown(asked.url)
        raise SourceError(
            url,
            "truncated",
            f"{url} ended at byte {transfer.position} of {expected}; it will be resumed",
        )


def _too_large(url: str, bytes_max: int) -> SourceError:
    where = shown(url)
    return SourceError(
        where,
        "too_large",
        f"{where} is longer than the {bytes_max} bytes allowed for it; correct the URL",
        permanent=True,
    )
