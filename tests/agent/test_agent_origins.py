"""What becomes of a task whose origin is not to be trusted, not found, or hidden behind a login?

Whole agents, and an origin made of raw bytes: a reason with its code, and where there is another
source or a neighbour, the package all the same.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from agent_kit import PATIENCE_S, Published, Site, noise, publish
from cryptography.hazmat.primitives import serialization

from mcastdist.agent.api import TaskRecord, TaskRequest
from mcastdist.agent.controller import AgentController

sys.path.insert(0, str(Path(__file__).parents[1] / "http_fetch"))  # the origin of raw bytes

from certificates import authority, server_pem, server_side  # after the path
from scripted_server import Answer, Heard, fixed, ranged, redirecting, scripted

PUBLISHED = publish({"a": noise("a", 3 << 20)})
MANIFEST = f"{PUBLISHED.manifest.stem}.mcd"
LOGIN = fixed("200 OK", "Content-Type: text/html", body=b"<html>Welcome! Your room number?</html>")


@dataclass(frozen=True)
class Trust:
    """An authority's certificate, and two that it signed."""

    ca: Path
    valid: Path
    expired: Path


@pytest.fixture
def trust(tmp_path: Path) -> Trust:
    key, ca = authority("ours")
    (tmp_path / "ca.pem").write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    for name, days in (("valid", 1), ("expired", -1)):
        pem = server_pem(key, ca, "127.0.0.1", days=days)
        (tmp_path / f"{name}.pem").write_bytes(pem)
    return Trust(*(tmp_path / f"{name}.pem" for name in ("ca", "valid", "expired")))


def serving(published: Published) -> Answer:
    """A good server of one package."""
    stem = published.manifest.stem
    files = {
        f"/{stem}.mcd": published.data,
        f"/{stem}.mcd.minisig": published.signature,
        f"/{stem}.payload": published.payload,
    }

    async def answer(heard: Heard, writer: asyncio.StreamWriter) -> None:
        await ranged(files[heard.target])(heard, writer)

    return answer


async def fetch(agent: AgentController, url: str, dest: Path) -> TaskRecord:
    record = await agent.start(TaskRequest(url=url, dest=str(dest)))
    async with asyncio.timeout(2 * PATIENCE_S):
        async for now in agent.watch(record.id):
            record = now
    return record


async def test_an_expired_certificate_is_a_reason_and_nothing_is_asked(
    site: Site, trust: Trust
) -> None:
    async with (
        scripted(serving(PUBLISHED), tls=server_side(trust.expired)) as origin,
        site.agent(download__ca_file=trust.ca) as agent,
    ):
        record = await fetch(agent, f"{origin.url}/{MANIFEST}", site.folder / "out")
    assert record.state == "failed"
    assert record.reason == "tls"
    assert "expired" in record.sentence
    assert origin.heard == []


async def test_where_one_certificate_has_expired_the_other_server_gives_it(
    site: Site, trust: Trust
) -> None:
    """A preferred server that nobody has looked after."""
    url = site.publish(PUBLISHED)
    async with (
        scripted(serving(PUBLISHED), tls=server_side(trust.expired)) as stale,
        site.agent(download__ca_file=trust.ca, download__sources=f'["{stale.url}"]') as agent,
    ):
        record = await fetch(agent, url, site.folder / "out")
    assert record.state == "delivered"
    assert site.served(".payload") == len(PUBLISHED.payload)
    assert stale.heard == []


async def test_a_neighbour_gives_it_when_the_certificate_has_expired_since(
    site: Site, trust: Trust
) -> None:
    tls = server_side(trust.valid)
    async with (
        scripted(serving(PUBLISHED), tls=tls) as origin,
        site.agent(download__ca_file=trust.ca) as one,
        site.agent(download__ca_file=trust.ca) as two,
    ):
        url = f"{origin.url}/{MANIFEST}"
        first = await fetch(one, url, site.folder / "one")
        tls.load_cert_chain(trust.expired)
        asked = len(origin.heard)
        second = await fetch(two, url, site.folder / "two")
    assert [first.state, second.state] == ["delivered"] * 2
    assert second.bytes_by_source["origin"] == 0
    assert len(origin.heard) == asked


async def test_a_login_page_is_not_taken_for_the_package(site: Site) -> None:
    """Every request is sent to the network's login; then somebody has logged in."""
    free = serving(PUBLISHED)
    async with scripted(LOGIN) as portal:
        login = portal.url.replace("127.0.0.1", "localhost")
        captive = redirecting({f"/{MANIFEST}": login, f"/{MANIFEST}.minisig": login}, free)
        way = [captive]

        async def answer(heard: Heard, writer: asyncio.StreamWriter) -> None:
            await way[0](heard, writer)

        async with scripted(answer) as origin, site.agent() as agent:
            url = f"{origin.url}/{MANIFEST}"
            record = await fetch(agent, url, site.folder / "out")
            way[0] = free
            again = await fetch(agent, url, site.folder / "out")
    assert record.state == "failed"
    assert record.reason == "captive_portal"
    assert again.state == "delivered"


async def test_a_web_page_in_place_of_the_package_is_named(site: Site) -> None:
    async with scripted(LOGIN) as origin, site.agent() as agent:
        record = await fetch(agent, f"{origin.url}/{MANIFEST}", site.folder / "out")
    assert record.state == "failed"
    assert record.reason == "error_page"


async def test_a_name_that_nobody_knows_is_a_reason(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nowhere(*_: object, **__: object) -> object:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    async with site.agent() as agent:
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", nowhere)
        record = await fetch(agent, f"http://origin.invalid/{MANIFEST}", site.folder / "out")
        monkeypatch.undo()
    assert record.state == "failed"
    assert record.reason == "dns"
    assert "origin.invalid" in record.sentence
