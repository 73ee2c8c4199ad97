"""The checks a type cannot express, at their edges."""

from __future__ import annotations

import pytest

from mcastdist.agent.settings_checks import (
    MINISIGN_KEY,
    Check,
    address_or_nothing,
    group_network,
    http_prefixes,
    key,
    key_ids,
    loopback_or_nothing,
    minutes,
    networks,
    zero_or,
)

GROUP_V4 = group_network(4, 8, 24)
GROUP_V6 = group_network(6, 16, 96)


@pytest.mark.parametrize(
    ("check", "good"),
    [
        (zero_or(10, 20), (0, 10, 20)),
        (GROUP_V4, ("239.255.0.0/16", "239.0.0.0/8", "239.255.255.0/24", "224.1.0.0/16")),
        (GROUP_V6, ("ff12::/16", "ff15:0:0:0:0:0::/96")),
        (address_or_nothing, ("", "127.0.0.5", "fe80::1")),
        (networks, ((), ("10.0.0.0/8",), ("fd00::/8", "192.0.2.7/32"))),
        (loopback_or_nothing, ("", "127.9.9.9:0", "localhost:1", "[::1]:65535", "::1:80")),
        (http_prefixes, ((), ("http://a",), ("https://a.b:1/c/d/",))),
        (key_ids, ((), ("A1B2C3D4E5F60718",), ("a1b2c3d4e5f60718", "0" * 16))),
        (minutes, ((), (0.01,), (1_440.0,))),
    ],
)
def test_what_is_good(check: Check, good: tuple[object, ...]) -> None:
    assert [value for value in good if not check(value)] == []


BAD_LISTEN = (
    "127.0.0.1", ":80", "0.0.0.0:1", "[::]:1", "127.0.0.1:", "127.0.0.1:-1", "127.0.0.1:65536",
    "127.0.0.1:\u0663", "192.0.2.1:80", "example.org:80",
)  # fmt: skip
BAD_GROUP_V4 = (
    "", "239.0.0.0/7", "239.255.255.0/25", "239.255.0.1/16", "10.0.0.0/8", "ff12::/16",
)  # fmt: skip
BAD_PREFIXES = (("ftp://a",), ("http://",), ("http:///p",), ("http://a b",), ("a",), ("",))


@pytest.mark.parametrize(
    ("check", "bad"),
    [
        (zero_or(10, 20), (9, 21, -1, 10.5)),
        (GROUP_V4, BAD_GROUP_V4),
        (GROUP_V6, ("ff12::/15", "ff12::/97", "fe80::/16", "ff12::1/16", "239.255.0.0/16")),
        (address_or_nothing, ("localhost", "127.0.0.1/8", "127.0.0.256", " ", "eth0")),
        (networks, (("10.0.0.1/8",), ("10.0.0.0/8", "x"), ("",))),
        (loopback_or_nothing, BAD_LISTEN),
        (http_prefixes, BAD_PREFIXES),
        (key_ids, (("",), ("A1B2C3D4E5F6071",), ("A1B2C3D4E5F607189",), ("A1B2C3D4E5F6071G",))),
        (minutes, ((0.0,), (-1.0,), (1_440.1,), (float("nan"),), (float("inf"),))),
    ],
)
def test_what_is_bad(check: Check, bad: tuple[object, ...]) -> None:
    assert [value for value in bad if check(value)] == []


def test_a_minisign_key_is_told_from_a_path() -> None:
    assert MINISIGN_KEY.fullmatch("RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3")
    assert not MINISIGN_KEY.fullmatch("keys/signing.pub")
    assert not MINISIGN_KEY.fullmatch("RWQ")


def test_a_key_carries_what_the_table_asks_for() -> None:
    meta = key("What it does.", ge=1, le=2, restart=True)

    assert (meta.description, meta.ge, meta.le) == ("What it does.", 1, 2)
    assert meta.extra is not None
    assert meta.extra["restart"]
    assert not meta.extra["per_task"]
