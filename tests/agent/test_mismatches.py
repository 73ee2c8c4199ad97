"""Who is not understood."""

from __future__ import annotations

from mcastdist.agent.mismatches import HOSTS_MAX, Mismatches


def test_causes_are_counted_for_each_host() -> None:
    book = Mismatches()
    for cause in ("key", "key", "version"):
        book.note(("10.0.0.1", 7447), cause)
    book.note(("10.0.0.1", 50_000), "key")

    assert book.shown() == [
        {"address": "10.0.0.1", "cause": "key", "count": 3},
        {"address": "10.0.0.1", "cause": "version", "count": 1},
    ]


def test_what_is_normal_is_not_told() -> None:
    book = Mismatches()
    for cause in ("own", "replayed", "too_short", "kind"):
        book.note(("10.0.0.1", 1), cause)

    assert book.shown() == []


def test_twins_and_liars_are_told() -> None:
    book = Mismatches()
    book.note(("10.0.0.1", 1), "twin")
    book.note(("10.0.0.2", 1), "liar")

    assert [one["cause"] for one in book.shown()] == ["twin", "liar"]


def test_spoofed_addresses_push_out_the_longest_silent() -> None:
    book = Mismatches()
    book.note(("first", 1), "key")
    book.note(("second", 1), "key")
    book.note(("first", 1), "key")
    for number in range(HOSTS_MAX - 1):
        book.note((f"spoofed {number}", 1), "forged")

    hosts = [one["address"] for one in book.shown()]
    assert len(hosts) == HOSTS_MAX
    assert "first" in hosts
    assert "second" not in hosts
