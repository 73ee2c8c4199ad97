"""Do downloads leave room for others on a link, and what does that cost them when there are none?

Half of `fairness`. The bottleneck is one machine's link; ours and another TCP download come through
it from the origin. The link is shaped where packets arrive from elsewhere: a sender's own queue is
kept short by its kernel, and would show no delay. All speak Reno: what a machine may have instead,
BBR, keeps four segments in flight on a path as short as the lab's, and queues behind nobody.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .content import Content
from .downloads import Download
from .figures import OURS
from .lab import Lab
from .options import Options
from .sheet import Sheet
from .site import seconds_each, site

MODES = ("background", "foreground")
ALONE_S = 4.0
BESIDE_S = 8.0
SETTLE_S = 1.0  # from the task's start until the two have found their shares
TIMEOUT_S = 180.0
KEEPS_PERCENT_MIN = 70.0
LOSES_PERCENT_MAX = 5.0
CONGESTION_CONTROL = "/proc/sys/net/ipv4/tcp_congestion_control"


def compare(options: Options, sheet: Sheet, content: Content, work: Path, link_bps: int) -> None:
    """Each mode beside another download, and alone."""
    for turn in range(options.turns()):
        for mode in MODES if turn % 2 == 0 else MODES[::-1]:
            with sheet.trial(_case(mode)):
                place = work / f"{mode}-{turn}"
                sheet.put(_case(mode), OURS, **_shares(content, place, mode, link_bps))
    says = f"≥ {KEEPS_PERCENT_MIN:g} % of what it had alone"
    sheet.aim(_case("background"), "TCP keeps", says, at_least=KEEPS_PERCENT_MIN)
    full_bps = sheet.median(_case("foreground"), OURS, "ours alone")
    if full_bps:
        least = full_bps * (1 - LOSES_PERCENT_MAX / 100)
        says = f"≥ {100 - LOSES_PERCENT_MAX:g} % of the foreground's"
        sheet.aim(_case("background"), "ours alone", says, at_least=least)


def _case(mode: str) -> str:
    return f"HTTP in the {mode}"


def _shares(
    content: Content, place: Path, mode: str, link_bps: int
) -> dict[str, tuple[float, str]]:
    with _narrow(link_bps) as lab:
        alone_bps, beside_bps = _other(lab, content, place / "beside", mode)
    with _narrow(link_bps) as lab:
        ours_bps = content.size * 8 / _ours(lab, content, place / "alone", mode)
    return {
        "TCP_alone": (alone_bps / 1e6, "Mbit/s"),
        "TCP_beside": (beside_bps / 1e6, "Mbit/s"),
        "TCP_keeps": (100 * beside_bps / alone_bps if alone_bps else 0.0, "%"),
        "ours_alone": (ours_bps / 1e6, "Mbit/s"),
    }


@contextmanager
def _narrow(link_bps: int) -> Iterator[Lab]:
    with Lab(1) as lab:
        lab.rate(lab.hosts[0], link_bps)
        for end in (lab.origin, lab.hosts[0]):
            end.run(["sh", "-c", f"echo reno > {CONGESTION_CONTROL}"])
        yield lab


def _other(lab: Lab, content: Content, place: Path, mode: str) -> tuple[float, float]:
    """What another download gets before ours begins, and beside it."""
    host = lab.hosts[0]
    with site(lab, content, place, {"download.mode": mode}) as here:
        here.fleet.start([host])
        other = Download(lab.origin, host)
        try:
            time.sleep(ALONE_S)
            alone_until = time.monotonic()
            here.fleet.begin([host], here.url)
            time.sleep(SETTLE_S + BESIDE_S)
            now = time.monotonic()
            return (
                other.rate_bps(alone_until - ALONE_S / 2, alone_until),
                other.rate_bps(now - BESIDE_S, now),
            )
        finally:
            other.end()


def _ours(lab: Lab, content: Content, place: Path, mode: str) -> float:
    """Seconds for ours, with the link to itself."""
    host = lab.hosts[0]
    with site(lab, content, place, {"download.mode": mode}) as here:
        here.fleet.start([host])
        tasks = here.fleet.begin([host], here.url, multicast__session_start_delay_s=0)
        return max(seconds_each(tasks, here.fleet.finish(tasks, TIMEOUT_S)))
