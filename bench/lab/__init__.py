"""Where do real sockets meet without a room full of machines? A subnet in network namespaces.

    with Lab(hosts=3) as lab:
        lab.wan_rate(100_000_000)
        lab.loss(lab.hosts[1], permille=20)
        lab.hosts[0].run(["ping", "-c", "1", lab.hosts[1].address])

No root is needed: an ordinary user's lab lives in a user namespace of its own. `available()` says
in words why there can be none on this machine.
"""

from .agents import Agents, Run
from .host import Host
from .network import Lab
from .origins import NginxOrigin, OwnOrigin
from .packages import Keys, Package, collect_files, make_keys, publish
from .requirements import available, find_tool
from .spaces import clear_leftovers

__all__ = [
    "Agents",
    "Host",
    "Keys",
    "Lab",
    "NginxOrigin",
    "OwnOrigin",
    "Package",
    "Run",
    "available",
    "clear_leftovers",
    "collect_files",
    "find_tool",
    "make_keys",
    "publish",
]
