"""Groups are derived alike everywhere, stay in their network, and avoid 239.255.255.x."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wire_samples import CLUSTER, CONTENT

from mcastdist.errors import UsageError
from mcastdist.ids import ClusterTag, ContentId
from mcastdist.wire import control_group, data_group


@pytest.mark.parametrize(
    ("network", "control", "data"),
    [
        ("239.255.0.0/16", "239.255.120.218", "239.255.106.181"),
        ("239.0.0.0/8", "239.0.120.218", "239.0.106.181"),
        ("239.255.240.0/20", "239.255.248.218", "239.255.250.181"),
        ("239.1.2.0/24", "239.1.2.218", "239.1.2.181"),
        ("239.1.2.3/32", "239.1.2.3", "239.1.2.3"),
        ("ff12::/16", "ff12::6d2d:78da", "ff12::6d2d:6ab5"),
        ("ff15::1200/120", "ff15::12da", "ff15::12b5"),
        ("ff15::1/128", "ff15::1", "ff15::1"),
    ],
)
def test_golden_groups(network: str, control: str, data: str) -> None:
    assert control_group(CLUSTER, network) == control
    assert data_group(CLUSTER, CONTENT, network) == data


def test_255_as_second_last_byte_is_254() -> None:
    tag = ClusterTag(169)  # SHA-256("mcastdist control" and this tag) begins with d4 ff f2
    assert control_group(tag, "239.255.0.0/16") == "239.255.254.242"
    assert control_group(tag, "239.255.240.0/20") == "239.255.254.242"
    assert control_group(tag, "239.255.254.0/23") == "239.255.254.242"
    assert control_group(tag, "239.255.255.0/24") == "239.255.255.242"  # as the administrator says
    assert control_group(tag, "ff12::/16") == "ff12::6dd4:fff2"


@given(
    st.integers(0, 2**32 - 1),
    st.binary(min_size=32, max_size=32),
    st.sampled_from(["239.255.0.0/16", "239.255.192.0/18", "224.0.0.0/4", "ff12::/16"]),
)
def test_groups_stay_in_their_network(tag: int, content: bytes, network: str) -> None:
    for group in (
        control_group(ClusterTag(tag), network),
        data_group(ClusterTag(tag), ContentId(content), network),
    ):
        assert ip_address(group) in ip_network(network)
        assert ip_address(group).is_multicast
        assert not group.startswith("239.255.255.")


@pytest.mark.parametrize(
    "network", ["", "239.255.0.0/33", "239.255.0.1/16", "10.0.0.0/8", "fe80::/10", "ff12::/8", "x"]
)
def test_what_is_no_multicast_network_is_refused(network: str) -> None:
    with pytest.raises(UsageError, match=r"such as 239\.255\.0\.0/16"):
        control_group(CLUSTER, network)
