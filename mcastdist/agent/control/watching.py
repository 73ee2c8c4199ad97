"""How do changes reach a client as they happen? As JSON lines over one long answer.

A record a line; an empty line every `HEARTBEAT_S` when nothing happens, so that each side notices
when the other has gone. An error ends the stream with a Problem as its last line.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, suppress

import msgspec
from aiohttp import web

from mcastdist.agent.api import Controller, TaskRecord

from .problems import problem_of

HEARTBEAT_S = 5.0  # a client waits for three of them before it calls the agent dead


async def stream_watch(
    request: web.Request, controller: Controller, closing: asyncio.Event
) -> web.StreamResponse:
    """Answer `request` with the records of one task (`?task=ID`) or of all, until they end.

    `closing` ends it early. An unknown task is refused before the answer starts.
    """
    task_id = request.query.get("task")
    if task_id is not None:
        await controller.task(task_id)
    response = web.StreamResponse(headers={"Content-Type": "application/jsonl"})
    await response.prepare(request)
    with suppress(ConnectionError):  # the client has left: nobody to tell
        async with aclosing(_lines(controller.watch(task_id), closing)) as lines:
            async for line in lines:
                await response.write(line)
        await response.write_eof()
    return response


async def _lines(
    records: AsyncIterator[TaskRecord], closing: asyncio.Event
) -> AsyncGenerator[bytes, None]:
    closed = asyncio.ensure_future(closing.wait())
    upcoming = _next(records)
    try:
        while True:
            done, _ = await asyncio.wait(
                {upcoming, closed}, timeout=HEARTBEAT_S, return_when=asyncio.FIRST_COMPLETED
            )
            if closed in done:
                return
            if upcoming not in done:
                yield b"\n"
            elif (error := upcoming.exception()) is not None:
                yield msgspec.json.encode(problem_of(error)) + b"\n"
                return
            elif (record := upcoming.result()) is None:
                return
            else:
                yield msgspec.json.encode(record) + b"\n"
                upcoming = _next(records)
    finally:
        closed.cancel()
        upcoming.cancel()
        await asyncio.wait({closed, upcoming})


def _next(records: AsyncIterator[TaskRecord]) -> asyncio.Task[TaskRecord | None]:
    async def step() -> TaskRecord | None:
        return await anext(records, None)

    return asyncio.ensure_future(step())
