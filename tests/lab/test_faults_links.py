"""What if a cable is pulled, an address changes, frames differ in size, or the port is taken?"""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest
from evidence import (
    PAYLOAD_COPIES_MAX,
    assert_delivered,
    await_event,
    await_representative,
    await_true,
    events,
    records,
)
from observations import struck
from tap import Tap

from bench.lab import Agents, Lab, NginxOrigin, Package
from mcastdist.wire import PORT

MakeLab = Callable[..., Lab]
MakeAgents = Callable[..., Agents]
Nginx = Callable[[Lab], NginxOrigin]

SLOW_WAN_BPS = 80_000_000  # the payload then takes 7 s
BEFORE_IT_KNOWS_COPIES = 0.15  # a second of that WAN: what takes 50 ms, on a machine that is busy
SLOW_STREAM = {"multicast.rate_limit_bps": 150_000_000}  # 3.8 s
HOLD = (
    "import socket, time; s = socket.create_server(('{host}', {port})); print('held', flush=True);"
    "time.sleep(600)"
)


@pytest.mark.parametrize("second_interface", [False, True], ids=["the only one", "one of two"])
def test_a_receiver_whose_cable_is_pulled_for_a_while_completes(
    make_lab: MakeLab,
    nginx: Nginx,
    package: Package,
    make_agents: MakeAgents,
    second_interface: bool,
) -> None:
    """For much longer than a lease; when it is back it takes from its neighbours what it lacks."""
    lab = make_lab(4)
    tap, origin, agents = Tap(lab), nginx(lab), make_agents(SLOW_STREAM)
    *sound, pulled = lab.hosts
    if second_interface:
        lab.wan_rate(SLOW_WAN_BPS)
        pulled.run(["ip", "link", "add", "eth1", "type", "veth", "peer", "name", "nobody"])
        pulled.run(["ip", "address", "add", "10.88.0.1/24", "dev", "eth1"])
        for name in ("eth1", "nobody"):
            pulled.run(["ip", "link", "set", name, "up"])
    url = origin.url_of(package.manifest_name)

    runs = [agents.fetch(host, url, linger_s=30) for host in sound]
    await_representative(agents, sound)
    runs.append(agents.fetch(pulled, url))
    await_true(lambda: tap.bytes().stream > 0.2 * package.payload_bytes, "a fifth of the stream")
    lab.link(pulled, up=False)
    for host in sound:
        await_event(agents, [host], "node.complete", timeout_s=60.0)
    lab.link(pulled, up=True)
    struck()
    records(runs)

    assert_delivered(package, agents, lab.hosts)
    copies = origin.bytes_served(package.payload_name) / package.payload_bytes
    assert copies <= PAYLOAD_COPIES_MAX + second_interface * BEFORE_IT_KNOWS_COPIES
    assert bool(events(agents, pulled, "node.fallback", code="no_network")) != second_interface


def test_a_receiver_whose_address_changes_completes(
    make_lab: MakeLab, nginx: Nginx, package: Package, make_agents: MakeAgents
) -> None:
    lab = make_lab(4)
    tap, origin, agents = Tap(lab), nginx(lab), make_agents(SLOW_STREAM)
    *sound, moved = lab.hosts
    url = origin.url_of(package.manifest_name)

    runs = [agents.fetch(host, url, linger_s=30) for host in sound]
    await_representative(agents, sound)
    runs.append(agents.fetch(moved, url))
    await_true(lambda: tap.bytes().stream > 0.2 * package.payload_bytes, "a fifth of the stream")
    struck()
    moved.run(["ip", "addr", "del", f"{moved.address}/24", "dev", "eth0"])
    moved.run(["ip", "addr", "add", "10.77.0.200/24", "dev", "eth0"])
    moved.run(["ip", "route", "replace", "default", "via", "10.77.0.254"])
    records(runs)

    assert_delivered(package, agents, lab.hosts)


def test_hosts_of_different_mtu_share_one_stream(
    make_lab: MakeLab, nginx: Nginx, package: Package, make_agents: MakeAgents
) -> None:
    lab = make_lab(4)
    origin, agents = nginx(lab), make_agents({"multicast.session_start_delay_s": 4})
    *_, small = lab.hosts
    small.run(["ip", "link", "set", "eth0", "mtu", "1280"])
    url = origin.url_of(package.manifest_name)

    found = records([agents.fetch(host, url) for host in lab.hosts])

    assert_delivered(package, agents, lab.hosts)
    assert origin.bytes_served(package.payload_name) <= PAYLOAD_COPIES_MAX * package.payload_bytes
    assert [record["role"] for record in found].count("representative") == 1


def test_where_another_program_has_the_tcp_port_peers_are_served_from_a_free_one(
    make_lab: MakeLab, nginx: Nginx, package: Package, make_agents: MakeAgents
) -> None:
    lab = make_lab(2)
    origin, agents = nginx(lab), make_agents()
    for host in lab.hosts:
        script = HOLD.format(host=host.address, port=PORT)
        holder = host.popen([sys.executable, "-c", script], stdout=-1)
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
    url = origin.url_of(package.manifest_name)

    records([agents.fetch(host, url) for host in lab.hosts])

    assert_delivered(package, agents, lab.hosts)
    assert origin.bytes_served(package.payload_name) <= PAYLOAD_COPIES_MAX * package.payload_bytes
