"""A counted capture, in tables."""

from __future__ import annotations

import capture_kit as kit
from rich.console import Console

from mcastdist.cli.capture import Account, Looker, Tally
from mcastdist.cli.capture.account import SenderCount
from mcastdist.cli.capture.view import ROWS_MAX, summary
from mcastdist.wire.dissect import Unsealer


def printed(account: Account) -> list[str]:
    """The lines that are shown."""
    console = Console(width=240)
    with console.capture() as captured:
        console.print(summary(account))
    return [line.rstrip() for line in captured.get().splitlines()]


def everything() -> Account:
    tally, looker = Tally(7447), Looker(7447, None, Unsealer([kit.KEY]))
    for frame in kit.numbered(kit.everything()):
        for sighting in looker.look(frame):
            tally.add(sighting)
    return tally.account()


def test_all_parts_are_shown() -> None:
    lines = printed(everything())

    assert lines[0].startswith("15 frames, ")
    assert {"CONTROL MESSAGES", "SENDERS", "SESSIONS", "REFUSED"} <= set(lines)
    data = next(line.split() for line in lines if line.startswith("data "))
    assert data[1:3] == ["3", f"{3 * kit.STREAM_WIRE_BYTES:,}"]
    assert data[4] == "%"
    assert any(line.startswith("Seek ") for line in lines)
    assert any(line.startswith("abcdef01 ") for line in lines)
    assert any("frame 13 of 10.0.0.1: the sender speaks version 2" in line for line in lines)


def test_what_is_not_there_is_not_shown() -> None:
    lines = printed(Account())

    assert lines[0].startswith("0 frames, 0 B")
    assert not {"CONTROL MESSAGES", "SENDERS", "SESSIONS", "REFUSED"} & set(lines)


def test_long_tables_end_and_say_so() -> None:
    account = Account(senders=[SenderCount(f"10.0.0.{n}") for n in range(30)])
    lines = printed(account)

    assert "SENDERS (the first 20 of 30)" in lines
    assert sum(line.startswith("10.0.0.") for line in lines) == ROWS_MAX
