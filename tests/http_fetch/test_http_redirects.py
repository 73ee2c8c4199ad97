"""Redirects: where they lead, by URL alone and over a real server."""

from __future__ import annotations

import pytest
from checked_fetch import CONTENT, error_of, fetch
from scripted_server import ranged, redirecting, scripted, whole
from yarl import URL

from mcastdist.errors import SourceError
from mcastdist.http_fetch.client import HttpClient
from mcastdist.http_fetch.redirects import target_of


async def test_redirects_are_followed_and_keep_the_range() -> None:
    table = {"/p.payload": "/a", "/a": "b/c?sig=1"}
    async with scripted(redirecting(table, ranged(CONTENT))) as server, HttpClient() as client:
        fetched, kept = await fetch(client, f"{server.url}/p.payload", 10, 20)
    assert bytes(kept.data) == CONTENT[10:20]
    assert fetched.final_url == f"{server.url}/b/c?sig=1"


@pytest.mark.parametrize(
    ("path", "to", "expected"),
    [
        ("/a%2Fb%20c%3Fd%25/p", "q", "/a%2Fb%20c%3Fd%25/q"),
        ("/a%2Fb/p", "./q%2Fr%3F?s=1", "/a%2Fb/q%2Fr%3F?s=1"),
        ("/a%2Fb/c/p", "../q", "/a%2Fb/q"),
        ("/a%2Fb/p", "?s=1", "/a%2Fb/p?s=1"),
        ("/a%2Fb/", "q", "/a%2Fb/q"),
        ("/a/p", "/b%2Fc%20d%3F", "/b%2Fc%20d%3F"),
        ("/a/p", "b c/\u00fc", "/a/b%20c/%C3%BC"),
        ("/a/p", "../../../q", "/q"),
        ("", "q", "/q"),
    ],
)
def test_what_is_encoded_stays_so(path: str, to: str, expected: str) -> None:
    url = URL(f"https://host.example:8443{path}")
    assert target_of(str(url), url, to).raw_path_qs == expected


def test_targets_on_other_servers_are_taken_as_they_are() -> None:
    url = URL("http://host.example/a%2Fb/p?s=1")
    for to in ("http://cdn.example/a%2Fb%20c", "https://[2001:db8::1]:8443/p?q=1"):
        assert str(target_of(str(url), url, to)) == to
    assert str(target_of(str(url), url, "//cdn.example/x%2Fy")) == "http://cdn.example/x%2Fy"


@pytest.mark.parametrize(
    "to", ["", "ftp://h/p", "javascript:alert(1)", "http://[x/", "http://h:99999/"]
)
def test_what_is_no_web_address_is_refused(to: str) -> None:
    url = URL("http://user:geheim@host.example/p?signature=secret")
    with pytest.raises(SourceError) as caught:
        target_of(str(url), url, to)
    assert (caught.value.code, caught.value.permanent) == ("redirect", True)
    assert "geheim" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_https_leads_to_https_only() -> None:
    url = URL("https://host.example/p")
    with pytest.raises(SourceError) as caught:
        target_of(str(url), url, "http://host.example/p?signature=secret")
    assert caught.value.code == "insecure_redirect"
    assert "secret" not in str(caught.value)
    assert target_of(str(url), url, "/q") == URL("https://host.example/q")


async def test_a_relative_redirect_from_an_encoded_path_asks_for_the_right_file() -> None:
    table = {"/a%2Fb%20c/p.payload": "q.payload"}
    async with scripted(redirecting(table, whole(b"x"))) as server, HttpClient() as client:
        await client.get_small(f"{server.url}/a%2Fb%20c/p.payload", bytes_max=9)
    assert [one.target for one in server.heard] == [
        "/a%2Fb%20c/p.payload",
        "/a%2Fb%20c/q.payload",
    ]


async def test_redirect_loops_end() -> None:
    error = await error_of(redirecting({"/p.payload": "/p.payload"}, whole(CONTENT)))
    assert (error.code, error.permanent) == ("redirect", True)


@pytest.mark.parametrize("to", ["file:///etc/passwd", "gopher://x/", "", "http://", "http://[x/"])
async def test_redirects_lead_to_web_addresses_only(to: str) -> None:
    assert (await error_of(redirecting({"/p.payload": to}, whole(CONTENT)))).code == "redirect"


async def test_credentials_do_not_follow_a_redirect_to_another_server() -> None:
    async with scripted(whole(b"x")) as other:
        table = {"/p": f"{other.url}/p"}
        async with scripted(redirecting(table, whole(b"x"))) as server, HttpClient() as client:
            await client.get_small(
                f"{server.url}/p", bytes_max=9, headers={"Authorization": "Mcastdist abc"}
            )
    assert server.heard[0].headers["authorization"] == "Mcastdist abc"
    assert "authorization" not in other.heard[0].headers


async def test_a_client_for_peers_follows_nothing() -> None:
    async with (
        scripted(redirecting({"/p": "/q"}, whole(b"x"))) as server,
        HttpClient(redirects_max=0) as client,
    ):
        with pytest.raises(SourceError) as caught:
            await client.get_small(f"{server.url}/p", bytes_max=9)
    assert caught.value.code == "redirect"
    assert len(server.heard) == 1
