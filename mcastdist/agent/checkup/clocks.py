"""Do the clocks of this subnet agree? Judged from an examination's book.

Only a package's expiry depends on the clock, and HTTPS; the protocol itself does not. So a clock
must be off by much before it is worth a warning.
"""

from __future__ import annotations

from mcastdist.agent.api import Finding

from .examination import Examination
from .findings import finding
from .names import listed
from .reach import name_of

OFFSET_S_MAX = 60.0  # certificates and packages expire by the day; logs of a minute's skew mislead


def judge_clocks(book: Examination) -> list[Finding]:
    """Which clocks are off, and against how many."""
    neighbours = book.examined
    if not neighbours:
        return []
    off = [one for one in neighbours if abs(one.offset_s) > OFFSET_S_MAX]
    if not off:
        worst_s = max(abs(one.offset_s) for one in neighbours)
        return [
            finding("clocks_agree", f"the neighbours' clocks agree with ours to {worst_s:.3f} s")
        ]
    told = listed([f"{name_of(one)} by {one.offset_s:+.0f} s" for one in off])
    ours = len(off) == len(neighbours) > 1
    whose = "this machine's clock is likely wrong" if ours else "clocks differ from ours"
    return [
        finding(
            "clock_differs",
            f"{whose}: {told}",
            "let a time service (chrony, systemd-timesyncd, NTP) set it",
        )
    ]
