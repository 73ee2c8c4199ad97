"""PROTOCOL.md and limits.py name the same numbers."""

from __future__ import annotations

import re
from pathlib import Path

from mcastdist import wire
from mcastdist.wire import limits

PROTOCOL = Path(__file__).parents[2] / "PROTOCOL.md"
NAMES = {name for name in vars(limits) if name.isupper()}

# What the text says in words, or what only protects a receiver and no peer can notice.
NOT_IN_THE_TEXT = {
    "ANNOUNCE_S",
    "BACKOFF_S_MAX",
    "BLOCKS_MAX",
    "BLOCK_BYTES_MAX",
    "CONTROL_BYTES_MAX",
    "DATAGRAM_BYTES_MAX",
    "MISSING_RANGES_MAX",
    "NEED_ENTRIES_MAX",
    "OFFER_WAIT_S",
    "PAYLOAD_BYTES_MAX",
    "PORT",
    "RATE_BPS_MAX",
    "RATE_BPS_MIN",
    "SYMBOLS_MAX",
    "SYMBOL_BYTES_MIN",
    "VERSION",
}


def _named_in_the_text() -> set[str]:
    return set(re.findall(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b", PROTOCOL.read_text("utf-8")))


def test_every_limit_of_the_text_exists() -> None:
    assert _named_in_the_text() <= NAMES


def test_every_limit_is_in_the_text_or_known_not_to_be() -> None:
    assert NAMES - _named_in_the_text() <= NOT_IN_THE_TEXT
    assert NOT_IN_THE_TEXT <= NAMES


def test_the_text_says_the_same_port_and_version() -> None:
    text = PROTOCOL.read_text("utf-8")
    assert f"default {limits.PORT}" in text
    assert f"the version ({limits.VERSION})" in text


def test_all_limits_go_through_the_rooms_one_door() -> None:
    assert set(wire.__all__) >= NAMES
    assert all(getattr(wire, name) is getattr(limits, name) for name in NAMES)


def test_limits_agree_with_one_another() -> None:
    assert limits.SYMBOLS_MAX < limits.PARITY_FIRST < limits.PARITY_RANDOM_FIRST < 1 << 28
    assert len(limits.PARITY_DENSITIES) == 1 << 4
    assert limits.BLOCK_BYTES <= limits.BLOCK_BYTES_MAX
    assert -(-(limits.BLOCK_BYTES + 16) // 500) <= limits.SYMBOLS_MAX  # any link of 576 bytes
    assert limits.DATAGRAM_BYTES_MAX + wire.STREAM_HEADER_BYTES <= 65_507  # what UDP carries
    assert limits.RATE_BPS_MIN < limits.RATE_BPS_START < limits.RATE_BPS_MAX
    assert limits.LEASE_S > 2 * limits.ANNOUNCE_S
