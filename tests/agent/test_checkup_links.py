"""Which interfaces are used, and what they carry."""

from __future__ import annotations

import ipaddress

from checkup_kit import codes

from mcastdist.agent.checkup.links import judge_interfaces
from mcastdist.agent.interfaces import Interface, Inventory, choose
from mcastdist.agent.settings import load


def interface(name: str, *addresses: str, mtu: int = 1500, up: bool = True) -> Interface:
    parsed = tuple(ipaddress.ip_interface(each) for each in addresses)
    return Interface(name=name, index=7, addresses=parsed, mtu=mtu, up=up)


def judge(*interfaces: Interface, settings: tuple[str, ...] = ()) -> list[tuple[str, str, str]]:
    given, inventory = load(None, {}, settings), Inventory(interfaces)
    found = judge_interfaces(given, choose(given, inventory), inventory)
    return [(one.code, one.severity, one.sentence) for one in found]


ETH = interface("eth0", "10.0.0.5/24", "fe80::5/64")


def test_what_is_used_is_told_with_why() -> None:
    assert judge(ETH) == [
        (
            "interface_used",
            "ok",
            "eth0: 10.0.0.5/24, MTU 1,500, IPv4: up, with an address; its IPv6 is not used",
        )
    ]


def test_what_is_left_alone_is_told_with_why() -> None:
    [_, (code, severity, sentence)] = judge(ETH, interface("docker0", "172.17.0.1/16"))

    assert (code, severity) == ("interface_unused", "note")
    assert "container" in sentence


def test_a_name_that_does_not_exist_is_an_error() -> None:
    found = judge(ETH, settings=('multicast.interfaces=["eth9"]',))

    assert [code for code, _, _ in found] == [
        "no_interface",
        "interface_unused",
        "interface_missing",
    ]


def test_a_named_one_that_is_down_is_an_error_too() -> None:
    down = interface("eth1", "10.1.0.5/24", up=False)
    found = judge(ETH, down, settings=('multicast.interfaces=["eth0", "eth1"]',))

    assert [(code, sentence) for code, _, sentence in found][1:] == [
        ("interface_missing", "eth1: down")
    ]


def test_mtus() -> None:
    jumbo, tiny = interface("eth1", "10.1.0.5/24", mtu=9000), interface("x", "10.2.0.5/24", mtu=900)

    assert [one[0] for one in judge(ETH, jumbo)][2:] == ["mtus_differ"]
    assert [one[0] for one in judge(tiny)] == ["interface_used", "mtu_small"]


def test_multicast_that_is_off_is_told() -> None:
    assert judge(ETH, settings=("multicast.enabled=false",))[-1][:2] == ("multicast_off", "note")


def test_findings_have_their_own_codes() -> None:
    given, inventory = load(None, {}, ()), Inventory((interface("eth0", up=False),))
    assert codes(judge_interfaces(given, choose(given, inventory), inventory)) == [
        "no_interface",
        "interface_unused",
    ]
