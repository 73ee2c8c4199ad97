"""What the settings mean for the node."""

from __future__ import annotations

import pytest

from mcastdist.agent.config import DATAGRAM_BYTES_FLOOR, DATAGRAM_BYTES_USEFUL, node_config
from mcastdist.agent.interfaces import Chosen
from mcastdist.agent.settings import load
from mcastdist.node import NodeConfig


def interface(mtu: int = 1500, **changes: object) -> Chosen:
    values: dict[str, object] = {
        "name": "eth0", "index": 2, "family": 4, "address": "10.0.0.1", "prefix": 24, "mtu": mtu,
        "why": "",
    }  # fmt: skip
    return Chosen(**(values | changes))


def config(*overrides: str, interfaces: tuple[Chosen, ...] = (interface(),)) -> NodeConfig:
    return node_config(
        load(None, {}, ["election.never_on=[]", *overrides]), interfaces, http_port=7447
    )


def test_settings_are_handed_on_in_the_nodes_units() -> None:
    found = config(
        "multicast.session_start_delay_s=3",
        "download.retry_backoff_min=[1, 2]",
        "repair.slow_receiver_bps_min=5000000",
        "election.weight=61",
    )

    assert found.session_start_delay_s == 3
    assert found.retry_backoff_s == (60.0, 120.0)
    assert found.slow_receiver_bps_min == 5_000_000
    assert found.merits.weight == 61
    assert found.http_port == 7447


def test_who_serves_no_peers_names_no_port() -> None:
    assert config("download.allow_peers=false").http_port == 0


def test_without_an_interface_there_is_multicast_once_there_is_one() -> None:
    assert config().is_connected
    assert len(config().networks) == 1
    assert config(interfaces=()).networks == frozenset()
    assert config(interfaces=()).multicast_enabled
    assert not config(interfaces=()).is_connected


@pytest.mark.parametrize(
    "setting",
    ['multicast.interfaces=["eth9"]', 'multicast.exclude_subnets=["10.0.0.0/8"]',
     "node.address=10.0.0.9"],
)  # fmt: skip
def test_where_the_settings_leave_no_interface_there_is_no_multicast(setting: str) -> None:
    assert config(setting).multicast_enabled
    assert not config(setting, interfaces=()).multicast_enabled


def test_multicast_can_be_switched_off() -> None:
    assert not config("multicast.enabled=false").multicast_enabled


@pytest.mark.parametrize(
    ("mtus", "setting", "expected"),
    [
        ([1500], 0, 1472),
        ([1500, 1400], 0, 1372),
        ([9000], 0, DATAGRAM_BYTES_USEFUL),
        ([65536], 0, DATAGRAM_BYTES_USEFUL),
        ([1500], 1300, 1300),
        ([1500], 9000, 1472),
        ([], 0, DATAGRAM_BYTES_FLOOR),
    ],
)
def test_a_datagram_fits_every_interface(mtus: list[int], setting: int, expected: int) -> None:
    interfaces = tuple(interface(mtu) for mtu in mtus)

    found = config(f"multicast.datagram_bytes_max={setting}", interfaces=interfaces)
    assert found.datagram_bytes_max == expected


def test_who_must_not_represent_weighs_nothing() -> None:
    vpn = interface(name="tun0", tunnel=True)
    found = node_config(load(None, {}, ['election.never_on=["vpn"]']), [vpn], http_port=1)

    assert found.merits.weight == 0
