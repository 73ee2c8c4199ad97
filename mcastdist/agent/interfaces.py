"""Which network interfaces do we use, and why not the others?

`read_inventory` looks at the machine, `choose` decides and does nothing else, so that every rule
can be tried on an inventory made by hand. An interface named in `multicast.interfaces` is taken
whatever it looks like; it must still be up and have an address.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import netifaces
import psutil

from .settings_keys import Settings
from .tentative import tentative_addresses

Family = Literal[4, 6]
IpInterface = ipaddress.IPv4Interface | ipaddress.IPv6Interface

# A laboratory's only interface may be a veth, but then somebody named it: only the names that
# container engines, hypervisors and VPNs themselves give are refused.
BRIDGE_NAME = re.compile(
    r"docker\d+|br-[0-9a-f]{6,}|veth[0-9a-f]{4,}|virbr\d+|lxcbr\d+|cni\d+|podman\d+"
)
TUNNEL_NAME = re.compile(r"(tun|tap|wg|ppp|utun|ipsec|tailscale|zt)[\w.-]*")
IPV6_MTU_MIN = 1_280  # RFC 8200, section 5: what every IPv6 link carries


@dataclass(frozen=True, slots=True)
class Interface:
    """One interface as the system shows it."""

    name: str
    index: int
    addresses: tuple[IpInterface, ...]  # in the system's order; IPv6 link-local without scope
    mtu: int
    up: bool = True
    loopback: bool = False
    point_to_point: bool = False


@dataclass(frozen=True, slots=True)
class Inventory:
    """All interfaces of the machine at one moment."""

    interfaces: tuple[Interface, ...]


@dataclass(frozen=True, slots=True)
class Chosen:
    """An interface we use, and the one address of it that we use."""

    name: str
    index: int
    family: Family
    address: str  # without prefix and scope
    prefix: int
    mtu: int
    why: str
    tunnel: bool = False  # looks like a VPN, and was asked for

    @property
    def network(self) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
        """The subnet the address is in."""
        return ipaddress.ip_interface(f"{self.address}/{self.prefix}").network

    @property
    def datagram_bytes_max(self) -> int:
        """The largest UDP payload that leaves unfragmented."""
        return self.mtu - (28 if self.family == 4 else 48)  # IP header without options, and UDP's 8


@dataclass(frozen=True, slots=True)
class Rejected:
    """An interface we leave alone."""

    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Choice:
    """What was decided."""

    chosen: list[Chosen] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)


def choose(settings: Settings, inventory: Inventory) -> Choice:
    """The interfaces to use and those to leave, each with the reason."""
    choice = Choice()
    for interface in inventory.interfaces:
        decision = _decide(settings, interface)
        if isinstance(decision, Chosen):
            choice.chosen.append(decision)
        else:
            choice.rejected.append(Rejected(interface.name, decision))
    known = {interface.name for interface in inventory.interfaces}
    choice.rejected.extend(
        Rejected(name, "named in multicast.interfaces, but there is none of this name")
        for name in settings.multicast.interfaces
        if name not in known
    )
    return choice


def read_inventory() -> Inventory:
    """The machine's interfaces as they are now."""
    stats = psutil.net_if_stats()
    tentative = tentative_addresses()
    found = []
    for name in sorted(set(netifaces.interfaces()) & set(stats)):
        try:
            index = socket.if_nametoindex(name)
            shown = tuple(_addresses(name))
        except (OSError, ValueError):
            continue  # it went away while we looked
        flags = set(stats[name].flags.split(","))
        addresses = tuple(each for each in shown if (name, each.ip) not in tentative)
        found.append(
            Interface(
                name=name,
                index=index,
                addresses=addresses,
                mtu=stats[name].mtu or IPV6_MTU_MIN,
                up=stats[name].isup,
                loopback="loopback" in flags or any(each.is_loopback for each in addresses),
                point_to_point="pointopoint" in flags,
            )
        )
    return Inventory(tuple(found))


def bindable(interfaces: Sequence[Chosen]) -> list[str]:
    """Their addresses as a TCP server takes them: a link-local one with its scope."""
    return [
        f"{one.address}%{one.name}" if one.address.startswith("fe80") else one.address
        for one in interfaces
    ]


