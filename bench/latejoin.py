"""A machine gets the task when half of the stream is over: how soon has it all?

Table D. It takes the stream from where it is, and the missing half afterwards, from peers; that may
take what half the content takes at its link's rate, and a little.
"""

from __future__ import annotations

from pathlib import Path

from .content import Content
from .figures import OURS
from .fleet import ended_at
from .lab import Lab
from .options import Options
from .sheet import Sheet
from .site import Site, await_that, site
from .streaming import schedule

TABLE = "D"
RECEIVERS = 3
LINK_BPS = 400_000_000
STREAM_BPS = 200_000_000
MIB = 1 << 20
TIMEOUT_S = 120.0
HALF = 0.5
SPARE_S = 2.0


def run(options: Options, sheet: Sheet, work: Path) -> None:
    """Some from the beginning, one from the middle."""
    content = Content(work, options.size(quick=64 * MIB, full=256 * MIB))
    count = options.host_count(quick=RECEIVERS, full=RECEIVERS)
    link_bps = options.rate(LINK_BPS)
    case = f"{content.size // MIB} MiB at {STREAM_BPS / 1e6:.0f} Mbit/s"
    settings = {"multicast.rate_limit_bps": STREAM_BPS}
    for turn in range(options.turns()):
        with sheet.trial(case), Lab(count + 2) as lab:
            for host in lab.hosts:
                lab.rate(host, link_bps)
            with site(lab, content, work / f"ours-{turn}", settings) as here:
                sheet.put(case, OURS, **_join_half_way(here, link_bps))
    missing_s = content.size * HALF * 8 / link_bps
    says = f"≤ {missing_s:.1f} s for the missing half + {SPARE_S:g} s"
    sheet.aim(case, "after the end", says, at_most=missing_s + SPARE_S)


def _join_half_way(here: Site, link_bps: int) -> dict[str, tuple[float, str]]:
    _, *early, late = here.lab.hosts
    fleet, size = here.fleet, here.content.size
    fleet.start(here.lab.hosts)
    tasks = schedule(here, early, link_bps=link_bps).tasks

    def is_half_over() -> bool:
        return fleet.records(tasks[:1])[0].held_bytes >= HALF * size

    await_that(is_half_over, TIMEOUT_S, "half of the stream")
    late_tasks = fleet.begin([late], here.url)
    records = fleet.finish(tasks, TIMEOUT_S)
    (record,) = fleet.finish(late_tasks, TIMEOUT_S)
    ends = [ended_at(task, each) for task, each in zip(tasks, records, strict=True)]
    sources = record.bytes_by_source
    return {
        "after_the_end": (ended_at(late_tasks[0], record) - max(ends), "s"),
        "by_multicast": (100 * (sources["multicast"] + sources["parity"]) / size, "%"),
        "by_peers": (100 * sources["peer"] / size, "%"),
        "WAN_copies": (here.copies_over_wan(), "x"),
    }
