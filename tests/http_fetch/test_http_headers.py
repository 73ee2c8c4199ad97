"""Headers read one by one: what is meant is taken, nonsense says nothing."""

from __future__ import annotations

import pytest

from mcastdist.http_fetch.headers import (
    Validator,
    content_length,
    content_range,
    peers_named,
    retry_after_s,
    strong_validator,
    unsatisfied_total,
)


def test_lengths_and_ranges() -> None:
    assert content_length({"Content-Length": " 10 "}) == 10
    assert content_range({"Content-Range": "bytes 5-9/100"}) == (5, 10, 100)
    assert content_range({"Content-Range": "Bytes 5-9/*"}) == (5, 10, None)
    assert unsatisfied_total({"Content-Range": "bytes */100"}) == 100


@pytest.mark.parametrize(
    "text", ["", "x", "-1", "1.0", "\u0663", "9" * 19, "bytes 5-9", "bytes */*", "bytes 5-*/9"]
)
def test_nonsense_says_nothing(text: str) -> None:
    assert content_length({"Content-Length": text}) is None
    assert content_range({"Content-Range": text}) is None
    assert unsatisfied_total({"Content-Range": text}) is None


def test_a_part_and_no_part_are_not_mistaken_for_one_another() -> None:
    assert content_range({"Content-Range": "bytes */100"}) is None
    assert unsatisfied_total({"Content-Range": "bytes 5-9/100"}) is None


def test_a_validator_matches_its_own_header_only() -> None:
    assert Validator("ETag", '"a"').matches({"ETag": '"a"'})
    assert not Validator("ETag", '"a"').matches({"ETag": '"b"', "Last-Modified": '"a"'})
    assert not Validator("ETag", '"a"').matches({})


def test_only_strong_validators_count() -> None:
    at, second, later = (f"Mon, 03 Mar 2025 10:00:0{n} GMT" for n in (0, 1, 2))
    assert strong_validator({"ETag": '"a"', "Last-Modified": at, "Date": later}) == Validator(
        "ETag", '"a"'
    )
    for weak in ('W/"a"', "a", '"', ""):
        assert strong_validator({"ETag": weak}) is None
    dated = {"ETag": 'W/"a"', "Last-Modified": at, "Date": second}
    assert strong_validator(dated) == Validator("Last-Modified", at)
    assert strong_validator({"Last-Modified": at, "Date": at}) is None
    assert strong_validator({"Last-Modified": at}) is None
    for nonsense in ("yesterday", at.replace("GMT", "+" + "9" * 30), at.replace("2025", "9" * 9)):
        assert strong_validator({"Last-Modified": nonsense, "Date": at}) is None


def test_retry_after() -> None:
    date = "Mon, 03 Mar 2025 10:00:00 GMT"
    assert retry_after_s({"Retry-After": "17"}) == 17.0
    assert retry_after_s({"Retry-After": "999999999"}) == 3600.0
    until = {"Retry-After": "Mon, 03 Mar 2025 10:01:30 GMT"}
    assert retry_after_s(until | {"Date": date}) == 90.0  # by the server's clock, not ours
    assert retry_after_s({"Retry-After": date, "Date": until["Retry-After"]}) == 0.0
    assert retry_after_s(until) is None
    for nonsense in ("-1", "1.5", "soon", "", "\u0663", "9" * 5000):
        assert retry_after_s({"Retry-After": nonsense, "Date": date}) is None


def test_busy_peers_name_others() -> None:
    named = "10.0.0.1:7447, [fe80::1%eth0]:7447,10.0.0.1:7447 , pc.example:1"
    expected = ("10.0.0.1:7447", "[fe80::1%eth0]:7447", "pc.example:1")
    assert peers_named({"Mcastdist-Peers": named}) == expected
    assert peers_named({}) == ()


def test_hostile_names_of_peers_are_dropped() -> None:
    named = "http://x/:80, a b:1, x:0, x:65536, x:123456, user@x:1, :7, x/../y:8, x\r\ny:9"
    assert peers_named({"Mcastdist-Peers": named}) == ()
    many = ",".join(f"10.0.0.{n}:1" for n in range(200))
    assert len(peers_named({"Mcastdist-Peers": many})) == 16
