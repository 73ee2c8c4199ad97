"""What may a setting be? The annotation of a key, and the checks that a type cannot express."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable

from msgspec import Meta, Struct

SECONDS_MAX = 86_400.0  # a day: a longer wait is a mistake in the unit
BPS_MIN = 100_000  # a lower limit would stall for minutes between two datagrams
BPS_MAX = 400_000_000_000  # beyond any interface there is
MINISIGN_KEY = re.compile(r"RW[A-Za-z0-9+/]{54}")

Check = Callable[[object], bool]


class Section(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What all sections share."""


def key(
    doc: str,
    *,
    ge: float | None = None,
    le: float | None = None,
    allowed: str = "",
    default: str = "",
    check: Check | None = None,
    restart: bool = False,
    per_task: bool = False,
    path: bool = False,
) -> Meta:
    """What is known of a key beside its type.

    `allowed` is what the refusal says (made from the bounds if empty), `default` is shown in place
    of a default that depends on the machine, `path` makes a relative value relative to its file.
    """
    extra = {
        "allowed": allowed,
        "default": default,
        "check": check,
        "restart": restart,
        "per_task": per_task,
        "path": path,
    }
    return Meta(description=doc, ge=ge, le=le, extra=extra)


def zero_or(least: int, most: int) -> Check:
    return lambda value: value == 0 or (isinstance(value, int) and least <= value <= most)


def group_network(version: int, least: int, most: int) -> Check:
    """A multicast network of IP `version`, with a prefix of `least` to `most` bits."""

    def check(value: object) -> bool:
        try:
            network = ipaddress.ip_network(str(value))
        except ValueError:
            return False
        fits = network.version == version and least <= network.prefixlen <= most
        return fits and network.is_multicast

    return check


def address_or_nothing(value: object) -> bool:
    try:
        return value == "" or bool(ipaddress.ip_address(str(value)))
    except ValueError:
        return False


def networks(value: object) -> bool:
    assert isinstance(value, tuple)
    try:
        return all(ipaddress.ip_network(each) for each in value)
    except ValueError:
        return False


def loopback_or_nothing(value: object) -> bool:
    """host:port on this machine only: the control API must not be reached from the network."""
    host, _, port = str(value).rpartition(":")
    if value == "":
        return True
    if not port.isascii() or not port.isdecimal() or int(port) > 65_535:
        return False
    try:
        return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def http_prefixes(value: object) -> bool:
    assert isinstance(value, tuple)
    return all(re.fullmatch(r"https?://[^/\s]+(/\S*)?", each) for each in value)


def key_ids(value: object) -> bool:
    assert isinstance(value, tuple)
    return all(re.fullmatch(r"[0-9A-Fa-f]{16}", each) for each in value)


def minutes(value: object) -> bool:
    assert isinstance(value, tuple)
    return all(0 < each <= 1_440 for each in value)
