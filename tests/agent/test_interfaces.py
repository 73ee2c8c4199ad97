"""Interfaces: which are taken, which are left, and that a reason is given for each."""

from __future__ import annotations

import ipaddress
import socket
from types import SimpleNamespace

import netifaces
import psutil
import pytest
from figure_book import Figure

from mcastdist.agent.interfaces import (
    Choice,
    Chosen,
    Interface,
    Inventory,
    bindable,
    choose,
    read_inventory,
)
from mcastdist.agent.settings import load


def interface(
    name: str,
    *addresses: str,
    up: bool = True,
    loopback: bool = False,
    point_to_point: bool = False,
    mtu: int = 1500,
) -> Interface:
    return Interface(
        name=name,
        index=7,
        addresses=tuple(ipaddress.ip_interface(each) for each in addresses),
        mtu=mtu,
        up=up,
        loopback=loopback,
        point_to_point=point_to_point,
    )


LO = interface("lo", "127.0.0.1/8", "::1/128", loopback=True, mtu=65536)
ETH = interface("eth0", "192.0.2.5/24", "fe80::5/64")


def decide(*interfaces: Interface, settings: tuple[str, ...] = ()) -> Choice:
    return choose(load(None, {}, settings), Inventory(interfaces))


def names(choice: Choice) -> list[str]:
    return [chosen.name for chosen in choice.chosen]


def why_not(choice: Choice, name: str) -> str:
    (reason,) = [rejected.why for rejected in choice.rejected if rejected.name == name]
    return reason


def test_an_ordinary_interface_is_taken_with_its_ipv4_address() -> None:
    (chosen,) = decide(ETH).chosen

    assert chosen == Chosen("eth0", 7, 4, "192.0.2.5", 24, 1500, "up, with an address")
    assert chosen.datagram_bytes_max == 1472
    assert chosen.network == ipaddress.ip_network("192.0.2.0/24")


def test_without_an_ipv4_address_ipv6_is_taken_and_the_link_local_one_first() -> None:
    (chosen,) = decide(interface("eth0", "2001:db8::5/64", "fe80::5/64")).chosen

    assert (chosen.family, chosen.address, chosen.prefix) == (6, "fe80::5", 64)
    assert chosen.datagram_bytes_max == 1452


def test_a_global_ipv6_address_is_better_than_none() -> None:
    (chosen,) = decide(interface("eth0", "2001:db8::5/64")).chosen

    assert chosen.address == "2001:db8::5"


@pytest.mark.parametrize(
    "name",
    ["docker0", "br-0a1b2c3d4e5f", "veth9f8e7d6", "virbr0", "tun0", "tap3", "wg0", "wg-home",
     "ppp0", "utun4", "tailscale0", "cni0", "podman1"],
)  # fmt: skip
def test_tunnels_and_container_bridges_are_left_unless_they_are_named(
    name: str, figure: Figure
) -> None:
    figure("names tried", 1)
    candidate = interface(name, "10.1.2.3/24")

    assert "looks like" in why_not(decide(candidate), name)
    named = decide(candidate, settings=(f"multicast.interfaces={name}",))
    assert [chosen.why for chosen in named.chosen] == ["named in multicast.interfaces"]


@pytest.mark.parametrize(
    "name", ["eth0", "veth-lab", "br-lan", "br0", "lan", "docker", "enp3s0", "wlp2s0"]
)
def test_names_that_people_give_are_taken(name: str) -> None:
    assert names(decide(interface(name, "10.1.2.3/24"))) == [name]


@pytest.mark.parametrize(
    "tunnel",
    [
        interface("office", "10.8.0.6/32"),
        interface("office", "10.8.0.6/24", point_to_point=True),
        interface("office", "fd00::1/128"),
    ],
)
def test_a_tunnel_is_known_by_its_kind_too(tunnel: Interface) -> None:
    assert "VPN or tunnel" in why_not(decide(tunnel), "office")
    (chosen,) = decide(tunnel, settings=("multicast.interfaces=office",)).chosen
    assert chosen.tunnel


