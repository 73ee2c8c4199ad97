"""Questions on their way to servers that are not there, not web servers, or not to be trusted."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest
from certificates import authority, server_pem, server_side
from checked_fetch import CONTENT, SIZE, error_of, fetch
from cryptography.hazmat.primitives import serialization
from scripted_server import Heard, fixed, head, ranged, redirecting, scripted, whole

from mcastdist.errors import SourceError, UsageError
from mcastdist.http_fetch.client import AskOthers, HttpClient
from mcastdist.http_fetch.transfer import PIECE_BYTES_MIN

# --- nobody there ---------------------------------------------------------------------------


async def test_no_answer_at_all_is_a_timeout() -> None:
    async def answer(_: Heard, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(60)

    async with (
        scripted(answer) as server,
        HttpClient(connect_timeout_s=0.1, stall_timeout_s=0.1) as client,
    ):
        with pytest.raises(SourceError) as caught:
            await client.get_small(server.url, bytes_max=9)
    assert caught.value.code == "timeout"


async def test_renewed_connections_end_what_waits_on_the_old_ones() -> None:
    """As when this machine's address has changed: no server and no network would ever tell."""
    asked = asyncio.Event()

    async def answer(heard: Heard, writer: asyncio.StreamWriter) -> None:
        if heard.target == "/slow":
            asked.set()
            await asyncio.sleep(60)
        await whole(CONTENT)(heard, writer)

    async with scripted(answer) as server, HttpClient() as client:
        await client.get_small(server.url, bytes_max=SIZE)
        waiting = asyncio.create_task(client.get_small(f"{server.url}/slow", bytes_max=SIZE))
        await asked.wait()
        await client.renew_connections()
        with pytest.raises(SourceError) as caught:
            await asyncio.wait_for(waiting, 5)
        again = await client.get_small(server.url, bytes_max=SIZE)
    assert caught.value.code == "reset"
    assert again == CONTENT
    assert server.connections == 2


async def test_renewed_connections_end_bodies_that_are_under_way() -> None:
    """One that stands still, for which nobody else would wake us before it is `stalled`."""
    came = asyncio.Event()
    begun = bytes(PIECE_BYTES_MIN)

    async def answer(heard: Heard, writer: asyncio.StreamWriter) -> None:
        writer.write(head("200 OK", f"Content-Length: {2 * len(begun)}") + begun)
        await writer.drain()
        await asyncio.sleep(60)

    async def sink(offset: int, data: bytes | memoryview) -> None:
        came.set()

    async with scripted(answer) as server, HttpClient() as client:
        under_way = asyncio.create_task(
            client.fetch(server.url, stop=None, expected_bytes=None, sink=sink)
        )
        await came.wait()
        await client.renew_connections()
        with pytest.raises(SourceError) as caught:
            await asyncio.wait_for(under_way, 5)
    assert caught.value.code == "reset"


async def test_a_connection_that_closes_without_an_answer() -> None:
    async def answer(_: Heard, writer: asyncio.StreamWriter) -> None:
        raise EOFError

    assert (await error_of(answer)).code == "reset"


