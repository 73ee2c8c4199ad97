"""What if machines speak only IPv6, link-local at that, or some only one family and some both?"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from evidence import (
    PAYLOAD_COPIES_MAX,
    WAN6_COPIES_MAX,
    assert_all_accounted,
    assert_delivered,
    await_event,
    await_representative,
    records,
)

from bench.lab import Agents, Host, Lab, NginxOrigin, OwnOrigin, Package

MakeLab = Callable[..., Lab]
MakeAgents = Callable[..., Agents]

ORIGIN_NAME = "origin.lab"
PORT = 8_080


def test_peers_with_nothing_but_link_local_addresses_serve_each_other(
    make_lab: MakeLab,
    own_origin: Callable[..., OwnOrigin],
    package: Package,
    make_agents: MakeAgents,
) -> None:
    """The late one's interface has another name than theirs, and the WAN is paid once."""
    lab = make_lab(3)
    for host in [*lab.hosts, lab.origin]:
        host.run(["ip", "-4", "address", "flush", "dev", "eth0"])
    *early, late = lab.hosts
    _rename(late, "lan7")
    origin = own_origin(lab, ipv6=True)
    agents = make_agents()
    url = origin.url_of(package.manifest_name)

    runs = [agents.fetch(host, url, linger_s=20) for host in early]
    for host in early:
        await_event(agents, [host], "node.complete", timeout_s=60.0)
    found = records([*runs, agents.fetch(late, url)])

    assert_delivered(package, agents, lab.hosts)
    assert_all_accounted(package, found)
    assert found[-1]["bytes_by_source"]["peer"] == package.payload_bytes
    assert lab.wan_bytes() <= WAN6_COPIES_MAX * package.payload_bytes


def test_one_with_ipv6_only_beside_one_with_ipv4_only_and_two_with_both_all_complete(
    make_lab: MakeLab,
    nginx: Callable[[Lab], NginxOrigin],
    package: Package,
    make_agents: MakeAgents,
    tmp_path: Path,
) -> None:
    """Who speaks both speaks IPv4 to the group: who does not is a subnet of its own."""
    lab = make_lab(4)
    origin, agents = nginx(lab), make_agents()
    only6, only4, *both = lab.hosts
    only6.run(["ip", "-4", "address", "flush", "dev", "eth0"])
    only4.run(["ip", "-6", "address", "flush", "dev", "eth0"])
    _name_origin(lab, tmp_path / "hosts")
    url = f"http://{ORIGIN_NAME}:{PORT}/{package.manifest_name}"

    runs = [agents.fetch(host, url) for host in (only4, *both)]
    await_representative(agents, [only4, *both])
    records([*runs, agents.fetch(only6, url)])

    assert_delivered(package, agents, lab.hosts)
    copies = origin.bytes_served(package.payload_name) / package.payload_bytes
    assert copies <= 2 * PAYLOAD_COPIES_MAX


def _rename(host: Host, name: str) -> None:
    """The interface; what it had of addresses and routes it has again."""
    host.run(["ip", "link", "set", "eth0", "down"])
    host.run(["ip", "link", "set", "eth0", "name", name])
    host.run(["ip", "link", "set", name, "up"])
    host.run(["ip", "-6", "address", "add", f"{host.address6}/64", "dev", name, "nodad"])
    host.run(["ip", "-6", "route", "add", "default", "via", "fd77::fe", "dev", name])


def _name_origin(lab: Lab, table: Path) -> None:
    """Give the origin a name, with an address of each family, on every host."""
    table.write_text(
        f"127.0.0.1 localhost\n{lab.origin.address} {ORIGIN_NAME}\n"
        f"{lab.origin.address6} {ORIGIN_NAME}\n"
    )
    for host in lab.hosts:
        host.run(["mount", "--bind", str(table), "/etc/hosts"])
