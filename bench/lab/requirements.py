"""Can a lab be made on this machine, and if not, why?

The answer is found by trying: a kernel that has the tools may still forbid user namespaces, or
lack a module.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys

TOOLS = ("ip", "tc", "nft", "ethtool", "unshare", "nsenter", "setpriv")

# An ordinary user's PATH often lacks the directories where `nft` and `nginx` are.
SYSTEM_DIRECTORIES = ("/usr/local/sbin", "/usr/sbin", "/sbin")

TRIAL_S_MAX = 20.0  # a trial takes 50 ms; a machine this slow is of no use for a lab

TRIAL = """
ip link set lo up
ip link add br0 type bridge mcast_snooping 1
ip link add p1 type veth peer name e1
ip link set p1 master br0
ethtool --offload e1 tx-udp-segmentation off
ethtool --offload p1 tso off
ethtool --offload e1 gro on
tc qdisc add dev p1 root tbf rate 1mbit burst 16k latency 20ms
nft -f - <<END
table bridge trial {
  chain forward {
    type filter hook forward priority 0;
    iifname "p1" ip daddr 224.0.0.0/4 drop
  }
  chain postrouting {
    type filter hook postrouting priority 0;
    oifname "p1" meta l4proto udp numgen random mod 1000 < 5 drop
  }
}
END
echo 1 > /proc/sys/net/ipv4/ip_forward
"""


def search_path() -> str:
    """PATH, and after it the directories of the system's tools."""
    return os.pathsep.join([os.environ.get("PATH", os.defpath), *SYSTEM_DIRECTORIES])


def find_tool(name: str) -> str | None:
    """The absolute path of a program, wherever the system keeps it; None if it has none."""
    return shutil.which(name, path=search_path())


def new_namespaces() -> list[str]:
    """The start of a command line that runs the rest as root of namespaces of its own."""
    as_root = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    return [find_tool("unshare") or "unshare", *as_root, "--net", "--mount"]


@functools.cache
def available() -> str | None:
    """None if a lab can be made here, otherwise the reason in words."""
    if not sys.platform.startswith("linux"):
        return f"network namespaces are a thing of Linux, and this is {sys.platform}"
    missing = [tool for tool in TOOLS if find_tool(tool) is None]
    if missing:
        return f"not installed: {', '.join(missing)} (Debian: iproute2, nftables, ethtool)"
    return _try_it()


def _try_it() -> str | None:
    try:
        trial = subprocess.run(
            [*new_namespaces(), "sh", "-ec", TRIAL],
            env={**os.environ, "PATH": search_path()},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TRIAL_S_MAX,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"a trial network was not made within {TRIAL_S_MAX:.0f} s"
    if trial.returncode == 0:
        return None
    complaint = " ".join(trial.stderr.split()) or f"exit status {trial.returncode}"
    return f"a trial network could not be made: {complaint}"
