"""Which multicast groups do we speak in? Derived, so that nobody has to configure them.

PROTOCOL.md, section 2. Different clusters and sessions fall on different groups most of the time;
where two collide, cluster tag and session id in each datagram tell them apart.
"""

from __future__ import annotations

import hashlib
from ipaddress import IPv4Network, IPv6Network, ip_network

from mcastdist.errors import UsageError
from mcastdist.ids import ClusterTag, ContentId


def control_group(tag: ClusterTag, network: str) -> str:
    """The cluster's control group within `network`, an IPv4 or IPv6 multicast prefix.

    Raises UsageError if `network` is none.
    """
    return _group(b"mcastdist control" + tag.to_bytes(4, "big"), network)


def data_group(tag: ClusterTag, content: ContentId, network: str) -> str:
    """The group of the streams of `content` within `network`. Raises as `control_group`."""
    return _group(b"mcastdist data" + tag.to_bytes(4, "big") + content, network)


def _group(name: bytes, network: str) -> str:
    prefix = _multicast_network(network)
    a, b, c = hashlib.sha256(name).digest()[:3]
    if isinstance(prefix, IPv6Network):
        wanted = int.from_bytes((0x6D, a, b, c), "big")
        return str(prefix[wanted & (2 ** min(prefix.max_prefixlen - prefix.prefixlen, 32) - 1)])
    host = (b << 8 | c) & int(prefix.hostmask)
    address = int(prefix.network_address) | host
    if address >> 8 & 0xFF == 0xFF and host >> 8:
        address -= 1 << 8  # 239.255.255.x is used by others: 254 in place of 255
    return str(type(prefix.network_address)(address))


def _multicast_network(text: str) -> IPv4Network | IPv6Network:
    try:
        network = ip_network(text)
    except ValueError as error:
        raise UsageError(f"{error}: give a multicast network such as 239.255.0.0/16") from None
    if not network.is_multicast:
        raise UsageError(f"{text} is not multicast: give a network such as 239.255.0.0/16")
    return network
