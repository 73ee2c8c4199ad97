"""One receiver's link has a tenth of the others' speed: do the others notice?

Table D. Pairs of runs, with and without the slow link; the time of the last of the others counts.
"""

from __future__ import annotations

from pathlib import Path

from .content import Content
from .figures import OURS
from .fleet import ended_at
from .lab import Lab
from .options import Options
from .sheet import Sheet
from .site import Site, site
from .streaming import schedule

TABLE = "D"
RECEIVERS = 5
LINK_BPS = 200_000_000
SLOWER = 10
MIB = 1 << 20
TIMEOUT_S = 120.0
CHANGE_PERCENT_MAX = 5.0
ALIKE, SLOW = "all alike", "one at 1/10"


def run(options: Options, sheet: Sheet, work: Path) -> None:
    """With and without, in turn."""
    content = Content(work, options.size(quick=64 * MIB, full=256 * MIB))
    count = options.host_count(quick=RECEIVERS, full=RECEIVERS)
    link_bps = options.rate(LINK_BPS)
    sheet.remark(
        f"{content.size // MIB} MiB, {count} receivers, links of {link_bps / 1e6:g} Mbit/s"
    )
    for turn in range(options.turns(quick=2)):
        for case in (ALIKE, SLOW) if turn % 2 == 0 else (SLOW, ALIKE):
            with sheet.trial(case), Lab(count + 1) as lab:
                _shape(lab, link_bps, slow=case is SLOW)
                place = work / f"{'slow' if case is SLOW else 'alike'}-{turn}"
                with site(lab, content, place) as here:
                    sheet.put(case, OURS, **_measure(here, link_bps))
    usual, disturbed = (sheet.median(case, OURS, "the others") for case in (ALIKE, SLOW))
    if usual and disturbed:
        change = 100 * (disturbed / usual - 1)
        sheet.put(SLOW, OURS, change=(change, "%"))
    says = f"≤ {CHANGE_PERCENT_MAX:g} %"
    sheet.aim(SLOW, "change", says, unit="%", at_most=CHANGE_PERCENT_MAX)


def _shape(lab: Lab, link_bps: int, *, slow: bool) -> None:
    for host in lab.hosts:
        lab.rate(host, link_bps)
    if slow:
        lab.rate(lab.hosts[-1], link_bps // SLOWER)


def _measure(here: Site, link_bps: int) -> dict[str, tuple[float, str]]:
    """The last one is not waited for: what it holds by then is told, and that it goes on."""
    here.fleet.start(here.lab.hosts)
    scheduled = schedule(here, here.lab.hosts[1:], link_bps=link_bps)
    *others, last = scheduled.tasks
    records = here.fleet.finish(others, TIMEOUT_S)
    (left,) = here.fleet.records([last])
    if left.state == "failed":
        raise AssertionError(f"the slow receiver has failed: {left.sentence}")
    ends = [ended_at(task, record) for task, record in zip(others, records, strict=True)]
    return {
        "the_others": (max(ends) - scheduled.start_at, "s"),
        "the_last_holds": (100 * left.held_bytes / here.content.size, "%"),
    }
