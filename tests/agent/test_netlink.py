"""Interface changes: told once they have settled, by the kernel or by looking."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import socket
import sys
from collections.abc import Iterator

import pytest
from own_namespace import run_in_own_namespace

from mcastdist.agent.interfaces import Interface, Inventory
from mcastdist.agent.netlink import HURRY_S, InterfaceWatch, open_netlink

WAIT_S = 10.0
LO = Interface("lo", 1, (ipaddress.ip_interface("127.0.0.1/8"),), 65536)

IN_A_NAMESPACE = """
import asyncio, subprocess
from mcastdist.agent.interfaces import read_inventory
from mcastdist.agent.netlink import InterfaceWatch

async def main():
    for command in ("link set lo up", "address add 127.5.5.5/8 dev lo", "link set lo mtu 9000"):
        changed = asyncio.Event()
        watch = InterfaceWatch(changed.set, settle_s=0.01)
        before = read_inventory()
        subprocess.run(["ip", *command.split()], check=True)
        await asyncio.wait_for(changed.wait(), 10)
        assert read_inventory() != before, command
        watch.close()
    print("told of all three")

asyncio.run(main())
"""


class Changes:
    """Counts calls, and can be waited for."""

    def __init__(self) -> None:
        self.count = 0
        self._news = asyncio.Event()

    def __call__(self) -> None:
        self.count += 1
        self._news.set()

    async def wait(self) -> None:
        await asyncio.wait_for(self._news.wait(), WAIT_S)
        self._news.clear()


@pytest.fixture
def kernel() -> Iterator[tuple[socket.socket, socket.socket]]:
    """(where the kernel tells, where we hear)"""
    kind = socket.SOCK_DGRAM if sys.platform != "win32" else socket.SOCK_STREAM
    tells, hears = socket.socketpair(type=kind)
    yield tells, hears
    tells.close()
    hears.close()


async def test_a_handful_of_messages_is_one_change(
    kernel: tuple[socket.socket, socket.socket],
) -> None:
    tells, hears = kernel
    changes = Changes()
    watch = InterfaceWatch(changes, settle_s=0.02, source=hears)

    for _ in range(5):
        tells.send(b"link")
    await changes.wait()
    assert changes.count == 1

    tells.send(b"address")
    await changes.wait()
    assert changes.count == 2
    watch.close()


async def test_who_has_no_network_is_told_soon(
    kernel: tuple[socket.socket, socket.socket],
) -> None:
    """And slowly who has one: a plug that is loose for a moment changes nothing."""
    tells, hears = kernel
    changes, has_network = Changes(), False
    watch = InterfaceWatch(
        changes, settle_s=WAIT_S * 9, is_in_a_hurry=lambda: not has_network, source=hears
    )
    tells.send(b"link")
    await changes.wait()

    has_network = True
    tells.send(b"link")
    await asyncio.sleep(3 * HURRY_S)
    assert changes.count == 1
    watch.close()


async def test_whoever_is_in_a_hurry_is_not_told_again_and_again(
    kernel: tuple[socket.socket, socket.socket],
) -> None:
    """A machine that lacks one interface for good may have others that come and go all day."""
    tells, hears = kernel
    changes = Changes()
    watch = InterfaceWatch(changes, settle_s=WAIT_S * 9, is_in_a_hurry=lambda: True, source=hears)
    tells.send(b"link")
    await changes.wait()

    for _ in range(3):
        tells.send(b"link")
        await asyncio.sleep(1.5 * HURRY_S)
    assert changes.count == 1
    watch.close()


async def test_after_close_nothing_is_told(kernel: tuple[socket.socket, socket.socket]) -> None:
    tells, hears = kernel
    changes = Changes()
    watch = InterfaceWatch(changes, settle_s=0.0, source=hears)
    tells.send(b"link")
    watch.close()
    watch.close()

    await asyncio.sleep(0)
    await asyncio.sleep(0)

    assert changes.count == 0


async def test_messages_that_were_lost_are_a_change_too() -> None:
    class Overrun(socket.socket):
        failures = 1

        def recv(self, *_: object) -> bytes:
            if self.failures:
                self.failures -= 1
                raise OSError(errno.ENOBUFS, "No buffer space available")
            raise BlockingIOError

    tells, hears = socket.socketpair(type=socket.SOCK_DGRAM)
    changes = Changes()
    watch = InterfaceWatch(changes, settle_s=0.0, source=Overrun(fileno=hears.detach()))
    tells.send(b"one of many")

    await changes.wait()

    watch.close()
    tells.close()


async def test_where_nobody_tells_we_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mcastdist.agent.netlink.open_netlink", lambda: None)
    seen = iter([Inventory((LO,)), Inventory((LO,)), Inventory(())])
    last = Inventory(())
    changes = Changes()

    watch = InterfaceWatch(changes, look=lambda: next(seen, last), poll_s=0.0)
    await changes.wait()

    assert changes.count == 1
    watch.close()


async def test_a_look_that_fails_is_not_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mcastdist.agent.netlink.open_netlink", lambda: None)
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)
    looks = iter([Inventory((LO,)), OSError("torn"), Inventory(())])
    changes = Changes()

    def look() -> Inventory:
        seen = next(looks, Inventory(()))
        if isinstance(seen, OSError):
            raise seen
        return seen

    watch = InterfaceWatch(changes, look=look, poll_s=0.0)
    await changes.wait()

    watch.close()


def test_elsewhere_there_is_no_kernel_to_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")

    assert open_netlink() is None


@pytest.mark.skipif(sys.platform != "linux", reason="netlink is Linux's")
def test_the_kernel_tells_of_links_and_addresses() -> None:
    ran = run_in_own_namespace(IN_A_NAMESPACE)

    assert ran.stdout == "told of all three\n", ran.stderr
