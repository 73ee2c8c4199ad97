"""Which door is tried, which is passed over, and to whom no token is sent."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fake_controller import FakeController

from mcastdist.agent.control import ControlClient, ControlServer, serve
from mcastdist.errors import NotPermitted, UnavailableError


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[ControlServer]:
    running = await serve(
        FakeController(),
        listen="127.0.0.1:0",
        unix_socket=tmp_path / "control.sock",
        token_file=tmp_path / "control.token",
    )
    yield running
    await running.close()


async def test_nobody_there(tmp_path: Path) -> None:
    async with ControlClient.connect(
        listen="127.0.0.1:9", unix_socket=tmp_path / "none", token_file=tmp_path / "none"
    ) as client:
        assert not await client.reachable()
        with pytest.raises(UnavailableError, match="mcastdist agent"):
            await client.status()


async def test_a_stale_socket_leads_to_the_port(server: ControlServer, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "dead.sock"))
    async with ControlClient.connect(
        listen=server.address,
        unix_socket=tmp_path / "dead.sock",
        token_file=tmp_path / "control.token",
    ) as client:
        assert await client.reachable()


async def test_without_a_token_nothing_is_sent_to_the_port(tmp_path: Path) -> None:
    heard: list[bytes] = []

    async def squat(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(1))
        writer.close()

    squatter = await asyncio.start_server(squat, "127.0.0.1", 0)
    port = squatter.sockets[0].getsockname()[1]
    async with ControlClient.connect(
        listen=f"127.0.0.1:{port}", unix_socket=None, token_file=tmp_path / "none"
    ) as client:
        assert not await client.reachable()
    squatter.close()
    await squatter.wait_closed()
    assert heard == []


async def test_something_else_on_the_port_is_no_agent(tmp_path: Path) -> None:
    async def other(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnope")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(other, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    (tmp_path / "token").write_text("left-behind\n")
    async with ControlClient.connect(
        listen=f"127.0.0.1:{port}", unix_socket=None, token_file=tmp_path / "token"
    ) as client:
        assert not await client.reachable()
    server.close()
    await server.wait_closed()


async def test_another_agents_token_is_not_permitted(server: ControlServer, tmp_path: Path) -> None:
    (tmp_path / "other.token").write_text("another\n")
    async with ControlClient.connect(
        listen=server.address, unix_socket=None, token_file=tmp_path / "other.token"
    ) as client:
        with pytest.raises(NotPermitted, match=r"control\.token_file"):
            await client.reachable()
