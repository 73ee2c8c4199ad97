"""The client against servers that misbehave: each is named, and nothing wrong is passed on."""

from __future__ import annotations

import asyncio

import pytest
from checked_fetch import CONTENT, SIZE, error_of, fetch
from scripted_server import Heard, fixed, head, ranged, scripted, whole

from mcastdist.errors import NoSpace, SourceError
from mcastdist.http_fetch.client import HttpClient, Validator

# --- good servers -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "stop"), [(0, SIZE), (1, 2), (70_000, 900_001), (SIZE - 1, SIZE)]
)
async def test_a_range_comes_whole_and_in_place(first: int, stop: int) -> None:
    async with scripted(ranged(CONTENT, 'ETag: "v1"')) as server, HttpClient() as client:
        fetched, kept = await fetch(client, f"{server.url}/p.payload", first, stop)
    assert bytes(kept.data) == CONTENT[first:stop]
    assert kept.first == first
    assert fetched.ranges_supported
    assert fetched.validator == Validator("ETag", '"v1"')
    assert fetched.total_bytes == SIZE
    assert server.heard[0].headers["accept-encoding"] == "identity"


async def test_a_connection_is_used_again() -> None:
    async with scripted(ranged(CONTENT)) as server, HttpClient() as client:
        for first in range(0, SIZE, SIZE // 8):
            await fetch(client, f"{server.url}/p.payload", first, first + SIZE // 8)
    assert server.connections == 1
    assert len(server.heard) == 8


async def test_a_file_of_unknown_length_comes_to_its_end() -> None:
    async with scripted(whole(CONTENT)) as server, HttpClient() as client:
        fetched, kept = await fetch(client, f"{server.url}/x", 0, None, expected_bytes=None)
    assert bytes(kept.data) == CONTENT
    assert fetched.total_bytes == SIZE
    assert "range" not in server.heard[0].headers


async def test_an_empty_file() -> None:
    async with scripted(whole(b"")) as server, HttpClient() as client:
        fetched, _ = await fetch(client, f"{server.url}/x", 0, None, expected_bytes=None)
    assert (fetched.bytes, fetched.total_bytes) == (0, 0)


async def test_resuming_what_is_complete_brings_nothing_and_is_no_failure() -> None:
    async def strict(heard: Heard, writer: asyncio.StreamWriter) -> None:
        span = f"Content-Range: bytes */{SIZE}"
        await fixed("416 X", span, "Content-Type: text/html", body=b"<h1>416</h1>")(heard, writer)

    for answer in (strict, whole(CONTENT)):
        async with scripted(answer) as server, HttpClient() as client:
            fetched, _ = await fetch(client, f"{server.url}/x", SIZE, None, expected_bytes=None)
        assert (fetched.bytes, fetched.total_bytes) == (0, SIZE)


async def test_resuming_a_file_that_became_shorter() -> None:
    for answer in (fixed("416 X", "Content-Range: bytes */5"), whole(b"short")):
        error = await error_of(answer, 100, None, expected_bytes=None)
        assert error.code == "wrong_length"


async def test_chunked_answers_work_too() -> None:
    async def answer(_: Heard, writer: asyncio.StreamWriter) -> None:
        writer.write(head("200 OK", "Transfer-Encoding: chunked"))
        for at in range(0, SIZE, 100_000):
            part = CONTENT[at : at + 100_000]
            writer.write(b"%x\r\n%b\r\n" % (len(part), part))
        writer.write(b"0\r\n\r\n")

    async with scripted(answer) as server, HttpClient() as client:
        _, kept = await fetch(client, f"{server.url}/p.payload", 0, SIZE)
        assert bytes(kept.data) == CONTENT
        await fetch(client, f"{server.url}/p.payload", 0, SIZE)
    assert server.connections == 1


async def test_small_segments_are_gathered_into_pieces() -> None:
    async def answer(_: Heard, writer: asyncio.StreamWriter) -> None:
        writer.write(head("200 OK", f"Content-Length: {SIZE}"))
        for at in range(0, SIZE, 4096):
            writer.write(CONTENT[at : at + 4096])
            await writer.drain()
            await asyncio.sleep(0)

    async with scripted(answer) as server, HttpClient() as client:
        _, kept = await fetch(client, f"{server.url}/p.payload", 0, SIZE)
    assert bytes(kept.data) == CONTENT
    assert min(kept.pieces[:-1]) >= 64 << 10
    assert max(kept.pieces) <= 1 << 20


def test_no_bytes_cannot_be_asked_for() -> None:
    async def run() -> None:
        async with HttpClient() as client:
            for first, stop in ((5, 5), (-1, 5), (6, 5)):
                await fetch(client, "http://127.0.0.1:1/", first, stop)

    with pytest.raises(ValueError, match="no bytes"):
        asyncio.run(run())


# --- no ranges --------------------------------------------------------------------------------


async def test_a_server_without_ranges_is_read_once_when_runs_follow_one_another() -> None:
    async with scripted(whole(CONTENT, 'ETag: "v1"')) as server, HttpClient() as client:
        data, validator = b"", None
        for first in range(0, SIZE, SIZE // 4):
            fetched, kept = await fetch(
                client, f"{server.url}/p.payload", first, first + SIZE // 4, validator=validator
            )
            assert not fetched.ranges_supported
            validator = fetched.validator
            data += kept.data
    assert data == CONTENT
    assert len(server.heard) == 1


async def test_holes_are_skipped_and_steps_back_start_again() -> None:
    async with scripted(whole(CONTENT)) as server, HttpClient() as client:
        for first, stop in ((1000, 2000), (500_000, 600_000), (0, 10), (300, 301)):
            _, kept = await fetch(client, f"{server.url}/p.payload", first, stop)
            assert bytes(kept.data) == CONTENT[first:stop]
    assert len(server.heard) == 2


async def test_a_parked_body_of_another_version_is_not_read_on() -> None:
    async with scripted(whole(CONTENT, 'ETag: "v1"')) as server, HttpClient() as client:
        await fetch(client, f"{server.url}/p.payload", 0, 1000)
        with pytest.raises(SourceError) as caught:
            await fetch(
                client, f"{server.url}/p.payload", 1000, 2000, validator=Validator("ETag", '"v0"')
            )
    assert caught.value.code == "changed"


# --- small files ------------------------------------------------------------------------------


async def test_a_small_file() -> None:
    async with scripted(whole(b"manifest")) as server, HttpClient() as client:
        assert await client.get_small(f"{server.url}/p.mcd", bytes_max=8) == b"manifest"


async def test_a_small_file_that_is_not_small() -> None:
    async def endless(_: Heard, writer: asyncio.StreamWriter) -> None:
        writer.write(head("200 OK", "Transfer-Encoding: chunked"))
        while True:
            writer.write(b"10000\r\n" + bytes(0x10000) + b"\r\n")
            await writer.drain()

    for answer in (whole(bytes(1001)), endless):
        async with scripted(answer) as server, HttpClient() as client:
            with pytest.raises(SourceError) as caught:
                await client.get_small(f"{server.url}/p.mcd", bytes_max=1000)
        assert (caught.value.code, caught.value.permanent) == ("too_large", True)


async def test_a_small_file_cut_short() -> None:
    async def answer(_: Heard, writer: asyncio.StreamWriter) -> None:
        writer.write(head("200 OK", "Content-Length: 100") + b"only this")
        await writer.drain()
        raise EOFError

    async with scripted(answer) as server, HttpClient() as client:
        with pytest.raises(SourceError) as caught:
            await client.get_small(f"{server.url}/p.mcd", bytes_max=1000)
    assert caught.value.code == "truncated"


async def test_probing() -> None:
    for answer, ranges in ((ranged(CONTENT), True), (whole(CONTENT), False)):
        async with scripted(answer) as server, HttpClient() as client:
            probed = await client.probe(f"{server.url}/file")
            assert (probed.total_bytes, probed.ranges_supported) == (SIZE, ranges)


async def test_probing_an_empty_file() -> None:
    async def strict(heard: Heard, writer: asyncio.StreamWriter) -> None:
        if "range" in heard.headers:
            await fixed("416 X", "Content-Range: bytes */0")(heard, writer)
        else:
            await whole(b"")(heard, writer)

    for answer in (strict, whole(b"")):
        async with scripted(answer) as server, HttpClient() as client:
            assert (await client.probe(f"{server.url}/file")).total_bytes == 0


# --- our own side -----------------------------------------------------------------------------


async def test_what_the_sink_raises_comes_through_and_the_client_lives_on() -> None:
    async def full(offset: int, data: bytes | memoryview) -> None:
        raise NoSpace(10, 5, "the disk is full")

    async with scripted(ranged(CONTENT)) as server, HttpClient() as client:
        with pytest.raises(NoSpace):
            await client.fetch(
                f"{server.url}/p", first=0, stop=SIZE, expected_bytes=SIZE, sink=full
            )
        _, kept = await fetch(client, f"{server.url}/p", 0, SIZE)
    assert bytes(kept.data) == CONTENT


async def test_a_sinks_own_timeout_is_not_taken_for_the_servers() -> None:
    async def slow(offset: int, data: bytes | memoryview) -> None:
        raise TimeoutError("the disk")

    async with scripted(ranged(CONTENT)) as server, HttpClient() as client:
        with pytest.raises(TimeoutError, match="the disk"):
            await client.fetch(
                f"{server.url}/p", first=0, stop=SIZE, expected_bytes=SIZE, sink=slow
            )


async def test_a_cancelled_fetch_leaves_nothing_behind() -> None:
    started = asyncio.Event()

    async def answer(_: Heard, writer: asyncio.StreamWriter) -> None:
        writer.write(head("200 OK", f"Content-Length: {SIZE}") + CONTENT[:100_000])
        await writer.drain()
        started.set()
        await asyncio.sleep(60)

    async with scripted(answer) as server, HttpClient() as client:
        task = asyncio.create_task(fetch(client, f"{server.url}/p", 0, SIZE))
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
