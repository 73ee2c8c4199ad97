"""The switch carries no multicast: does everybody still get it, and does the WAN still pay once?

Table D. Two ways to be blocked: nothing that is sent to a group arrives; or the short messages do,
and the stream does not (a switch that limits multicast, a group that a snooping switch forgot).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from mcastdist.wire import CONTROL_BYTES_MAX

from .content import Content
from .figures import OURS
from .fleet import Task
from .lab import Lab
from .options import Options
from .sheet import Sheet
from .site import Site, await_that, seconds_each, site

TABLE = "D"
ENDPOINTS_QUICK, ENDPOINTS = 5, 8
WAN_BPS = 100_000_000
MIB = 1 << 20
TIMEOUT_S = 180.0
DELAY_S = 3.0
COPIES_MAX = 1.05
MOVES_S_MAX = 5.0
SEAL_AND_UDP_BYTES = 52  # header and tag of a control datagram (PROTOCOL.md, 3.1), and UDP's header
EVERYTHING, STREAM = "all multicast blocked", "the stream blocked"

STREAM_LOST = """
table bridge stream_lost {{
  chain forward {{
    type filter hook forward priority 10;
    ip daddr 224.0.0.0/4 meta l4proto udp udp length > {longest} counter drop
    ip6 daddr ff00::/8 meta l4proto udp udp length > {longest} counter drop
  }}
}}
"""


def run(options: Options, sheet: Sheet, work: Path) -> None:
    """Both ways to be blocked."""
    content = Content(work, options.size(quick=32 * MIB, full=128 * MIB))
    count = options.host_count(quick=ENDPOINTS_QUICK, full=ENDPOINTS)
    wan_bps = options.rate(WAN_BPS)
    sheet.remark(f"{content.size // MIB} MiB, {count} endpoints, WAN {wan_bps / 1e6:g} Mbit/s")
    for turn in range(options.turns()):
        for number, case in enumerate((STREAM, EVERYTHING)):
            with sheet.trial(case), Lab(count) as lab:
                lab.wan_rate(wan_bps)
                _block(lab, case)
                with site(lab, content, work / f"ours-{turn}-{number}") as here:
                    sheet.put(case, OURS, **_measure(here))
    for case in (STREAM, EVERYTHING):
        sheet.aim(case, "WAN copies", f"≤ {COPIES_MAX}", at_most=COPIES_MAX)
        sheet.aim(case, "moves after", f"≤ {MOVES_S_MAX:g} s", at_most=MOVES_S_MAX)


def _block(lab: Lab, case: str) -> None:
    if case is EVERYTHING:
        lab.block_multicast()
    else:
        longest = CONTROL_BYTES_MAX + SEAL_AND_UDP_BYTES
        lab.router.run(["nft", "-f", "-"], text_in=STREAM_LOST.format(longest=longest))


def _measure(here: Site) -> dict[str, tuple[float, str]]:
    fleet, hosts = here.fleet, here.lab.hosts
    fleet.start(hosts)
    tasks = fleet.begin(hosts, here.url, multicast__session_start_delay_s=DELAY_S)
    moved_at = await_that(lambda: _moves(here, tasks), TIMEOUT_S, "a first byte at a second host")
    moved_at += time.time() - time.monotonic()
    records = fleet.finish(tasks, TIMEOUT_S)
    return {
        "moves_after": (moved_at - tasks[0].started - DELAY_S, "s"),
        "time": (max(seconds_each(tasks, records)), "s"),
        "WAN_copies": (here.copies_over_wan(), "x"),
    }


def _moves(here: Site, tasks: Sequence[Task]) -> bool:
    """True once somebody beside the representative holds something."""
    return sum(record.held_bytes > 0 for record in here.fleet.records(tasks)) > 1
