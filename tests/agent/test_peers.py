"""The HTTP side that other members fetch from, asked by a real client."""

from __future__ import annotations

import asyncio
import gc
import hashlib
import sys
from asyncio.trsock import TransportSocket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
from agent_kit import (
    ALICE,
    BLOCK,
    KEY,
    OTHER_KEY,
    admit,
    fill,
    held,
    make_library,
    make_opener,
    make_voice,
    noise,
    publish,
    until,
)
from aiohttp import web
from own_namespace import run_in_own_namespace
from unread import hold_little, unread

from mcastdist.agent import giving
from mcastdist.agent.library import Library
from mcastdist.agent.package import OpenPackage
from mcastdist.agent.peer_words import authorization, unpack_manifest
from mcastdist.agent.peers import PeerServer
from mcastdist.errors import StorageError
from mcastdist.ids import ContentId
from mcastdist.manifest import StalePackage
from mcastdist.wire import SEAL_TAG_BYTES, BlockSeal

PUBLISHED = publish({"a": noise("a", BLOCK + 1000)})
CONTENT = PUBLISHED.content
BLOCKS = f"/v1/content/{CONTENT.hex()}/blocks"
MANIFEST = f"/v1/content/{CONTENT.hex()}/manifest"
SEAL = BlockSeal(KEY, CONTENT)


@dataclass
class Peer:
    """A server, and somebody who asks it."""

    server: PeerServer
    library: Library
    http: aiohttp.ClientSession
    port: int = 0
    expected: bool = False
    refuses: Exception | None = None

    async def ask(
        self, path: str, *, header: str | None = "", asked: str | None = None, **headers: str
    ) -> tuple[int, bytes, dict[str, str]]:
        """As a member would; `header` takes the place of the authorization, None for none."""
        if header == "":
            header = authorization(make_voice(), "GET", asked or path)
        given = {"Authorization": header} if header else {}
        url = f"http://127.0.0.1:{self.port}{path}"
        async with self.http.get(url, headers=given | headers) as answer:
            return answer.status, await answer.read(), dict(answer.headers)


@pytest.fixture
async def peer(tmp_path: Path) -> AsyncIterator[Peer]:
    library = make_library(tmp_path)

    async def find(content: ContentId) -> OpenPackage | None:
        if peer.refuses is not None:
            raise peer.refuses
        return library.opened(content)

    server = PeerServer(
        opener=make_opener(ALICE),
        find=find,
        expected=lambda content: peer.expected,
        random_bytes=bytes,
        uploads_max=2,
    )
    async with aiohttp.ClientSession() as http:
        peer = Peer(server, library, http)
        peer.port = await server.listen(["127.0.0.1"], 0)
        yield peer
        await server.close()
    library.close_all()


def listening(server: PeerServer) -> list[TransportSocket]:
    """The sockets that it accepts connections of."""
    assert server._runner is not None
    return [sock for site in server._runner.sites for sock in site._server.sockets]


async def test_blocks_and_manifest_come_sealed(peer: Peer) -> None:
    held(peer.library, PUBLISHED)
    status, body, _ = await peer.ask(f"{BLOCKS}/1")
    assert (status, SEAL.open(1, body)) == (200, PUBLISHED.payload[BLOCK:])
    assert peer.server.uploaded_bytes == 1000 + 16

    status, body, _ = await peer.ask(MANIFEST)
    manifest, signature = unpack_manifest(SEAL.open_manifest(body))
    assert (status, manifest, signature) == (200, PUBLISHED.data, PUBLISHED.signature)
    assert hashlib.sha256(manifest).digest() == CONTENT


async def test_nothing_that_was_given_is_kept_for_as_long_as_a_connection_is(peer: Peer) -> None:
    held(peer.library, PUBLISHED)
    gc.collect()
    for path in (f"{BLOCKS}/0", MANIFEST):
        assert (await peer.ask(path))[0] == 200
    answers = [one for one in gc.get_objects() if isinstance(one, web.StreamResponse)]

    assert answers  # the connection's last is there
    assert not any(getattr(one, "body", None) for one in answers)
    views = [one for one in gc.get_objects() if isinstance(one, memoryview)]
    assert not any(one.nbytes > BLOCK for one in views)
    assert peer.server.uploaded_bytes == BLOCK + SEAL_TAG_BYTES


