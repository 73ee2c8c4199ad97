"""Bodies on their way to the sink: whole, in order, at the rate that is set, or an error."""

from __future__ import annotations

import asyncio
import socket
import time

import pytest
from checked_fetch import CONTENT, SIZE, Kept, error_of, fetch
from figure_book import Figure
from scripted_server import Heard, fixed, head, ranged, scripted, whole

from mcastdist.errors import SourceError
from mcastdist.http_fetch.client import HttpClient
from mcastdist.http_fetch.rate import RateLimit

# --- wrong content ----------------------------------------------------------------------------


async def test_wrong_length_is_noticed_before_a_byte_is_used() -> None:
    for answer in (whole(CONTENT[:-1]), whole(CONTENT + b"x"), ranged(CONTENT[:-1])):
        error = await error_of(answer, 0, SIZE, right=False)
        assert (error.code, error.permanent) == ("wrong_length", True)
        assert str(SIZE) in str(error)


async def test_more_than_promised_in_chunks_is_noticed() -> None:
    async def answer(_: Heard, writer: asyncio.StreamWriter) -> None:
        writer.write(head("200 OK", "Transfer-Encoding: chunked"))
        writer.write(b"%x\r\n%b\r\n1\r\nx\r\n0\r\n\r\n" % (SIZE, CONTENT))

    assert (await error_of(answer)).code == "wrong_length"