async def test_what_is_no_http() -> None:
    async def answer(_: Heard, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.9\r\n\r\n")

    assert (await error_of(answer)).code == "bad_answer"


async def test_endless_headers_end() -> None:
    async def answer(_: Heard, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n")
        for _i in range(10_000):
            writer.write(b"X-Filler: " + b"a" * 8000 + b"\r\n")
            await writer.drain()

    assert (await error_of(answer)).code in ("bad_answer", "timeout")


async def test_nobody_listens() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        async with HttpClient() as client:
            with pytest.raises(SourceError) as caught:
                await client.get_small(f"http://127.0.0.1:{port}/", bytes_max=9)
    assert caught.value.code == "refused"
    assert not caught.value.permanent


async def test_a_name_that_does_not_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    async def nowhere(*_: object, **__: object) -> object:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", nowhere)
    async with HttpClient() as client:
        with pytest.raises(SourceError) as caught:
            await client.get_small("http://origin.invalid/", bytes_max=9)
    assert caught.value.code == "dns"


@pytest.mark.parametrize(
    "url", ["", "p.mcd", "ftp://h/p", "file:///etc/hosts", "http://", "http://[x/"]
)
async def test_what_is_no_url(url: str) -> None:
    async with HttpClient() as client:
        with pytest.raises(SourceError) as caught:
            await client.get_small(url, bytes_max=9)
    assert (caught.value.code, caught.value.permanent) == ("bad_url", True)


# --- statuses ---------------------------------------------------------------------------------


async def test_statuses_are_named_and_sorted() -> None:
    for status, permanent in ((401, True), (403, True), (404, True), (410, True), (500, False)):
        error = await error_of(fixed(f"{status} X"), right=False)
        assert (error.code, error.permanent) == (f"status_{status}", permanent)


async def test_a_busy_peer_says_when_and_whom_to_ask() -> None:
    busy = fixed("503 Busy", "Retry-After: 2", "Mcastdist-Peers: 10.0.0.9:7447, 10.0.0.8:7447")
    error = await error_of(busy)
    assert isinstance(error, AskOthers)
    assert (error.retry_after_s, error.addresses) == (2.0, ("10.0.0.9:7447", "10.0.0.8:7447"))


async def test_416() -> None:
    unsatisfied = fixed("416 Range Not Satisfiable", "Content-Range: bytes */5")
    assert (await error_of(unsatisfied, 100, 200)).code == "wrong_length"


# --- proxies ----------------------------------------------------------------------------------


async def test_a_proxy_from_the_environment_unless_for_peers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with scripted(whole(b"by proxy")) as proxy, scripted(whole(b"direct")) as server:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        async with HttpClient() as client:
            assert await client.get_small(f"{server.url}/p", bytes_max=99) == b"by proxy"
        assert proxy.heard[0].target == f"{server.url}/p"
        async with HttpClient(proxies=False) as client:
            assert await client.get_small(f"{server.url}/p", bytes_max=99) == b"direct"
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        async with HttpClient() as client:
            assert await client.get_small(f"{server.url}/p", bytes_max=99) == b"direct"


async def test_a_proxy_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("http_proxy", f"http://user:geheim@127.0.0.1:{free.getsockname()[1]}")
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        async with HttpClient() as client:
            with pytest.raises(SourceError) as caught:
                await client.get_small("http://127.0.0.1:9/p", bytes_max=99)
    assert caught.value.code == "proxy"
    assert "geheim" not in str(caught.value)


# --- TLS --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def trust(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with ca.pem, other-ca.pem, and server.pem (key and certificate of 127.0.0.1)."""
    folder = tmp_path_factory.mktemp("trust")
    ca_key, ca = authority("our CA")
    (folder / "ca.pem").write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    _, other = authority("another CA")
    (folder / "other-ca.pem").write_bytes(other.public_bytes(serialization.Encoding.PEM))
    for name, host in (("server", "127.0.0.1"), ("misnamed", "127.0.0.99")):
        (folder / f"{name}.pem").write_bytes(server_pem(ca_key, ca, host))
    return folder


async def test_https_with_a_given_ca(trust: Path) -> None:
    async with (
        scripted(ranged(CONTENT), tls=server_side(trust / "server.pem")) as server,
        HttpClient(ca_file=str(trust / "ca.pem")) as client,
    ):
        _, kept = await fetch(client, f"{server.url}/p.payload", 5, SIZE)
    assert bytes(kept.data) == CONTENT[5:]


async def test_a_server_we_have_no_reason_to_trust(trust: Path) -> None:
    ours, other = str(trust / "ca.pem"), str(trust / "other-ca.pem")
    for name, ca_file in (("server", other), ("server", None), ("misnamed", ours)):
        async with (
            scripted(whole(b"x"), tls=server_side(trust / f"{name}.pem")) as server,
            HttpClient(ca_file=ca_file) as client,
        ):
            with pytest.raises(SourceError) as caught:
                await client.get_small(f"{server.url}/p", bytes_max=9)
        assert caught.value.code == "tls", (name, ca_file)
        assert server.heard == []


async def test_a_certificate_that_has_expired(tmp_path: Path) -> None:
    key, ca = authority("ours")
    (tmp_path / "ca.pem").write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    (tmp_path / "expired.pem").write_bytes(server_pem(key, ca, "127.0.0.1", days=-1))
    async with (
        scripted(whole(b"x"), tls=server_side(tmp_path / "expired.pem")) as server,
        HttpClient(ca_file=str(tmp_path / "ca.pem")) as client,
    ):
        with pytest.raises(SourceError, match="expired") as caught:
            await client.get_small(f"{server.url}/p", bytes_max=9)
    assert caught.value.code == "tls"
    assert not caught.value.permanent


async def test_https_does_not_lead_to_plain_http(trust: Path) -> None:
    async with scripted(whole(b"x")) as plain:
        table = {"/p": f"{plain.url}/p"}
        answer = redirecting(table, whole(b"x"))
        async with (
            scripted(answer, tls=server_side(trust / "server.pem")) as server,
            HttpClient(ca_file=str(trust / "ca.pem")) as client,
        ):
            with pytest.raises(SourceError) as caught:
                await client.get_small(f"{server.url}/p", bytes_max=9)
    assert caught.value.code == "insecure_redirect"
    assert plain.heard == []


async def test_tls_asked_of_a_plain_server() -> None:
    async def plain(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(head("400 Bad Request", "Content-Length: 0"))
        writer.close()

    server = await asyncio.start_server(plain, "127.0.0.1", 0)
    async with server, HttpClient() as client:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(SourceError) as caught:
            await client.get_small(f"https://127.0.0.1:{port}/p", bytes_max=9)
    assert caught.value.code in ("tls", "reset")


def test_a_ca_file_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("nothing")
    for name in ("missing.pem", "empty.pem"):
        with pytest.raises(UsageError, match=name):
            HttpClient(ca_file=str(tmp_path / name))
