"""The representative is killed in the middle of the stream: how soon does it go on?

Table D. `kill -9` when every receiver holds half of the content, while stream and download overlap.
"Goes on" is when another representative begins a round; what the dead one alone held is downloaded
again, and nothing else.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from .content import Content
from .figures import OURS
from .fleet import Task
from .lab import Lab
from .options import Options
from .sheet import Sheet
from .site import Site, await_that, representative, seconds_each, site

TABLE = "D"
RECEIVERS_QUICK, RECEIVERS = 4, 8
WAN_BPS = 100_000_000
MIB = 1 << 20
TIMEOUT_S = 120.0
HALF = 0.5
GOES_ON_S_MAX = 3.0
COPIES_MAX = 1.02
DELAY_S = 1


def run(options: Options, sheet: Sheet, work: Path) -> None:
    """Kill it, and see."""
    content = Content(work, options.size(quick=64 * MIB, full=256 * MIB))
    count = options.host_count(quick=RECEIVERS_QUICK, full=RECEIVERS)
    wan_bps = options.rate(WAN_BPS)
    case = f"{content.size // MIB} MiB, {count} receivers, WAN {wan_bps / 1e6:.0f} Mbit/s"
    for turn in range(options.turns()):
        with sheet.trial(case), Lab(count + 1) as lab:
            lab.wan_rate(wan_bps)
            with site(lab, content, work / f"ours-{turn}") as here:
                sheet.put(case, OURS, **_kill_half_way(here))
    sheet.aim(case, "goes on after", f"≤ {GOES_ON_S_MAX:g} s", at_most=GOES_ON_S_MAX)
    sheet.aim(case, "WAN copies", f"≤ {COPIES_MAX}", at_most=COPIES_MAX)


def _kill_half_way(here: Site) -> dict[str, tuple[float, str]]:
    hosts, fleet = here.lab.hosts, here.fleet
    fleet.start(hosts)
    tasks = fleet.begin(hosts, here.url, multicast__session_start_delay_s=DELAY_S)
    await_that(lambda: _is_half_over(here, tasks), TIMEOUT_S, "half of the stream")
    dead = representative(fleet, tasks)
    if dead is None:
        raise AssertionError("nobody represents half-way through the stream")
    killed_at = time.monotonic()
    fleet.kill(dead)
    left = [task for task in tasks if task.host is not dead]
    records = fleet.finish(left, TIMEOUT_S)
    rounds = [
        event["at"] - killed_at
        for task in left
        for event in fleet.events(task.host, "node.round")
        if event["at"] > killed_at
    ]
    if not rounds:
        raise AssertionError("no stream was begun again; peers and HTTP did the rest")
    return {
        "goes_on_after": (min(rounds), "s"),
        "time": (max(seconds_each(left, records)), "s"),
        "WAN_copies": (here.copies_over_wan(), "x"),
    }


def _is_half_over(here: Site, tasks: Sequence[Task]) -> bool:
    """True once the receiver that holds least holds half."""
    records = here.fleet.records(tasks)
    return min(record.held_bytes for record in records) > HALF * here.content.size
