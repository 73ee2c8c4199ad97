"""Does a stream leave room for others, and does it keep to its limit?

Issue: a TCP download across the same bottleneck keeps most of what it had alone; an administrator's
limit is kept within 3 % over any second. The bottleneck is one receiver's link.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from .content import Content
from .downloads import Download
from .figures import OURS
from .fleet import Fleet, Task
from .lab import Lab
from .options import Options
from .sheet import Sheet
from .site import Recorder
from .standing_back import compare
from .streaming import stream_once

TABLE = "issue"
RECEIVERS = 2
LINK_BPS = 100_000_000
LIMIT_BPS = 80_000_000
MIB = 1 << 20
TIMEOUT_S = 180.0
ALONE_S = 4.0
WINDOW_S = 1.0
KEEPS_PERCENT_MIN = 70.0
OVER_PERCENT_MAX = 3.0
SHARED, LIMITED = "beside a TCP download", "with a limit"


def run(options: Options, sheet: Sheet, work: Path) -> None:
    """A shared link, then a limit; and the same questions to downloads by HTTP."""
    content = Content(work, options.size(quick=48 * MIB, full=128 * MIB))
    link_bps = options.rate(LINK_BPS)
    for turn in range(options.turns()):
        with sheet.trial(SHARED), Lab(RECEIVERS + 1) as lab:
            for host in lab.hosts:
                lab.rate(host, link_bps)
            sheet.put(SHARED, OURS, **_share(lab, content, work / f"shared-{turn}", link_bps))
        with sheet.trial(LIMITED), Lab(RECEIVERS + 1) as lab:
            sheet.put(LIMITED, OURS, **_keep_limit(lab, content, work / f"limited-{turn}"))
    compare(options, sheet, content, work, link_bps)
    says = f"≥ {KEEPS_PERCENT_MIN:g} % of what it had alone"
    sheet.aim(SHARED, "TCP keeps", says, at_least=KEEPS_PERCENT_MIN)
    says = f"≤ {OVER_PERCENT_MAX:g} % over, in any second"
    sheet.aim(LIMITED, "over the limit", says, at_most=OVER_PERCENT_MAX)


def _share(lab: Lab, content: Content, place: Path, link_bps: int) -> dict[str, tuple[float, str]]:
    """The download runs alone at first, then beside the stream, over the first receiver's link."""
    downloads: list[Download] = []
    marks: list[float] = []

    def before() -> None:
        downloads.append(Download(lab.router, lab.hosts[1]))
        time.sleep(ALONE_S)
        marks.append(time.monotonic())

    def during(_fleet: Fleet, _tasks: Sequence[Task]) -> None:
        marks.append(time.monotonic())

    try:
        streamed = stream_once(
            lab, content, place, lab.hosts[1:],
            before=before, during=during, timeout_s=TIMEOUT_S, link_bps=link_bps,
        )  # fmt: skip
        ended = time.monotonic()
        alone = downloads[0].rate_bps(marks[0] - ALONE_S / 2, marks[0])
        beside = downloads[0].rate_bps(marks[1], ended)
    finally:
        for download in downloads:
            download.end()
    return {
        "TCP_alone": (alone / 1e6, "Mbit/s"),
        "TCP_beside": (beside / 1e6, "Mbit/s"),
        "TCP_keeps": (100 * beside / alone if alone else 0.0, "%"),
        "stream": (content.size * 8 / streamed.seconds / 1e6, "Mbit/s"),
    }


def _keep_limit(lab: Lab, content: Content, place: Path) -> dict[str, tuple[float, str]]:
    with Recorder(lab, lab.hosts[0].port) as sent:
        streamed = stream_once(
            lab, content, place, lab.hosts[1:], rate_bps=LIMIT_BPS, timeout_s=TIMEOUT_S
        )
    busiest_bps = sent.busiest(WINDOW_S) * 8 / WINDOW_S
    return {
        "over_the_limit": (100 * (busiest_bps / LIMIT_BPS - 1), "%"),
        "used": (100 * streamed.sent_bytes * 8 / streamed.seconds / LIMIT_BPS, "%"),
    }
