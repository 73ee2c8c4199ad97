"""sd_notify: what systemd hears, and that nobody else is bothered."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from mcastdist.agent.notify import Notifier


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, socket.socket]]:
    """(NOTIFY_SOCKET, the socket behind it)"""
    name = str(tmp_path / "notify") if request.param == "path" else f"@mcastdist-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(name.replace("@", "\0"))
        sock.setblocking(False)
        yield name, sock


def test_systemd_hears_each_step(manager: tuple[str, socket.socket]) -> None:
    name, sock = manager
    notifier = Notifier({"NOTIFY_SOCKET": name})

    notifier.ready("2 interfaces")
    notifier.watchdog()
    notifier.status("1 task\nREADY=1 forged")
    notifier.stopping()

    heard = [sock.recv(1000).decode() for _ in range(4)]
    assert heard[0] == "READY=1\nSTATUS=2 interfaces"
    assert heard[1] == "WATCHDOG=1"
    assert heard[2] == "STATUS=1 task READY=1 forged"  # still one line: nothing can be forged
    assert heard[3].startswith("STOPPING=1\n")


@pytest.mark.parametrize("name", ["", "/nobody/is/here", "@nobody-is-here", "vsock:2:1", "x" * 500])
def test_without_a_service_manager_nothing_happens(name: str) -> None:
    notifier = Notifier({"NOTIFY_SOCKET": name})

    notifier.ready()
    notifier.stopping()


@pytest.mark.parametrize(
    ("environ", "seconds"),
    [
        ({}, 0.0),
        ({"WATCHDOG_USEC": "30000000"}, 15.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 15.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, 0.0),
        ({"WATCHDOG_USEC": "soon"}, 0.0),
    ],
)
def test_the_watchdog_is_fed_twice_as_often_as_it_looks(
    environ: dict[str, str], seconds: float
) -> None:
    assert Notifier(environ).watchdog_s == seconds