def _decide(settings: Settings, interface: Interface) -> Chosen | str:
    """What we use of `interface`, or why we do not."""
    named = interface.name in settings.multicast.interfaces
    return (
        _unusable(settings, interface, named=named)
        or (not named and _unwanted(settings, interface))
        or _take(settings, interface, named=named)
    )


def _unusable(settings: Settings, interface: Interface, *, named: bool) -> str:
    """Why it cannot be used, or must not be whatever it looks like; empty if it can."""
    if settings.multicast.interfaces and not named:
        return "not in multicast.interfaces"
    if not interface.up:
        return "down"
    return "" if interface.addresses else "no IP address"


def _unwanted(settings: Settings, interface: Interface) -> str:
    """Why it should not be used unless somebody names it; empty if it may."""
    if interface.loopback and not settings.multicast.loopback:
        return "loopback; multicast.loopback permits it for trials"
    if _is_tunnel(interface):
        return "looks like a VPN or tunnel; name it in multicast.interfaces to use it"
    if BRIDGE_NAME.fullmatch(interface.name):
        return "looks like a container's or hypervisor's; name it in multicast.interfaces to use it"
    return ""


def _is_tunnel(interface: Interface) -> bool:
    """By its name, by its kind, or by an address that has no neighbours."""
    if interface.loopback:
        return False
    lonely = all(each.network.num_addresses == 1 for each in interface.addresses)
    by_name = TUNNEL_NAME.fullmatch(interface.name) is not None
    return by_name or interface.point_to_point or lonely


def _take(settings: Settings, interface: Interface, *, named: bool) -> Chosen | str:
    """IPv4 where there is an address of it, otherwise IPv6 (PROTOCOL.md, 2)."""
    allowed = [each for each in interface.addresses if not _excluded(settings, each)]
    if not allowed:
        return "its subnet is in multicast.exclude_subnets"
    ours = _bound_to(settings.node.address, interface, allowed)
    if not ours:
        return f"does not have node.address {settings.node.address}"
    best = min(ours, key=_preference)
    return Chosen(
        name=interface.name,
        index=interface.index,
        family=best.version,
        address=str(best.ip),
        prefix=best.network.prefixlen,
        mtu=interface.mtu,
        why="named in multicast.interfaces" if named else _why(settings, interface),
        tunnel=_is_tunnel(interface),
    )


def _why(settings: Settings, interface: Interface) -> str:
    if settings.node.address:
        return f"has node.address {settings.node.address}"
    return (
        "loopback, permitted by multicast.loopback" if interface.loopback else "up, with an address"
    )


def _preference(address: IpInterface) -> tuple[bool, bool]:
    """IPv4 first; of IPv6, an address that other subnets can also reach last."""
    return address.version == 6, not address.is_link_local


def _excluded(settings: Settings, address: IpInterface) -> bool:
    networks = (ipaddress.ip_network(each) for each in settings.multicast.exclude_subnets)
    return any(address.ip in network for network in networks if network.version == address.version)


def _bound_to(wanted: str, interface: Interface, addresses: list[IpInterface]) -> list[IpInterface]:
    """Those of `addresses` that `node.address` permits; all of 127.0.0.0/8 is on the loopback."""
    if not wanted:
        return addresses
    ip = ipaddress.ip_address(wanted)
    if exact := [each for each in addresses if each.ip == ip]:
        return exact
    around = [each for each in addresses if interface.loopback and ip in each.network]
    return [ipaddress.ip_interface(f"{wanted}/{each.network.prefixlen}") for each in around]


def _addresses(name: str) -> Iterable[IpInterface]:
    """The IP addresses of an interface; one the system shows in an unknown form is left out."""
    families = netifaces.ifaddresses(name)
    for entry in families.get(netifaces.AF_INET, []):
        yield ipaddress.ip_interface(f"{entry['addr']}/{entry.get('netmask', '255.255.255.255')}")
    for entry in families.get(netifaces.AF_INET6, []):
        bits = str(entry.get("netmask", "/128")).rpartition("/")[2]
        prefix = bits if bits.isdecimal() else "64"  # old kernels' masks come without a length
        yield ipaddress.ip_interface(f"{entry['addr'].partition('%')[0]}/{prefix}")
