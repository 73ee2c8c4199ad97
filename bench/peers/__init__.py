"""Who else does this work? Other programs, each driven as its manual says, bounded in time.

A peer that is not installed takes no part, and the result says so (`make bench-peers` installs
all). What is measured of each is the same: the seconds from the sender's start until the last
receiver has everything, checked by its hash, and what the processes used.
"""

from .aria2 import Aria2
from .delivery import Delivery, Downloader, Peer
from .norm import Norm
from .udpcast import Udpcast
from .uftp import Uftp
from .wget import Wget

MULTICAST: tuple[Peer, ...] = (Uftp(), Udpcast(), Norm())
DOWNLOADERS: tuple[Downloader, ...] = (Wget(), Aria2())

__all__ = [
    "DOWNLOADERS",
    "MULTICAST",
    "Aria2",
    "Delivery",
    "Downloader",
    "Norm",
    "Peer",
    "Udpcast",
    "Uftp",
    "Wget",
]
