"""Answers on their way: whole, in part, and to somebody who does not take them."""

from __future__ import annotations

import logging
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import aiohttp
import pytest
from agent_kit import noise, until
from aiohttp import web
from unread import hold_little, unread

from mcastdist.agent import giving
from mcastdist.agent.giving import PIECE_BYTES, give

BODY = noise("given", 16 * PIECE_BYTES + 1000)


@dataclass
class Giver:
    """A server of one body. `given`: how much left of each answer that is over."""

    port: int = 0
    begun: int = 0
    given: list[int] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.begun += 1
        response, count = await give(BODY, request)
        self.given.append(count)
        return response


@pytest.fixture
async def giver() -> AsyncIterator[Giver]:
    giver = Giver()
    app = web.Application()
    app.router.add_get("/", giver.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    sock = socket.create_server(("127.0.0.1", 0))
    hold_little(sock)
    await web.SockSite(runner, sock).start()
    giver.port = int(runner.addresses[0][1])
    yield giver
    await runner.cleanup()


async def ask(
    giver: Giver, method: str = "GET", **headers: str
) -> tuple[int, bytes, dict[str, str]]:
    async with (
        aiohttp.ClientSession() as http,
        http.request(method, f"http://127.0.0.1:{giver.port}/", headers=headers) as answer,
    ):
        return answer.status, await answer.read(), dict(answer.headers)


async def test_all_of_it_comes_with_its_length(giver: Giver) -> None:
    status, body, headers = await ask(giver)

    assert (status, body) == (200, BODY)
    assert headers["Content-Length"] == str(len(BODY))
    assert headers["Content-Type"] == "application/octet-stream"
    assert giver.given == [len(BODY)]


@pytest.mark.parametrize(
    ("asked", "part"),
    [
        ("bytes=0-0", slice(0, 1)),
        (f"bytes=5-{PIECE_BYTES + 4}", slice(5, PIECE_BYTES + 5)),
        ("bytes=-7", slice(-7, None)),
    ],
)
async def test_the_one_range_that_was_asked_for(giver: Giver, asked: str, part: slice) -> None:
    status, body, headers = await ask(giver, Range=asked)

    first = range(len(BODY))[part][0]
    assert (status, body) == (206, BODY[part])
    assert headers["Content-Range"] == f"bytes {first}-{first + len(body) - 1}/{len(BODY)}"


async def test_a_range_behind_the_end(giver: Giver) -> None:
    status, _, headers = await ask(giver, Range=f"bytes={len(BODY)}-")

    assert (status, headers["Content-Range"]) == (416, f"bytes */{len(BODY)}")


async def test_who_asks_for_the_head_alone_gets_it(giver: Giver) -> None:
    status, body, headers = await ask(giver, "HEAD")

    assert (status, body, headers["Content-Length"]) == (200, b"", str(len(BODY)))
    assert giver.given == [0]


async def test_who_takes_nothing_any_more_is_cut_off(
    giver: Giver, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(giving, "STALL_S", 0.05)
    async with unread(giver.port, "/"):
        await until(lambda: giver.given)

    assert giver.given[0] < len(BODY)
    assert not [one for one in caplog.records if one.levelno >= logging.WARNING]


async def test_who_hangs_up_in_the_middle_is_no_error(
    giver: Giver, caplog: pytest.LogCaptureFixture
) -> None:
    async with unread(giver.port, "/"):
        await until(lambda: giver.begun)
    await until(lambda: giver.given)

    assert giver.given[0] < len(BODY)
    assert (await ask(giver))[1] == BODY
    assert not [one for one in caplog.records if one.levelno >= logging.WARNING]
