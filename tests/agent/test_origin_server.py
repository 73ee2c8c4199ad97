"""The origin: right ranges, safe paths, honest figures."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from mcastdist.agent.origin_server import Answer, OriginServer, start_origin
from mcastdist.errors import NotPermitted, SourceError, UsageError
from mcastdist.http_fetch.client import HttpClient

CONTENT = bytes(range(251)) * 4001
SIZE = len(CONTENT)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    (root / "deep").mkdir(parents=True)
    (root / "p-1.payload").write_bytes(CONTENT)
    (root / "p-1.mcd").write_bytes(b"manifest")
    (root / "deep" / "ü & <b>-2.mcd").write_bytes(b"other")
    (root / "empty").write_bytes(b"")
    (tmp_path / "secret").write_text("secret")
    return root


@pytest.fixture
async def origin(folder: Path) -> AsyncIterator[OriginServer]:
    server = await start_origin(folder)
    yield server
    await server.close()


@dataclass
class Reply:
    """One raw answer."""

    status: int
    headers: dict[str, str]
    body: bytes


async def ask(origin: OriginServer, target: str, *lines: str, method: str = "GET") -> Reply:
    """One request with exactly this target: no library tidies it up."""
    reader, writer = await asyncio.open_connection(origin.host, origin.port)
    head = [f"{method} {target} HTTP/1.1", "Host: x", "Connection: close", *lines, "", ""]
    writer.write("\r\n".join(head).encode())
    raw = await reader.read()
    writer.close()
    top, _, body = raw.partition(b"\r\n\r\n")
    first, *rest = top.decode().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (x.partition(":") for x in rest)}
    return Reply(int(first.split(" ")[1]), headers, body)


# --- bytes -----------------------------------------------------------------------------------


async def test_a_whole_file(origin: OriginServer) -> None:
    reply = await ask(origin, "/p-1.payload")
    assert (reply.status, reply.body) == (200, CONTENT)
    assert reply.headers["content-length"] == str(SIZE)
    assert reply.headers["accept-ranges"] == "bytes"
    assert reply.headers["etag"].startswith('"')
    assert reply.headers["content-type"] == "application/octet-stream"


@pytest.mark.parametrize(
    ("header", "first", "stop"),
    [
        ("0-0", 0, 1),
        ("10-19", 10, 20),
        ("10-", 10, SIZE),
        ("-5", SIZE - 5, SIZE),
        ("5-9999999999", 5, SIZE),
    ],
)
async def test_ranges(origin: OriginServer, header: str, first: int, stop: int) -> None:
    reply = await ask(origin, "/p-1.payload", f"Range: bytes={header}")
    assert (reply.status, reply.body) == (206, CONTENT[first:stop])
    assert reply.headers["content-range"] == f"bytes {first}-{stop - 1}/{SIZE}"


@pytest.mark.parametrize("header", [f"{SIZE}-", f"{SIZE}-{SIZE + 5}", "-0"])
async def test_ranges_outside(origin: OriginServer, header: str) -> None:
    reply = await ask(origin, "/p-1.payload", f"Range: bytes={header}")
    assert (reply.status, reply.body) == (416, b"")
    assert reply.headers["content-range"] == f"bytes */{SIZE}"
    assert origin.bytes_served("p-1.payload") == 0


@pytest.mark.parametrize(
    "header",
    ["bytes=5-4", "bytes=-", "bytes=a-b", "bytes=0-1,3-4", "lines=0-1", f"bytes={'9' * 30}-"],
)
async def test_malformed_and_several_ranges_bring_the_whole(
    origin: OriginServer, header: str
) -> None:
    reply = await ask(origin, "/p-1.payload", f"Range: {header}")
    assert (reply.status, len(reply.body)) == (200, SIZE)


async def test_head_tells_all_but_the_body(origin: OriginServer) -> None:
    reply = await ask(origin, "/p-1.payload", method="HEAD")
    assert (reply.status, reply.body) == (200, b"")
    assert reply.headers["content-length"] == str(SIZE)
    assert origin.stats()["bytes"] == 0


async def test_other_methods_are_refused(origin: OriginServer, folder: Path) -> None:
    for method in ("PUT", "POST", "DELETE"):
        reply = await ask(origin, "/p-1.payload", "Content-Length: 0", method=method)
        assert reply.status == 405
    assert (folder / "p-1.payload").read_bytes() == CONTENT


async def test_if_range_protects_from_a_file_that_changed(
    origin: OriginServer, folder: Path
) -> None:
    etag = (await ask(origin, "/p-1.payload", method="HEAD")).headers["etag"]
    lines = ("Range: bytes=10-19", f"If-Range: {etag}")
    assert (await ask(origin, "/p-1.payload", *lines)).status == 206
    (folder / "p-1.payload").write_bytes(b"n" * SIZE)
    os.utime(folder / "p-1.payload", ns=(1, 1))
    reply = await ask(origin, "/p-1.payload", *lines)
    assert (reply.status, reply.body[:2], len(reply.body)) == (200, b"nn", SIZE)
    assert reply.headers["etag"] != etag


async def test_an_empty_file(origin: OriginServer) -> None:
    assert (await ask(origin, "/empty")).body == b""
    async with HttpClient() as client:
        assert (await client.probe(f"{origin.url}empty")).total_bytes == 0


# --- paths -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "target",
    [
        "/../secret",
        "/%2e%2e/secret",
        "/deep/../../secret",
        "/deep/%2e%2e/%2e%2e/secret",
        "/..%2fsecret",
        "/..%5csecret",
        "//etc/hostname",
        "/%2fetc/hostname",
        "/p-1.mcd%00.txt",
        "/deep",
        "/deep/",
        "/missing",
        "/link-out",
        "/link-dir/secret",
        "/pipe",
        "/loop",
        "/" + "a" * 5000,
        "/%ff%fe",
        "/./p-1.mcd/",
    ],
)
async def test_nothing_but_regular_files_below_the_root(
    origin: OriginServer, folder: Path, target: str
) -> None:
    (folder / "link-out").symlink_to(folder.parent / "secret")
    (folder / "link-dir").symlink_to(folder.parent)
    (folder / "loop").symlink_to(folder / "loop")
    os.mkfifo(folder / "pipe")
    reply = await asyncio.wait_for(ask(origin, target), 5)
    assert reply.status in (400, 404)
    assert b"secret" not in reply.body
    assert origin.stats()["bytes"] == 0


async def test_a_link_that_stays_inside_is_served(origin: OriginServer, folder: Path) -> None:
    (folder / "latest.mcd").symlink_to("p-1.mcd")
    assert (await ask(origin, "/latest.mcd")).body == b"manifest"


# --- figures ---------------------------------------------------------------------------------


async def test_a_payload_read_once_counts_once(origin: OriginServer) -> None:
    async def sink(offset: int, data: bytes | memoryview) -> None:
        assert CONTENT[offset : offset + len(data)] == data

    async with HttpClient() as client:
        for first in range(0, SIZE, 300_000):
            await client.fetch(
                f"{origin.url}p-1.payload", first=first, stop=min(SIZE, first + 300_000),
                expected_bytes=SIZE, sink=sink,
            )  # fmt: skip
    assert origin.bytes_served("p-1.payload") == SIZE
    assert origin.bytes_served("/p-1.payload") == SIZE
    assert origin.stats()["paths"]["/p-1.payload"]["requests"] == 4


async def test_stats_as_json(origin: OriginServer) -> None:
    await ask(origin, "/p-1.mcd")
    reply = await ask(origin, "/-/stats")
    expected = {"bytes": 8, "requests": 1, "paths": {"/p-1.mcd": {"bytes": 8, "requests": 1}}}
    assert json.loads(reply.body) == expected == origin.stats()


async def test_what_a_client_that_left_did_not_take_is_not_counted(tmp_path: Path) -> None:
    answers: asyncio.Queue[Answer] = asyncio.Queue()
    size = 64 << 20
    with (tmp_path / "large").open("wb") as file:
        file.truncate(size)
    origin = await start_origin(tmp_path, log=answers.put_nowait)
    reader, writer = await asyncio.open_connection(origin.host, origin.port)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
    writer.write(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
    await reader.readexactly(100_000)
    writer.transport.abort()
    answer = await asyncio.wait_for(answers.get(), 10)
    await origin.close()
    assert 100_000 - 1_000 < origin.bytes_served("large") < size // 2
    assert answer["bytes"] == origin.bytes_served("large")
    assert answer["path"] == "/large"


async def test_the_log_has_every_answer(folder: Path) -> None:
    answers: list[Answer] = []
    origin = await start_origin(folder, log=answers.append)
    await ask(origin, "/p-1.payload", "Range: bytes=5-9")
    await ask(origin, "/p-1.payload", "Range: bytes=5-9", method="HEAD")
    await origin.close()
    (answer,) = answers
    assert answer["client"] == "127.0.0.1"
    assert (answer["status"], answer["first"], answer["bytes"]) == (206, 5, 5)


async def test_the_rate_limit_holds_over_all_requests(folder: Path) -> None:
    origin = await start_origin(folder, rate_limit_bps=80_000_000)
    started = asyncio.get_running_loop().time()
    await asyncio.gather(*(ask(origin, "/p-1.payload") for _ in range(3)))
    seconds = asyncio.get_running_loop().time() - started
    await origin.close()
    assert seconds > 3 * SIZE * 8 / 80_000_000 * 0.95


# --- running ---------------------------------------------------------------------------------


async def test_packages_are_listed_with_names_made_harmless(origin: OriginServer) -> None:
    assert origin.packages() == ["deep/ü & <b>-2.mcd", "p-1.mcd"]
    assert origin.package_urls()[0] == f"{origin.url}deep/%C3%BC%20%26%20%3Cb%3E-2.mcd"
    page = (await ask(origin, "/")).body.decode()
    assert "<b>" not in page
    async with HttpClient() as client:
        assert await client.get_small(origin.package_urls()[0], bytes_max=99) == b"other"


async def test_a_port_that_is_taken(origin: OriginServer, folder: Path) -> None:
    with pytest.raises(UsageError, match=str(origin.port)):
        await start_origin(folder, origin.host, origin.port)


async def test_a_host_that_is_not_ours(folder: Path) -> None:
    with pytest.raises(UsageError, match=r"192\.0\.2\.1"):
        await start_origin(folder, "192.0.2.1", 0)


async def test_a_directory_that_is_none(folder: Path) -> None:
    for name in ("missing", "p-1.mcd"):
        with pytest.raises(UsageError, match=name):
            await start_origin(folder / name)


async def test_after_closing_nobody_listens_and_the_figures_stay(origin: OriginServer) -> None:
    await ask(origin, "/p-1.mcd")
    await origin.close()
    await origin.close()
    assert origin.bytes_served("p-1.mcd") == 8
    async with HttpClient() as client:
        with pytest.raises(SourceError):
            await client.get_small(f"{origin.url}p-1.mcd", bytes_max=99)


async def test_a_folder_of_somebody_else_is_not_permitted(forbidden: Path) -> None:
    for folder in (forbidden, forbidden / "deep"):
        with pytest.raises(NotPermitted, match="may not be read"):
            await start_origin(folder)