async def test_who_is_no_member_learns_nothing(peer: Peer) -> None:
    held(peer.library, PUBLISHED)
    stranger = authorization(make_voice(key=OTHER_KEY), "GET", MANIFEST)
    for header, cause in (
        (None, b"missing"),
        ("Bearer x", b"missing"),
        ("Mcastdist AAAA", b"too_short"),
        (stranger, b"key"),
        (authorization(make_voice(), "GET", f"{BLOCKS}/0"), b"another_request"),
    ):
        status, body, _ = await peer.ask(MANIFEST, header=header)
        assert (status, body) == (401, cause)
    assert peer.server.refused["key"] == 1


async def test_a_token_is_good_for_one_request(peer: Peer) -> None:
    held(peer.library, PUBLISHED)
    header = authorization(make_voice(), "GET", MANIFEST)

    assert (await peer.ask(MANIFEST, header=header))[0] == 200
    assert (await peer.ask(MANIFEST, header=header))[:2] == (401, b"replayed")


@pytest.mark.parametrize(
    ("range_header", "part"),
    [
        ("bytes=0-99", slice(0, 100)),
        ("bytes=1000-", slice(1000, None)),
        ("bytes=-5", slice(-5, None)),
        ("bytes=1000-999999", slice(1000, None)),
    ],
)
async def test_one_range_of_a_block(peer: Peer, range_header: str, part: slice) -> None:
    package = held(peer.library, PUBLISHED)
    sealed = package.sealed_block(1, SEAL)
    status, body, headers = await peer.ask(f"{BLOCKS}/1", Range=range_header)

    assert (status, body) == (206, sealed[part])
    start = range(len(sealed))[part][0]
    assert headers["Content-Range"] == f"bytes {start}-{start + len(body) - 1}/{len(sealed)}"


@pytest.mark.parametrize("range_header", ["bytes=5000-", "bytes=9-3", "lines=1-2", "bytes=a-b"])
async def test_a_range_that_is_none(peer: Peer, range_header: str) -> None:
    held(peer.library, PUBLISHED)

    assert (await peer.ask(f"{BLOCKS}/1", Range=range_header))[0] == 416


async def test_what_is_not_here_and_what_will_be(peer: Peer) -> None:
    fill(admit(peer.library, PUBLISHED), PUBLISHED.payload, [(BLOCK, BLOCK + 1000)])
    assert (await peer.ask(f"{BLOCKS}/1"))[0] == 200
    assert (await peer.ask(f"{BLOCKS}/0"))[:2] == (404, b"not held")

    peer.expected = True
    status, body, headers = await peer.ask(f"{BLOCKS}/0")
    assert (status, body, headers["Retry-After"]) == (425, b"not yet", "1")


@pytest.mark.parametrize(
    "path",
    [
        f"{BLOCKS}/2",
        f"{BLOCKS}/999999999",
        f"{BLOCKS}/x",
        f"{BLOCKS}/-1",
        f"{BLOCKS}/%D9%A1",
        "/v1/content/zz/manifest",
        f"/v1/content/{'00' * 32}/manifest",
        f"/v1/content/{'00' * 31}/manifest",
    ],
)
async def test_what_never_was(peer: Peer, path: str) -> None:
    held(peer.library, PUBLISHED)
    decoded = path.replace("%D9%A1", "\u0661")

    assert (await peer.ask(path, asked=decoded))[0] == 404


@pytest.mark.parametrize("error", [StalePackage("expired", "x"), StorageError("x")])
async def test_what_may_not_be_given_any_more(peer: Peer, error: Exception) -> None:
    held(peer.library, PUBLISHED)
    peer.refuses, peer.expected = error, True

    assert (await peer.ask(MANIFEST))[:2] == (404, b"not held")


async def test_who_does_not_give_says_so(peer: Peer) -> None:
    held(peer.library, PUBLISHED)
    peer.server.is_open, peer.expected = False, True

    assert (await peer.ask(MANIFEST))[0] == 404


async def test_a_busy_peer_names_others_and_manifests_do_not_count(peer: Peer) -> None:
    held(peer.library, PUBLISHED)
    peer.server.uploads_max = 0
    peer.server.others = lambda content: ["10.0.0.2:7447", "[fe80::1%eth0]:7447"]
    status, body, headers = await peer.ask(f"{BLOCKS}/0")

    assert (status, body, headers["Retry-After"]) == (503, b"busy", "1")
    assert headers["Mcastdist-Peers"] == "10.0.0.2:7447, [fe80::1%eth0]:7447"
    assert (await peer.ask(MANIFEST))[0] == 200
    peer.server.uploads_max = 1
    assert (await peer.ask(f"{BLOCKS}/0"))[0] == 200


