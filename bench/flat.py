"""How little does it matter how many receivers there are?

Table F. The time of a stream to one receiver and to many, at a rate that this machine has CPU to
spare for, from the end of the start delay; and what setting it up costs beside that delay.
"""

from __future__ import annotations

from pathlib import Path

from .content import Content
from .figures import OURS
from .lab import Lab
from .options import Options, time_limit_s
from .sheet import Sheet
from .streaming import stream_once

TABLE = "F"
MIB = 1 << 20
RATE_BPS = 60_000_000
MANY_QUICK, MANY = 12, 32
RATIO_MAX = 1.1
SETUP_S_MAX = 0.5


def run(options: Options, sheet: Sheet, work: Path) -> None:
    """One receiver and many, in turn."""
    content = Content(work, options.size(quick=24 * MIB, full=64 * MIB))
    rate_bps = options.rate(RATE_BPS)
    counts = (1, options.host_count(quick=MANY_QUICK, full=MANY))
    cases = {count: f"{count} at {rate_bps / 1e6:g} Mbit/s" for count in counts}
    limit_s = time_limit_s(content.size, rate_bps)
    for turn in range(options.turns(quick=2)):
        for count in counts if turn % 2 == 0 else reversed(counts):
            place = work / f"flat-{count}-{turn}"
            with sheet.trial(cases[count]), Lab(count + 1) as lab:
                ours = stream_once(
                    lab, content, place, lab.hosts[1:], rate_bps=rate_bps, timeout_s=limit_s
                )
                sheet.put(cases[count], OURS, time=(ours.seconds, "s"), set_up=(ours.setup_s, "s"))
    _judge(sheet, *cases.values())


def _judge(sheet: Sheet, one: str, many: str) -> None:
    times = [sheet.median(case, OURS, "time") for case in (one, many)]
    if times[0] and times[1]:
        sheet.put(many, OURS, ratio=(times[1] / times[0], "x"))
    sheet.aim(many, "ratio", f"≤ {RATIO_MAX} x one", unit="x", at_most=RATIO_MAX)
    for case in (one, many):
        sheet.aim(case, "set up", f"≤ {SETUP_S_MAX:g} s", unit="s", at_most=SETUP_S_MAX)
