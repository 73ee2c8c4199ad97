"""What peers say to one another over HTTP."""

from __future__ import annotations

import base64

import pytest
from agent_kit import ALICE, BOB, OTHER_KEY, make_opener, make_voice
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from mcastdist.agent.peer_words import (
    as_reached,
    authenticate,
    authorization,
    pack_manifest,
    unpack_manifest,
)
from mcastdist.errors import PeerError
from mcastdist.wire import Dismiss

PATH = "/v1/content/x/manifest"


def ask(header: str | None, *, path: str = PATH, method: str = "GET") -> web.Request:
    return make_mocked_request(method, path, {} if header is None else {"Authorization": header})


def refusal(header: str | None, **request: str) -> str:
    with pytest.raises(web.HTTPUnauthorized) as refused:
        authenticate(make_opener(ALICE), ask(header, **request))
    assert refused.value.headers["WWW-Authenticate"] == "Mcastdist"
    return refused.value.text or ""


def test_a_member_is_let_in_once() -> None:
    opener, header = make_opener(ALICE), authorization(make_voice(BOB), "GET", PATH)
    authenticate(opener, ask(header))

    with pytest.raises(web.HTTPUnauthorized) as refused:
        authenticate(opener, ask(header))
    assert refused.value.text == "replayed"
    assert opener.refused["replayed"] == 1


@pytest.mark.parametrize(
    ("named", "asked", "reached"),
    [
        ("10.0.0.2:80", "10.0.0.1:80", "10.0.0.2:80"),
        ("[fd00::2]:80", "[fe80::1%lan7]:80", "[fd00::2]:80"),
        ("[fe80::2]:80", "[fe80::1%lan7]:80", "[fe80::2%lan7]:80"),
        ("[fe80::2%eth0]:80", "[fe80::1%lan7]:80", "[fe80::2%lan7]:80"),
        ("[fe80::2%eth0]:80", "[fd00::1]:80", "[fe80::2]:80"),
    ],
)
def test_a_link_local_address_is_reached_by_our_interface_not_by_the_namers(
    named: str, asked: str, reached: str
) -> None:
    assert as_reached(named, asked) == reached


def test_others_are_told_why_not() -> None:
    voice = make_voice(BOB)
    sealed = base64.urlsafe_b64encode(voice.seal(Dismiss(1, "x"))).decode()

    assert refusal(None) == "missing"
    assert refusal("Basic eDp5") == "missing"
    assert refusal("Mcastdist") == "too_short"
    assert refusal("Mcastdist ***") == "malformed"
    assert refusal("Mcastdist ü") == "malformed"
    assert refusal(f"Mcastdist {sealed}") == "another_request"
    assert refusal(authorization(make_voice(BOB, OTHER_KEY), "GET", PATH)) == "key"
    assert refusal(authorization(voice, "GET", PATH), path="/v1/content/y/manifest") == (
        "another_request"
    )
    assert refusal(authorization(voice, "GET", PATH), method="HEAD") == "another_request"


def test_a_manifest_is_packed_with_its_signature() -> None:
    assert unpack_manifest(pack_manifest(b"manifest", b"sig")) == (b"manifest", b"sig")
    assert unpack_manifest(pack_manifest(b"", b"")) == (b"", b"")


@pytest.mark.parametrize("body", [b"", b"\0\0\0", b"\0\0\0\x02x", b"\xff" * 100])
def test_half_a_manifest_is_none(body: bytes) -> None:
    with pytest.raises(PeerError):
        unpack_manifest(body)
