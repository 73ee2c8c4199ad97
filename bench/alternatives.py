"""What would the user have done without us, and how long would it have taken?

Table C: twelve endpoints behind a WAN of 100 Mbit/s, a LAN of 1 Gbit/s, start delay 0, from the
task's start. WAN bytes are those above TCP: what each download would also have, its headers, is
not counted. Ours runs also with many more endpoints, and with the representative killed half-way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from .content import Content
from .figures import OURS
from .fleet import Task
from .lab import Host, Lab, NginxOrigin
from .options import Options
from .pairing import Subject, pairs, present
from .peers import DOWNLOADERS, Downloader
from .sheet import Sheet
from .site import Site, await_that, representative, seconds_each, site

TABLE = "C"
ENDPOINTS_QUICK, ENDPOINTS = 6, 12
CROWD_QUICK, CROWD = 16, 100
WAN_BPS = 100_000_000
LAN_BPS = 1_000_000_000
MIB = 1 << 20
TIMEOUT_S = 300.0
HALF = 0.5
TIME_OVER_COPY_MAX = 12.5 / 11.2  # the target over one copy's time by TCP, as published
COPIES_MAX = 1.01
COPIES_KILLED_MAX = 1.02
TCP_SHARE = 1448 / 1514  # of a WAN's rate that is content


def run(options: Options, sheet: Sheet, work: Path) -> None:
    """The alternatives and ours in turn; then what only ours is asked."""
    content = Content(work, options.size(quick=32 * MIB, full=128 * MIB))
    wan_bps = options.rate(WAN_BPS)
    count = options.host_count(quick=ENDPOINTS_QUICK, full=ENDPOINTS)
    case = f"{content.size // MIB} MiB, {count} endpoints"
    subjects = present(DOWNLOADERS, options, sheet)
    for subject, turn in pairs(subjects, options.turns(), sheet, case):
        with sheet.trial(case, subject.name), _lab(count, wan_bps) as lab:
            place = work / f"{subject.name}-{turn}"
            sheet.put(case, subject.name, **_figures(*_deliver(subject, content, lab, place)))
    _alone(content, wan_bps, options, sheet, work)
    copy_s = content.size * 8 / (wan_bps * TCP_SHARE)
    for each in (case, _crowd_case(options)):
        limit = copy_s * TIME_OVER_COPY_MAX
        sheet.aim(each, "time", f"≤ {TIME_OVER_COPY_MAX:.2f} x one copy, {limit:.1f} s",
                  at_most=limit)  # fmt: skip
        sheet.aim(each, "WAN copies", f"≤ {COPIES_MAX}", at_most=COPIES_MAX)
    sheet.aim("killed half-way", "WAN copies", f"≤ {COPIES_KILLED_MAX}", at_most=COPIES_KILLED_MAX)


def _alone(content: Content, wan_bps: int, options: Options, sheet: Sheet, work: Path) -> None:
    """Cases that have no counterpart: a crowd, and a representative that dies."""
    count = options.host_count(quick=ENDPOINTS_QUICK, full=ENDPOINTS)
    for turn in range(options.turns()):
        with sheet.trial("killed half-way"), _lab(count, wan_bps) as lab:
            place = work / f"killed-{turn}"
            sheet.put("killed half-way", OURS, **_figures(*_ours(content, lab, place, kill=True)))
    case = _crowd_case(options)
    with sheet.trial(case), _lab(_crowd(options), wan_bps) as lab:
        sheet.put(case, OURS, **_figures(*_ours(content, lab, work / "crowd")))


def _crowd(options: Options) -> int:
    return CROWD_QUICK if options.quick else CROWD


def _crowd_case(options: Options) -> str:
    return f"{_crowd(options)} endpoints"


@contextmanager
def _lab(count: int, wan_bps: int) -> Iterator[Lab]:
    """A lab whose links are as slow as the question says."""
    with Lab(count) as lab:
        lab.wan_rate(wan_bps)
        for host in lab.hosts:
            lab.rate(host, LAN_BPS)
        yield lab


def _deliver(
    subject: Subject[Downloader], content: Content, lab: Lab, place: Path
) -> tuple[float, float]:
    """Seconds and copies over the WAN."""
    if subject.peer is None:
        return _ours(content, lab, place)
    place.mkdir(parents=True)
    with NginxOrigin(lab.origin, content.package.directory, place / "nginx") as origin:
        url = origin.url_of(content.package.payload_name)
        theirs = subject.peer.download(
            content, url, lab.hosts, place / "copies", timeout_s=TIMEOUT_S
        )
    return theirs.seconds, lab.wan_carried_bytes() / content.size


def _ours(content: Content, lab: Lab, place: Path, *, kill: bool = False) -> tuple[float, float]:
    with site(lab, content, place) as here:
        here.fleet.start(lab.hosts)
        tasks = here.fleet.begin(lab.hosts, here.url, multicast__session_start_delay_s=0)
        if kill:
            await_that(lambda: here.copies_over_wan() > HALF, TIMEOUT_S, "half of the download")
            dead = _kill_representative(here, tasks)
            tasks = [task for task in tasks if task.host is not dead]
        records = here.fleet.finish(tasks, TIMEOUT_S)
        return max(seconds_each(tasks, records)), here.copies_over_wan()


def _kill_representative(here: Site, tasks: Sequence[Task]) -> Host:
    dead = representative(here.fleet, tasks)
    if dead is None:
        raise AssertionError("nobody represents half-way through the download")
    here.fleet.kill(dead)
    return dead


def _figures(seconds: float, copies: float) -> dict[str, tuple[float, str]]:
    return {"time": (seconds, "s"), "WAN_copies": (copies, "x")}
