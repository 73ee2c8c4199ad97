"""The WAN is slower than the LAN: how long after the last byte of the download is everybody done?

Table D. Cut-through: the representative streams what it has verified while it still downloads.
"""

from __future__ import annotations

import time
from pathlib import Path

from .content import Content
from .figures import OURS
from .fleet import ended_at
from .lab import Lab
from .options import Options
from .sheet import Sheet
from .site import Recorder, Site, site

TABLE = "D"
ENDPOINTS_QUICK, ENDPOINTS = 4, 8
WAN_BPS = 50_000_000
LAN_BPS = 1_000_000_000
MIB = 1 << 20
TIMEOUT_S = 120.0
DELAY_S = 2.0
AFTER_S_MAX = 3.0
PAYLOAD_BYTES = 4096  # in one sample: what the end of a connection says is less


def run(options: Options, sheet: Sheet, work: Path) -> None:
    """A slow WAN, a fast LAN, a short delay."""
    content = Content(work, options.size(quick=32 * MIB, full=128 * MIB))
    count = options.host_count(quick=ENDPOINTS_QUICK, full=ENDPOINTS)
    wan_bps = options.rate(WAN_BPS)
    case = f"{content.size // MIB} MiB, {count} endpoints, WAN {wan_bps / 1e6:g} Mbit/s"
    for turn in range(options.turns()):
        with sheet.trial(case), Lab(count) as lab:
            lab.wan_rate(wan_bps)
            for host in lab.hosts:
                lab.rate(host, LAN_BPS)
            with site(lab, content, work / f"ours-{turn}") as here:
                sheet.put(case, OURS, **_measure(here))
    sheet.aim(case, "after the last byte", f"≤ {AFTER_S_MAX:g} s", at_most=AFTER_S_MAX)


def _measure(here: Site) -> dict[str, tuple[float, str]]:
    hosts = here.lab.hosts
    here.fleet.start(hosts)
    with Recorder(here.lab, here.lab.origin.port) as wan:
        tasks = here.fleet.begin(hosts, here.url, multicast__session_start_delay_s=DELAY_S)
        records = here.fleet.finish(tasks, TIMEOUT_S)
    last_byte_at = wan.last_rise(bytes_min=PAYLOAD_BYTES) + time.time() - time.monotonic()
    ends = [ended_at(task, record) for task, record in zip(tasks, records, strict=True)]
    return {
        "after_the_last_byte": (max(ends) - last_byte_at, "s"),
        "time": (max(ends) - tasks[0].started, "s"),
        "WAN_copies": (here.copies_over_wan(), "x"),
    }
