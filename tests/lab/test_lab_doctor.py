"""Does `mcastdist doctor` see what is wrong with a subnet, and name whom it concerns?

Real agents, a real switch that loses what it is told to lose, and the machines' own kernels.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bench.lab import Agents, Host, Lab, NginxOrigin, Package, make_keys

MakeLab = Callable[..., Lab]
MakeAgents = Callable[..., Agents]
Nginx = Callable[[Lab], NginxOrigin]

EXAMINED_S_MAX = 30.0
MEMBERSHIP_S = 3.0
FINE, WARNING, TROUBLE = 0, 6, 7
CLOSED = """
table inet closed {
    chain input {
        type filter hook input priority filter; policy drop;
        ct state established,related accept
        iif lo accept
        meta l4proto icmp accept
    }
}
"""


def test_a_healthy_subnet_is_found_healthy(
    make_lab: MakeLab, nginx: Nginx, package: Package, make_agents: MakeAgents
) -> None:
    lab = make_lab(3)
    origin, agents = nginx(lab), make_agents()
    for host in lab.hosts:
        agents.agent(host)

    status, found = _examine(agents, lab.hosts[0], "--url", origin.url_of(package.manifest_name))

    assert status == FINE, _bad(found)
    [reached] = found["neighbours_reached"]
    assert all(host.address in reached["sentence"] for host in lab.hosts[1:])
    assert "1,472 bytes" in reached["sentence"]
    assert len(found["origin_answers"]) == 3  # manifest, signature, payload
    for code in ("peers_reachable", "clocks_agree", "no_strangers", "ports_ours", "key_private"):
        assert code in found


def test_a_host_without_multicast_is_named_by_the_others_and_by_itself(
    make_lab: MakeLab, make_agents: MakeAgents
) -> None:
    lab = make_lab(3)
    agents = make_agents()
    for host in lab.hosts:
        agents.agent(host)
    well, other, cut_off = lab.hosts
    lab.block_multicast(cut_off)

    status, found = _examine(agents, well)
    status_there, found_there = _examine(agents, cut_off)

    assert (status, status_there) == (WARNING, WARNING)
    for code in ("group_not_heard_there", "group_not_heard_here", "snooping_suspected"):
        [told] = found[code]
        assert cut_off.address in told["sentence"]
        assert other.address not in told["sentence"]
        assert all(host.address in found_there[code][0]["sentence"] for host in (well, other))
    assert other.address in found["neighbours_reached"][0]["sentence"]
    assert (
        "look at this machine and its port first"
        in found_there["group_not_heard_here"][0]["advice"]
    )


@pytest.mark.parametrize("ipv6", [False, True])
def test_a_switch_that_snoops_without_a_querier_is_suspected(
    make_lab: MakeLab, make_agents: MakeAgents, ipv6: bool
) -> None:
    lab = make_lab(3, wan=False)
    agents = make_agents()
    for host in lab.hosts:
        if ipv6:
            host.run(["ip", "-4", "addr", "flush", "dev", "eth0"])
        agents.agent(host)

    _, before = _examine(agents, lab.hosts[0])
    lab.snooping(querier=False, membership_s=MEMBERSHIP_S)
    time.sleep(2 * MEMBERSHIP_S)  # in real time: it is the switch that forgets
    status, after = _examine(agents, lab.hosts[0])

    family = "IPv6" if ipv6 else "IPv4"
    assert any(family in one["sentence"] for one in before["interface_used"])
    assert "neighbours_reached" in before
    assert status == WARNING
    assert {"snooping_suspected", "group_not_heard_there"} <= set(after)
    assert "aside_not_heard_there" not in after


def test_a_host_whose_mtu_is_smaller_is_named(make_lab: MakeLab, make_agents: MakeAgents) -> None:
    lab = make_lab(3)
    agents = make_agents()
    *others, small = lab.hosts
    small.run(["ip", "link", "set", "eth0", "mtu", "1400"])
    for host in lab.hosts:
        agents.agent(host)

    _, found = _examine(agents, others[0])

    [told] = found["full_size_lost_there"]
    assert small.address in told["sentence"]
    assert others[1].address not in told["sentence"]


def test_a_host_with_another_key_is_named(
    make_lab: MakeLab, make_agents: MakeAgents, tmp_path_factory: pytest.TempPathFactory
) -> None:
    lab = make_lab(2)
    ours = make_agents()
    theirs = Agents(tmp_path_factory.mktemp("b"), make_keys(tmp_path_factory.mktemp("k")))
    here, stranger = lab.hosts
    ours.agent(here)

    _, found_there = _examine(theirs, stranger)  # as an agent of its own; so it speaks, once
    status, found = _examine(ours, here)

    assert "no_neighbours" in found_there
    assert status == WARNING
    [told] = found["other_key"]
    assert stranger.address in told["sentence"]


@pytest.mark.parametrize("ipv6", [False, True])
def test_a_querier_is_heard_where_there_is_one(
    make_lab: MakeLab, make_agents: MakeAgents, ipv6: bool
) -> None:
    lab = make_lab(1, wan=False)
    agents = make_agents()
    [host] = lab.hosts
    if ipv6:
        host.run(["ip", "-4", "addr", "flush", "dev", "eth0"])

    _, without = _examine(agents, host)
    lab.snooping(querier=True)
    _, with_one = _examine(agents, host)

    assert "no_querier_heard" in without
    [told] = with_one["querier_heard"]
    assert ("MLD" if ipv6 else "IGMP") in told["sentence"]


def test_a_firewall_that_drops_our_port_is_named_with_its_chain(
    make_lab: MakeLab, make_agents: MakeAgents
) -> None:
    [host] = make_lab(1, wan=False).hosts
    host.run(["nft", "-f", "-"], text_in=CLOSED)

    status, found = _examine(make_agents(), host)

    assert status == WARNING
    [told] = found["firewall_drops"]
    assert (
        "eth0: the firewall here drops UDP to the group, UDP to us, TCP to us" in (told["sentence"])
    )
    assert "table inet closed, chain input" in told["sentence"]


def test_where_no_agent_can_run_it_says_why(
    make_lab: MakeLab, make_agents: MakeAgents, tmp_path: Path
) -> None:
    lab = make_lab(1, wan=False)
    agents = make_agents({"cluster.key_file": str(tmp_path / "none")})

    status, found = _examine(agents, lab.hosts[0])

    assert status == TROUBLE
    assert "cluster.key_file" in found["agent_cannot_run"][0]["sentence"]
    assert "key_unreadable" in found


def _examine(
    agents: Agents, host: Host, *arguments: str
) -> tuple[int, dict[str, list[dict[str, Any]]]]:
    """The exit status, and the findings by code."""
    run = agents.start(host, "doctor", "--json", *arguments, *agents.common(host))
    status = run.wait(EXAMINED_S_MAX)
    found: dict[str, list[dict[str, Any]]] = {}
    assert run.out.read_text(), run.log.read_text()
    for one in json.loads(run.out.read_text()):
        found.setdefault(one["code"], []).append(one)
    return status, found


def _bad(found: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    return [one for some in found.values() for one in some if one["severity"] != "ok"]
