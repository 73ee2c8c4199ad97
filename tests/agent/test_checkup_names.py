"""What machines are called."""

from __future__ import annotations

import socket
import threading
import time

import pytest

from mcastdist.agent.checkup import names
from mcastdist.agent.checkup.names import counted, listed, names_of, shown


def test_a_name_stands_before_its_address() -> None:
    assert shown("10.0.0.3", "h3") == "h3 (10.0.0.3)"
    assert shown("10.0.0.3") == "10.0.0.3"


def test_a_long_list_is_cut() -> None:
    assert listed(["a"]) == "a"
    assert listed(list("abcde")) == "a, b, c, d, e"
    assert listed(list("abcdefg")) == "a, b, c, d, e and 2 more"


def test_one_is_no_plural() -> None:
    assert (counted(1, "key"), counted(0, "key"), counted(2, "key")) == (
        "1 key",
        "0 keys",
        "2 keys",
    )


async def test_who_has_a_name_is_found_and_who_is_late_is_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    never = threading.Event()

    def look_up(address: tuple[str, int], _flags: int) -> tuple[str, str]:
        if address[0] == "10.0.0.1":
            return "h1.example.", "0"
        if address[0] == "10.0.0.2":
            never.wait(10.0)
        raise socket.gaierror("nobody knows")

    monkeypatch.setattr(socket, "getnameinfo", look_up)
    monkeypatch.setattr(names, "LOOK_UP_S", 0.05)
    started = time.monotonic()

    assert await names_of(["10.0.0.1", "10.0.0.2", "10.0.0.3"]) == {"10.0.0.1": "h1.example"}
    assert time.monotonic() - started < 5.0
    never.set()


async def test_nobody_is_asked_for_nothing() -> None:
    assert await names_of([]) == {}