async def test_no_more_than_so_many_at_once_and_slots_are_given_back(peer: Peer) -> None:
    package = held(peer.library, PUBLISHED)
    answers = await asyncio.gather(*(peer.ask(f"{BLOCKS}/0") for _ in range(8)))

    statuses = [status for status, _, _ in answers]
    assert set(statuses) <= {200, 503}
    assert statuses.count(200) >= 2
    assert not peer.server.is_busy
    package.holding._payload.close()
    assert (await peer.ask(f"{BLOCKS}/0"))[0] == 404
    assert not peer.server.is_busy


async def test_a_slot_whose_peer_takes_nothing_is_anothers(
    peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    held(peer.library, PUBLISHED)
    peer.server.uploads_max = 1
    for sock in listening(peer.server):
        hold_little(sock)
    header = authorization(make_voice(), "GET", f"{BLOCKS}/0")
    with monkeypatch.context() as impatient:
        impatient.setattr(giving, "STALL_S", 0.1)
        async with unread(peer.port, f"{BLOCKS}/0", header):
            await until(lambda: peer.server.is_busy)
            await until(lambda: not peer.server.is_busy)

    assert peer.server.uploaded_bytes < BLOCK
    assert (await peer.ask(f"{BLOCKS}/0"))[0] == 200


async def test_a_taken_port_is_no_reason_to_be_silent(peer: Peer) -> None:
    second = PeerServer(
        opener=make_opener(ALICE),
        find=lambda content: asyncio.sleep(0),
        expected=lambda content: False,
        random_bytes=bytes,
        uploads_max=1,
    )
    port = await second.listen(["127.0.0.1"], peer.port)
    assert port != peer.port
    assert await second.listen(["127.0.0.1", "127.0.0.2"], port) == port
    reader, writer = await asyncio.open_connection("127.0.0.2", port)
    writer.close()
    assert reader is not None
    await second.close()


async def test_an_address_that_is_not_ours_now_keeps_nobody_from_listening(peer: Peer) -> None:
    documented = "192.0.2.1"  # RFC 5737: nobody has it

    assert await peer.server.listen([documented, "127.0.0.3"], peer.port) == peer.port

    _, writer = await asyncio.open_connection("127.0.0.3", peer.port)
    writer.close()
    assert len(listening(peer.server)) == 1  # nothing is left of what could not be
    assert (documented, 0) not in peer.server._sites  # so it is tried again at the next call


async def test_an_address_that_has_gone_is_not_listened_on_any_more(peer: Peer) -> None:
    held(peer.library, PUBLISHED)
    assert await peer.server.listen(["127.0.0.3"], peer.port) == peer.port

    assert len(listening(peer.server)) == 1
    with pytest.raises(aiohttp.ClientConnectorError):
        async with aiohttp.ClientSession() as newcomer:
            await newcomer.get(f"http://127.0.0.1:{peer.port}/")

    assert await peer.server.listen(["127.0.0.1"], peer.port) == peer.port
    assert (await peer.ask(MANIFEST))[0] == 200


IN_A_NAMESPACE = """
import asyncio, subprocess
from mcastdist.agent.peers import PeerServer

HOST = "fe80::1%mcd6"
MAKE = ("link add mcd6 type veth peer name mcd7", "link set mcd6 addrgenmode none",
        "link set mcd6 up", "link set mcd7 up", "address add fe80::1/64 dev mcd6 nodad")

def ip(*commands):
    for command in commands:
        subprocess.run(["ip", *command.split()], check=True)

async def main():
    server = PeerServer(opener=type("O", (), {"refused": {}}), find=None, expected=None,
                        random_bytes=bytes, uploads_max=1)
    ip("link set lo up", *MAKE)
    port = await server.listen([HOST], 0)
    ip("link del mcd6", *MAKE)
    assert await server.listen([HOST], port) == port
    _, writer = await asyncio.wait_for(asyncio.open_connection(HOST, port), 5)
    writer.close()
    ip("link del mcd6")
    assert await server.listen([HOST], port) == port
    await server.close()
    print("reached")

asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="namespaces are Linux's")
def test_an_interface_that_is_made_anew_is_listened_on_anew() -> None:
    """A USB adapter comes back with its name and its link-local address, and another number."""
    ran = run_in_own_namespace(IN_A_NAMESPACE)

    assert ran.stdout == "reached\n", ran.stderr
