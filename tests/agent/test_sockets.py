"""Control sockets, on real ones: who hears what, what is counted, what is survived."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest
from segments import FAMILIES, free_group, interfaces

from mcastdist.agent.interfaces import Chosen
from mcastdist.agent.socket_options import Address, Group
from mcastdist.agent.sockets import ControlTransport
from mcastdist.errors import UsageError

WAIT_S = 10.0  # far more than the loopback needs: only a failure waits so long

Heard = asyncio.Queue[tuple[bytes, Address]]
Listen = Callable[..., tuple[ControlTransport, Heard]]

pytestmark = pytest.mark.parametrize("family", FAMILIES)


@pytest.fixture
def group() -> Group:
    return free_group()


@pytest.fixture
async def listen(group: Group) -> AsyncIterator[Listen]:
    """Opens a transport, and a queue of what it hears."""
    transports = []

    def listen(chosen: Chosen, *, threaded: bool | None = None) -> tuple[ControlTransport, Heard]:
        heard: Heard = asyncio.Queue()
        transport = ControlTransport(
            [chosen],
            group,
            ttl=1,
            on_datagram=lambda data, source: heard.put_nowait((bytes(data), source)),
            threaded=threaded,
        )
        transports.append(transport)
        return transport, heard

    yield listen
    for transport in transports:
        transport.close()


async def next_of(heard: Heard) -> tuple[bytes, Address]:
    return await asyncio.wait_for(heard.get(), WAIT_S)


@pytest.mark.parametrize("threaded", [None, True])
async def test_a_group_message_reaches_everybody_with_the_address_to_answer(
    listen: Listen, family: int, threaded: bool | None
) -> None:
    here, there = interfaces(family, 2)
    alice, heard_by_alice = listen(here, threaded=threaded)
    bob, heard_by_bob = listen(there, threaded=threaded)

    alice.send_group(b"who is there?")

    data, source = await next_of(heard_by_bob)
    assert (data, source) == (b"who is there?", alice.addresses[0])
    assert await next_of(heard_by_alice) == (data, source)  # one's own comes back too

    bob.send_to(b"me", source)
    assert await next_of(heard_by_alice) == (b"me", bob.addresses[0])
    assert heard_by_bob.empty()
    assert alice.counters["sent"] == 1
    assert alice.counters["received"] == 2


async def test_several_agents_on_one_address_each_hear_the_group(
    listen: Listen, family: int, group: Group
) -> None:
    (here,) = interfaces(family, 1)
    first, heard_by_first = listen(here)
    second, heard_by_second = listen(here)

    assert first.addresses[0][1] == group.port
    assert second.addresses[0][1] != group.port  # ours was taken, so the system gave another

    second.send_group(b"hello")
    assert (await next_of(heard_by_first))[1] == second.addresses[0]
    await next_of(heard_by_second)

    first.send_to(b"only you", second.addresses[0])
    assert await next_of(heard_by_second) == (b"only you", first.addresses[0])


async def test_another_group_on_the_same_port_is_not_heard(
    listen: Listen, family: int, group: Group
) -> None:
    (here,) = interfaces(family, 1)
    alice, heard = listen(here)
    other = Group(v4="239.254.9.9", v6="ff12::9", port=group.port)
    stranger = ControlTransport([here], other, ttl=1, on_datagram=lambda *_: None)

    stranger.send_group(b"not for you")
    alice.send_group(b"for you")

    assert (await next_of(heard))[0] == b"for you"
    stranger.close()


async def test_a_flood_is_drained_in_pieces_and_the_loop_goes_on(
    listen: Listen, family: int
) -> None:
    here, there = interfaces(family, 2)
    alice, _ = listen(here)
    bob, heard = listen(there)

    for number in range(200):
        alice.send_to(b"%d" % number, bob.addresses[0])

    assert [int((await next_of(heard))[0]) for _ in range(200)] == list(range(200))


async def test_an_empty_datagram_and_a_large_one_arrive_whole(listen: Listen, family: int) -> None:
    here, there = interfaces(family, 2)
    alice, _ = listen(here)
    bob, heard = listen(there)

    for data in (b"", b"x" * 65_000):
        alice.send_to(data, bob.addresses[0])
        assert (await next_of(heard))[0] == data


@pytest.mark.parametrize(
    "host", ["", "nowhere", "300.1.1.1", "fe80::99%nonesuch", "2001:db8::1", "127.0.0.1 ", "::"]
)
async def test_an_address_that_cannot_be_reached_is_counted(
    listen: Listen, family: int, host: str
) -> None:
    (here,) = interfaces(family, 1)
    alice, _ = listen(here)

    alice.send_to(b"hello?", (host, 9))

    assert alice.counters["unreachable"] + alice.counters["sent"] == 1


async def test_a_datagram_that_is_too_long_is_counted(listen: Listen, family: int) -> None:
    (here,) = interfaces(family, 1)
    alice, _ = listen(here)

    alice.send_group(b"x" * 70_000)

    assert alice.counters["unreachable"] == 1


async def test_nobody_at_the_port_does_not_disturb(listen: Listen, family: int) -> None:
    here, there = interfaces(family, 2)
    alice, heard = listen(here)
    alice.send_to(b"anybody?", (alice.addresses[0][0], free_group().port))

    bob, _ = listen(there)
    bob.send_to(b"yes", alice.addresses[0])

    assert (await next_of(heard))[0] == b"yes"


async def test_an_error_in_the_callback_is_reported_and_the_next_datagram_read(
    family: int, group: Group
) -> None:
    (here,) = interfaces(family, 1)
    reported: asyncio.Queue[dict[str, object]] = asyncio.Queue()
    asyncio.get_running_loop().set_exception_handler(
        lambda _, context: reported.put_nowait(context)
    )
    heard: Heard = asyncio.Queue()

    def on_datagram(data: memoryview, source: Address) -> None:
        if data == b"bad":
            raise ValueError("we cannot take this")
        heard.put_nowait((bytes(data), source))

    transport = ControlTransport([here], group, ttl=1, on_datagram=on_datagram)
    transport.send_group(b"bad")
    transport.send_group(b"good")

    assert (await next_of(heard))[0] == b"good"
    assert isinstance(reported.get_nowait()["exception"], ValueError)
    transport.close()


async def test_after_rejoin_the_group_is_heard_still(listen: Listen, family: int) -> None:
    (here,) = interfaces(family, 1)
    alice, heard = listen(here)

    alice.rejoin()
    alice.send_group(b"again")

    assert (await next_of(heard))[0] == b"again"
    assert alice.counters["rejoin_failed"] == 0


async def test_refresh_opens_what_is_new_keeps_what_stays_and_closes_what_is_gone(
    listen: Listen, family: int
) -> None:
    (here,) = interfaces(family, 1)
    alice, heard = listen(here)
    address = alice.addresses

    assert alice.refresh([replace(here, mtu=1_400)]) == []
    assert alice.addresses == address  # the same socket
    assert alice.interfaces[0].mtu == 1_400

    assert alice.refresh([]) == []
    assert alice.addresses == []
    alice.send_group(b"into the void")

    assert alice.refresh([here]) == []
    alice.send_group(b"back")
    assert (await next_of(heard))[0] == b"back"


async def test_refresh_tells_what_cannot_be_opened_and_goes_on(listen: Listen, family: int) -> None:
    (here,) = interfaces(family, 1)
    alice, _ = listen(here)
    gone = replace(
        here, name="gone0", index=99_999, address="192.0.2.1" if family == 4 else "fe80::9"
    )

    (refusal,) = alice.refresh([gone, here])

    assert "gone0" in refusal
    assert alice.interfaces == [here]


async def test_a_port_that_another_program_holds_alone_is_named(family: int, group: Group) -> None:
    (here,) = interfaces(family, 1)
    kind = socket.AF_INET if family == 4 else socket.AF_INET6
    with socket.socket(kind, socket.SOCK_DGRAM) as holder:
        holder.bind(("", group.port))

        with pytest.raises(UsageError, match=rf"port {group.port} .* set multicast\.port"):
            ControlTransport([here], group, ttl=1, on_datagram=lambda *_: None)


async def test_nothing_is_delivered_after_close(listen: Listen, family: int) -> None:
    here, there = interfaces(family, 2)
    alice, heard = listen(here)
    bob, _ = listen(there)
    address = alice.addresses[0]

    bob.send_to(b"too late", address)
    alice.close()
    alice.close()
    for _ in range(3):
        await asyncio.sleep(0)

    assert heard.empty()
