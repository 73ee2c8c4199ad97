"""What about this machine bears on the election? Cable or radio, mains or battery, who pays?

An answer that cannot be had is the harmless one: a machine of which nothing is known is wired, on
mains, and not metered, as a server is.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import psutil

from .interfaces import Chosen

Medium = Literal["wired", "wifi"]

SYS_NET = Path("/sys/class/net")
WIFI_NAMES = ("wl", "wi-fi", "wireless", "airport")  # where there is no /sys: Windows, macOS
NMCLI_WAIT_S = 2.0


def medium(name: str, sys_net: Path = SYS_NET) -> Medium:
    """How the interface is connected. Linux shows a wireless one by a folder of this name."""
    if (sys_net / name).exists():
        wireless = any((sys_net / name / each).exists() for each in ("wireless", "phy80211"))
    else:
        wireless = name.lower().startswith(WIFI_NAMES)
    return "wifi" if wireless else "wired"


def on_mains() -> bool:
    """False only if there is a battery and it is in use."""
    read = getattr(psutil, "sensors_battery", None)  # not there on every system
    battery = read() if read is not None else None
    return battery is None or battery.power_plugged is not False


def is_metered(name: str, nmcli: str = "nmcli") -> bool:
    """True if NetworkManager knows, or guesses, that traffic on the interface costs money."""
    command = [nmcli, "-g", "GENERAL.METERED", "device", "show", name]
    try:
        answer = subprocess.run(
            command, capture_output=True, text=True, timeout=NMCLI_WAIT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False  # no NetworkManager, or one that is busy with itself
    return answer.stdout.strip().startswith("yes")


def holding(never_on: Sequence[str], chosen: Sequence[Chosen]) -> list[str]:
    """Those conditions of `election.never_on` that hold now. May take seconds: not for the loop."""
    tests = {
        "battery": lambda: not on_mains(),
        "metered": lambda: any(is_metered(interface.name) for interface in chosen),
        "vpn": lambda: any(interface.tunnel for interface in chosen),
    }
    return [condition for condition in never_on if tests[condition]()]
