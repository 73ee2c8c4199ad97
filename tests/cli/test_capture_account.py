"""The record of a capture."""

from __future__ import annotations

import msgspec

from mcastdist.cli.capture import Account, Count, Kind, SessionCount
from mcastdist.cli.capture.account import MEANINGS


def test_every_kind_is_explained() -> None:
    assert list(MEANINGS) == list(Kind)


def test_counts_add_up() -> None:
    count = Count()
    count.add(100)
    count.add(500, 5)
    assert (count.datagrams, count.bytes) == (6, 600)


def test_a_rate_needs_time() -> None:
    session = SessionCount("1", "2", "3", "10.0.0.1", 0.0, bytes=1_000_000)
    assert session.rate_bps == 0
    session.seconds = 2.0
    assert session.rate_bps == 4_000_000


def test_it_can_be_read_again() -> None:
    account = Account(frames=1, kinds={Kind.DATA: Count(1, 2)})
    assert msgspec.json.decode(msgspec.json.encode(account), type=Account) == account
