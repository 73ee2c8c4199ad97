"""Which addresses does an interface show that it cannot use yet?

On a cable that has just come up, and so while a machine starts, IPv6 first asks whether anybody has
an address already (RFC 4862, 5.4). For a second or two it is shown like any other and refuses to be
bound; one that somebody has stays so. Linux tells which in a file; elsewhere we learn it by trying.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from pathlib import Path

TABLE = Path("/proc/net/if_inet6")
OPTIMISTIC, DUPLICATE, TENTATIVE = 0x04, 0x08, 0x40  # linux/if_addr.h

Place = tuple[str, ipaddress.IPv6Address]  # the interface's name, and the address


def tentative_addresses(table: Path = TABLE) -> frozenset[Place]:
    """All that may not be used now."""
    try:
        lines = table.read_text("ascii").splitlines()
    except OSError:
        return frozenset()  # no such system, or no IPv6
    return frozenset(_places(lines))


def _places(lines: Iterable[str]) -> Iterable[Place]:
    """From lines of `address index prefix scope flags name`, all but the name in hexadecimal."""
    for line in lines:
        address, _, _, _, flags, name = line.split(maxsplit=5)
        if _is_unusable(int(flags, 16)):
            yield name, ipaddress.IPv6Address(bytes.fromhex(address))


def _is_unusable(flags: int) -> bool:
    waits = flags & TENTATIVE and not flags & OPTIMISTIC
    return bool(waits or flags & DUPLICATE)