def test_down_or_without_address_cannot_be_used_even_if_named() -> None:
    settings = ("multicast.interfaces=a,b,c",)

    choice = decide(interface("a", "192.0.2.1/24", up=False), interface("b"), settings=settings)

    assert not choice.chosen
    assert why_not(choice, "a") == "down"
    assert why_not(choice, "b") == "no IP address"
    assert "none of this name" in why_not(choice, "c")


def test_the_loopback_is_taken_only_when_permitted() -> None:
    assert why_not(decide(LO, ETH), "lo").startswith("loopback")
    assert names(decide(LO, ETH, settings=("multicast.loopback=true",))) == ["lo", "eth0"]
    assert names(decide(LO, ETH, settings=("multicast.interfaces=lo",))) == ["lo"]


def test_named_interfaces_are_the_only_ones() -> None:
    choice = decide(
        ETH, interface("eth1", "198.51.100.1/24"), settings=("multicast.interfaces=eth1",)
    )

    assert names(choice) == ["eth1"]
    assert why_not(choice, "eth0") == "not in multicast.interfaces"


def test_an_excluded_subnet_is_kept_away_from_but_another_family_is_not() -> None:
    only = interface("eth1", "198.51.100.1/24")
    settings = ("multicast.exclude_subnets=192.0.2.0/24,198.51.100.0/25",)

    choice = decide(ETH, only, settings=settings)

    assert [(chosen.name, chosen.address) for chosen in choice.chosen] == [("eth0", "fe80::5")]
    assert "exclude_subnets" in why_not(choice, "eth1")


def test_node_address_picks_one_interface_and_one_address() -> None:
    two = interface("eth0", "192.0.2.5/24", "192.0.2.6/24")

    choice = decide(LO, two, settings=("node.address=192.0.2.6", "multicast.loopback=true"))

    assert [(chosen.name, chosen.address) for chosen in choice.chosen] == [("eth0", "192.0.2.6")]
    assert why_not(choice, "lo") == "does not have node.address 192.0.2.6"


def test_any_address_of_the_loopback_subnet_is_on_the_loopback() -> None:
    choice = decide(LO, ETH, settings=("node.address=127.9.9.9", "multicast.loopback=true"))

    (chosen,) = choice.chosen
    assert (chosen.name, chosen.address, chosen.prefix) == ("lo", "127.9.9.9", 8)


def test_an_address_in_the_subnet_that_is_not_ours_is_not_used_elsewhere() -> None:
    assert names(decide(ETH, settings=("node.address=192.0.2.77",))) == []


def test_this_machine_has_a_loopback_and_it_is_up() -> None:
    inventory = read_inventory()

    (lo,) = [each for each in inventory.interfaces if each.loopback]
    assert lo.up
    assert lo.index == socket.if_nametoindex(lo.name)
    assert ipaddress.ip_interface("127.0.0.1/8") in lo.addresses
    assert lo.mtu >= 1500


@pytest.mark.parametrize("leaves_before", ["index", "addresses"])
def test_an_interface_that_goes_while_we_look_is_not_there(
    leaves_before: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = read_inventory()
    names = netifaces.interfaces()
    stats = psutil.net_if_stats()
    monkeypatch.setattr(netifaces, "interfaces", lambda: [*names, "gone0"])
    monkeypatch.setattr(psutil, "net_if_stats", lambda: stats | {"gone0": stats["lo"]})
    if leaves_before == "addresses":  # for these netifaces raises ValueError
        index = socket.if_nametoindex
        monkeypatch.setattr(socket, "if_nametoindex", lambda n: 9 if n == "gone0" else index(n))

    assert read_inventory() == before


def test_link_local_addresses_are_bound_with_their_scope() -> None:
    places = [
        SimpleNamespace(address="10.0.0.1", name="eth0"),
        SimpleNamespace(address="fe80::1", name="eth1"),
        SimpleNamespace(address="fd00::1", name="eth2"),
    ]
    assert bindable(places) == ["10.0.0.1", "fe80::1%eth1", "fd00::1"]