async def test_less_than_promised_in_chunks_is_noticed() -> None:
    async def answer(_: Heard, writer: asyncio.StreamWriter) -> None:
        writer.write(head("200 OK", "Transfer-Encoding: chunked"))
        writer.write(b"%x\r\n%b\r\n0\r\n\r\n" % (SIZE // 2, CONTENT[: SIZE // 2]))

    assert (await error_of(answer)).code == "truncated"


async def test_another_range_than_asked_for() -> None:
    async def answer(_: Heard, writer: asyncio.StreamWriter) -> None:
        span = f"Content-Range: bytes 0-99/{SIZE}"
        writer.write(head("206 Partial Content", span, "Content-Length: 100") + CONTENT[:100])

    assert (await error_of(answer, 100, 200, right=False)).code == "wrong_range"


async def test_a_shorter_range_is_used_and_then_reported() -> None:
    async def answer(_: Heard, writer: asyncio.StreamWriter) -> None:
        span = f"Content-Range: bytes 100-149/{SIZE}"
        writer.write(head("206 Partial Content", span, "Content-Length: 50") + CONTENT[100:150])

    async with scripted(answer) as server, HttpClient() as client:
        kept = Kept()
        with pytest.raises(SourceError) as caught:
            await client.fetch(
                f"{server.url}/p", first=100, stop=200, expected_bytes=SIZE, sink=kept
            )
    assert caught.value.code == "truncated"
    assert bytes(kept.data) == CONTENT[100:150]


async def test_an_error_page_with_status_200() -> None:
    page = fixed("200 OK", "Content-Type: text/html", body=b"<h1>Sorry</h1>")
    assert (await error_of(page, right=False)).code == "error_page"


async def test_a_compressed_answer() -> None:
    error = await error_of(whole(CONTENT, "Content-Encoding: gzip"), right=False)
    assert error.code == "encoded"


async def test_a_file_that_changes_half_way(figure: Figure) -> None:
    versions = iter(["v1", "v2"])

    async def answer(heard: Heard, writer: asyncio.StreamWriter) -> None:
        version = next(versions)
        if heard.headers.get("if-range", f'"{version}"') == f'"{version}"':
            await ranged(CONTENT, f'ETag: "{version}"')(heard, writer)
        else:
            await whole(bytes(SIZE), f'ETag: "{version}"')(heard, writer)

    async with scripted(answer) as server, HttpClient() as client:
        url = f"{server.url}/p.payload"
        fetched, _ = await fetch(client, url, 0, 1000)
        kept = Kept()
        with pytest.raises(SourceError) as caught:
            await client.fetch(
                url, first=1000, stop=SIZE, expected_bytes=SIZE, validator=fetched.validator,
                sink=kept,
            )  # fmt: skip
    assert caught.value.code == "changed"
    figure("bytes of the other file taken", len(kept.data))
    assert not kept.data
    assert server.heard[1].headers["if-range"] == '"v1"'


# --- broken bodies ---------------------------------------------------------------------------


async def test_an_early_close_is_noticed_and_what_came_is_kept() -> None:
    async def answer(_: Heard, writer: asyncio.StreamWriter) -> None:
        writer.write(head("200 OK", f"Content-Length: {SIZE}") + CONTENT[:200_000])
        await writer.drain()
        raise EOFError

    async with scripted(answer) as server, HttpClient() as client:
        kept = Kept()
        with pytest.raises(SourceError) as caught:
            await client.fetch(
                f"{server.url}/p", first=0, stop=SIZE, expected_bytes=SIZE, sink=kept
            )
    assert caught.value.code == "truncated"
    assert bytes(kept.data) == CONTENT[:200_000]


async def test_a_server_that_stops_sending_stalls(figure: Figure) -> None:
    async def answer(_: Heard, writer: asyncio.StreamWriter) -> None:
        writer.write(head("200 OK", f"Content-Length: {SIZE}") + CONTENT[:1000])
        await asyncio.sleep(60)

    began = time.monotonic()
    error = await error_of(answer)
    figure("noticed after, s", time.monotonic() - began)
    assert (error.code, error.permanent) == ("stalled", False)


async def test_a_server_that_trickles_stalls_too() -> None:
    async def answer(_: Heard, writer: asyncio.StreamWriter) -> None:
        writer.write(head("200 OK", f"Content-Length: {SIZE}"))
        for at in range(SIZE):
            writer.write(CONTENT[at : at + 1])
            await writer.drain()
            await asyncio.sleep(0.01)

    assert (await error_of(answer)).code == "stalled"


# --- the rate --------------------------------------------------------------------------------


async def test_the_rate_is_that_of_all_transfers_together() -> None:
    now = 0.0

    async def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds
        await asyncio.sleep(0)

    limit = RateLimit(8_000_000, clock=lambda: now, sleep=sleep)
    async with scripted(ranged(CONTENT)) as server, HttpClient(rate_limit=limit) as client:
        await asyncio.gather(*(fetch(client, f"{server.url}/p", 0, SIZE) for _ in range(3)))
    assert now == pytest.approx(3 * SIZE / 1e6, rel=0.03)


async def test_a_limited_transfer_does_not_take_the_file_off_the_network_at_once() -> None:
    sent = 0
    content = bytes(64 << 20)

    async def answer(heard: Heard, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        handle = writer.get_extra_info("socket")
        handle.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 64 << 10)
        writer.transport.set_write_buffer_limits(0)
        writer.write(head("200 OK", f"Content-Length: {len(content)}"))
        while sent < len(content):
            writer.write(content[:65_536])
            await writer.drain()
            sent += 65_536

    enough = asyncio.Event()

    async def sink(offset: int, data: bytes | memoryview) -> None:
        if offset > 100_000:
            enough.set()

    async with scripted(answer) as server, HttpClient(rate_limit_bps=8_000_000) as client:
        task = asyncio.create_task(
            client.fetch(
                f"{server.url}/p", first=0, stop=len(content), expected_bytes=len(content),
                sink=sink,
            )
        )  # fmt: skip
        await enough.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert sent < 4 << 20


async def test_the_rate_can_be_changed_and_switched_off() -> None:
    async with scripted(ranged(CONTENT)) as server, HttpClient(rate_limit_bps=80_000) as client:
        task = asyncio.create_task(fetch(client, f"{server.url}/p", 0, SIZE))
        await asyncio.sleep(0)
        client.set_rate_limit(0)
        _, kept = await asyncio.wait_for(task, 5)
    assert bytes(kept.data) == CONTENT
