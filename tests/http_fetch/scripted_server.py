"""A web server that misbehaves exactly as told: raw bytes on a loopback socket, no HTTP library."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class Heard:
    """One request as it came."""

    method: str
    target: str
    headers: dict[str, str] = field(default_factory=dict)


Answer = Callable[[Heard, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Scripted:
    """The running server: where it is and what it heard."""

    url: str
    port: int
    heard: list[Heard] = field(default_factory=list)
    connections: int = 0


@asynccontextmanager
async def scripted(answer: Answer, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[Scripted]:
    """Serve with `answer`, which writes whatever it likes; it may raise EOFError to hang up."""
    running: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        running.add(task)
        me.connections += 1
        try:
            while True:
                heard = await _request(reader)
                me.heard.append(heard)
                await answer(heard, writer)
                await writer.drain()
        except (EOFError, OSError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            running.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    me = Scripted(f"{'https' if tls else 'http'}://127.0.0.1:{port}", port)
    try:
        yield me
    finally:
        server.close()
        for task in list(running):
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def _request(reader: asyncio.StreamReader) -> Heard:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    first, *lines = head.split("\r\n")[:-2]
    method, target, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (x.partition(":") for x in lines)}
    return Heard(method, target, headers)


def head(status: str, *lines: str) -> bytes:
    """The head of an answer."""
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode()


def fixed(status: str, *lines: str, body: bytes = b"") -> Answer:
    """The same answer for everybody, with its right length."""

    async def answer(_: Heard, writer: asyncio.StreamWriter) -> None:
        writer.write(head(status, *lines, f"Content-Length: {len(body)}") + body)

    return answer


def span_of(heard: Heard, size: int) -> tuple[int, int]:
    """`[first, stop)` that was asked for."""
    first, last = heard.headers["range"].removeprefix("bytes=").split("-")
    return int(first), min(size, int(last) + 1) if last else size


def ranged(content: bytes, *lines: str) -> Answer:
    """A good server, with extra header lines."""

    async def answer(heard: Heard, writer: asyncio.StreamWriter) -> None:
        if "range" not in heard.headers:
            writer.write(head("200 OK", f"Content-Length: {len(content)}", *lines) + content)
            return
        first, stop = span_of(heard, len(content))
        part = content[first:stop]
        span = f"Content-Range: bytes {first}-{stop - 1}/{len(content)}"
        length = f"Content-Length: {len(part)}"
        writer.write(head("206 Partial Content", span, length, *lines) + part)

    return answer


def whole(content: bytes, *lines: str) -> Answer:
    """A server that knows no ranges."""
    return fixed("200 OK", *lines, body=content)


def redirecting(table: dict[str, str], then: Answer) -> Answer:
    """A server that sends these targets elsewhere, and answers all others with `then`."""

    async def answer(heard: Heard, writer: asyncio.StreamWriter) -> None:
        if heard.target in table:
            await fixed("302 Found", f"Location: {table[heard.target]}")(heard, writer)
        else:
            await then(heard, writer)

    return answer
