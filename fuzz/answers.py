"""Can what a server or a peer answers do anything but be used as it should, or be refused?

The first line of an input is the status, then come headers, then after an empty line the body, as
HTTP has it; aiohttp's own parser is not tried here.
"""

from __future__ import annotations

from multidict import CIMultiDict
from yarl import URL

from mcastdist.agent.peer_words import unpack_manifest
from mcastdist.errors import PeerError, SourceError
from mcastdist.http_fetch.answers import judge
from mcastdist.http_fetch.asked import Asked, shown
from mcastdist.http_fetch.headers import Validator, retry_after_s
from mcastdist.http_fetch.redirects import target_of

PAGE = "https://origin.example/pool/tool-1.0.payload"
ASKED = (
    Asked(PAGE),
    Asked(PAGE, 100, 200, 1_000),
    Asked(PAGE, 100, None, 1_000, Validator("ETag", '"v1"')),
)


def fuzz_one(data: bytes) -> None:
    """Judge `data` as an answer to each request; follow its Location; unpack its body."""
    head, _, body = data.partition(b"\r\n\r\n")
    first, *rest = head.decode("latin-1").split("\r\n")
    headers: CIMultiDict[str] = CIMultiDict()
    for line in rest:
        name, _, value = line.partition(":")
        headers.add(name.strip(), value.strip())
    status = int(first) if first.isascii() and first.isdigit() and len(first) == 3 else 206
    for asked in ASKED:
        _judge(asked, status, headers)
    wait_s = retry_after_s(headers)
    assert wait_s is None or wait_s >= 0
    _follow(headers.get("Location", first))
    assert isinstance(shown(first), str)
    try:
        manifest, signature = unpack_manifest(body)
    except PeerError:
        return
    assert len(manifest) + len(signature) + 4 == len(body)


def seeds() -> list[bytes]:
    """Answers that are true, for a fuzzer to spoil."""
    return [
        b'206\r\nContent-Range: bytes 100-199/1000\r\nContent-Length: 100\r\nETag: "v1"\r\n\r\n',
        b"200\r\nContent-Length: 1000\r\nContent-Type: application/octet-stream\r\n\r\n",
        b"200\r\nContent-Type: text/html; charset=utf-8\r\nContent-Encoding: gzip\r\n\r\n<html>",
        b"503\r\nRetry-After: 1\r\nMcastdist-Peers: 10.0.0.2:7447, [fe80::1]:7447\r\n\r\n",
        b"503\r\nRetry-After: Wed, 21 Oct 2026 07:28:00 GMT\r\n\r\n",
        b"416\r\nContent-Range: bytes */1000\r\n\r\n",
        b"302\r\nLocation: ../other/tool-1.0.payload?x=1\r\n\r\n",
        b"200\r\n\r\n\x00\x00\x00\x03abcsignature",
    ]


def _judge(asked: Asked, status: int, headers: CIMultiDict[str]) -> None:
    try:
        body = judge(asked, status, headers, final_url=PAGE)
    except SourceError:
        return
    assert body.first in (0, asked.first)
    if asked.expected_bytes is not None:
        assert body.total_bytes in (None, asked.expected_bytes)
        assert body.stop is None or body.first < body.stop <= asked.expected_bytes


def _follow(location: str) -> None:
    try:
        target = target_of(PAGE, URL(PAGE), location)
    except SourceError:
        return
    assert target.scheme == "https", "led from HTTPS to something else"
