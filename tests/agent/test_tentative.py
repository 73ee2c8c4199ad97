"""IPv6 addresses that are shown and cannot be used yet, as Linux lists them."""

from __future__ import annotations

import ipaddress
from pathlib import Path

import pytest

from mcastdist.agent.tentative import tentative_addresses

ADDRESS = ipaddress.IPv6Address("fe80::fc00:ff:fe00:1")
LINE = f"{ADDRESS.packed.hex()} 04 40 20 {{flags}}     eth0\n"


@pytest.mark.parametrize(
    ("flags", "unusable"),
    [
        ("80", False),  # permanent
        ("c0", True),  # asking whether somebody has it
        ("c4", False),  # asking, and permitted meanwhile (RFC 4429)
        ("88", True),  # somebody has it
        ("c8", True),
    ],
)
def test_what_the_kernel_still_asks_about_is_left(
    tmp_path: Path, flags: str, unusable: bool
) -> None:
    table = tmp_path / "if_inet6"
    loopback = f"{1:032x} 01 80 10 80       lo\n"
    table.write_text(loopback + LINE.format(flags=flags))

    assert tentative_addresses(table) == ({("eth0", ADDRESS)} if unusable else set())


def test_without_the_table_every_address_counts(tmp_path: Path) -> None:
    assert tentative_addresses(tmp_path / "none") == frozenset()
