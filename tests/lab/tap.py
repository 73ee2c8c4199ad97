"""What do the hosts say on the segment? Counters at the switch, independent of what we say of it.

Every frame is counted once, where it enters the switch: by protocol and port, multicast apart, and
of multicast what is too large to be a control message.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Self

from bench.lab import Lab
from mcastdist.wire.limits import CONTROL_BYTES_MAX, PORT

UDP_HEADER_BYTES = 8
SEAL_BYTES = 44  # header and tag of a control datagram (PROTOCOL.md, 3.1)

RULES = """
define small = {small}
table bridge tap {{
  counter control {{ }}
  counter stream {{ }}
  counter unicast {{ }}
  counter http {{ }}
  chain seen {{
    type filter hook prerouting priority -400;
    meta l4proto tcp counter name http
    udp dport != {port} return
    ip daddr 224.0.0.0/4 udp length <= $small counter name control
    ip daddr 224.0.0.0/4 udp length > $small counter name stream
    ip daddr != 224.0.0.0/4 counter name unicast
    ip6 daddr ff00::/8 udp length <= $small counter name control
    ip6 daddr ff00::/8 udp length > $small counter name stream
    ip6 daddr != ff00::/8 counter name unicast
  }}
}}
"""


@dataclass(frozen=True, slots=True)
class Counted:
    """Packets or bytes since the tap was opened. HTTP includes what crosses the router."""

    control: int  # multicast on our port that is no larger than a control message can be
    stream: int  # multicast on our port that is larger
    unicast: int  # UDP on our port, to one host or by broadcast
    http: int  # all TCP

    def __sub__(self, earlier: Self) -> Counted:
        return Counted(
            self.control - earlier.control,
            self.stream - earlier.stream,
            self.unicast - earlier.unicast,
            self.http - earlier.http,
        )


class Tap:
    """Counts from now on what enters the lab's switch."""

    def __init__(self, lab: Lab) -> None:
        self._router = lab.router
        small = CONTROL_BYTES_MAX + SEAL_BYTES + UDP_HEADER_BYTES
        self._router.run(["nft", "-f", "-"], text_in=RULES.format(port=PORT, small=small))

    def packets(self) -> Counted:
        """How many frames there were; a burst of TCP is one."""
        return self._read("packets")

    def bytes(self) -> Counted:
        """How many bytes they had, with IP and UDP or TCP headers."""
        return self._read("bytes")

    def _read(self, unit: str) -> Counted:
        told = self._router.run(["nft", "--json", "list", "counters", "table", "bridge", "tap"])
        rows = [row["counter"] for row in json.loads(told.stdout)["nftables"] if "counter" in row]
        return Counted(**{row["name"]: row[unit] for row in rows})
