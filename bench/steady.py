"""How close to the link's rate, and how little does it matter how many receivers there are?

Table F. One receiver at 1 Gbit/s, six at 200 Mbit/s, under loss; then a rate that this machine has
CPU to spare for, with one receiver and with many. From the end of the start delay, set-up included.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .content import Content
from .figures import OURS
from .lab import Lab
from .options import Options, time_limit_s
from .pairing import Subject, pairs, present
from .peers import MULTICAST, Peer
from .sheet import Sheet
from .streaming import stream_once

TABLE = "F"
MIB = 1 << 20
MB = 1e6
LOSSES, LOSSES_QUICK = (0, 10, 50), (0, 50)
PEER_RATE_SHARE = 0.97  # peers that do not adapt are told a rate just below the link's
FLAT_BPS = 60_000_000
MANY_QUICK, MANY = 12, 32
FLAT_MAX = 1.1
SETUP_S_MAX = 0.5
FLAT = "flat"


@dataclass(frozen=True, slots=True)
class Link:
    """A number of receivers behind links of one rate, and what we aim at for each loss."""

    receivers: int
    bps: int
    quick_bytes: int
    full_bytes: int
    mb_s_min: dict[int, float]

    @property
    def name(self) -> str:
        """As the table shows it."""
        return f"{self.receivers} at {self.bps / 1e6:g} Mbit/s"


LINKS = (
    Link(1, 1_000_000_000, 128 * MIB, 512 * MIB, {0: 108, 10: 105, 50: 95}),
    Link(6, 200_000_000, 64 * MIB, 256 * MIB, {0: 22.5, 10: 22, 50: 21}),
)


def run(options: Options, sheet: Sheet, work: Path) -> None:
    """The links with the peers in turn, then the flatness of ours."""
    subjects = present(MULTICAST, options, sheet)
    for link in LINKS:
        content = Content(work, options.size(quick=link.quick_bytes, full=link.full_bytes))
        for permille in options.losses(quick=LOSSES_QUICK, full=LOSSES):
            case = f"{link.name}, loss {permille / 10:g} %"
            for subject, turn in pairs(subjects, options.turns(), sheet, case):
                place = work / f"{subject.name}-{link.receivers}-{permille}-{turn}"
                with sheet.trial(case, subject.name), Lab(link.receivers + 1) as lab:
                    _shape(lab, link.bps, permille)
                    sheet.put(
                        case, subject.name, **_deliver(subject, content, lab, place, link, permille)
                    )
            aim = link.mb_s_min.get(permille)
            if aim is not None:
                sheet.aim(case, "rate", f"≥ {aim:g} MB/s", at_least=aim)
    _measure_flatness(options, sheet, work)


def _shape(lab: Lab, bps: int, permille: int) -> None:
    for host in lab.hosts:
        lab.rate(host, bps)
    for host in lab.hosts[1:]:
        lab.loss(host, permille)


def _deliver(
    subject: Subject[Peer], content: Content, lab: Lab, place: Path, link: Link, permille: int
) -> dict[str, tuple[float, str]]:
    sender, *receivers = lab.hosts
    limit_s = time_limit_s(content.size, link.bps)
    if subject.peer is None:
        ours = stream_once(lab, content, place, receivers, timeout_s=limit_s, link_bps=link.bps)
        return {
            "rate": (content.size / ours.seconds / MB, "MB/s"),
            "time": (ours.seconds, "s"),
            "sent": (ours.sent_bytes / content.size, "x content"),
        }
    theirs = subject.peer.deliver(
        content, sender, receivers, place,
        rate_bps=int(link.bps * PEER_RATE_SHARE), loss_permille=permille, timeout_s=limit_s,
    )  # fmt: skip
    return {
        "rate": (content.size / theirs.seconds / MB, "MB/s"),
        "time": (theirs.seconds, "s"),
        "sent": (lab.port_bytes(sender) / content.size, "x content"),
    }


def _measure_flatness(options: Options, sheet: Sheet, work: Path) -> None:
    """The time with many receivers over the time with one, in pairs; and what set-up costs."""
    content = Content(work, options.size(quick=24 * MIB, full=64 * MIB))
    limit_s = time_limit_s(content.size, FLAT_BPS)
    many = options.host_count(quick=MANY_QUICK, full=MANY)
    for turn in range(options.turns(quick=2)):
        for count in (1, many) if turn % 2 == 0 else (many, 1):
            case = f"{FLAT}: {count} at {FLAT_BPS / 1e6:g} Mbit/s"
            place = work / f"flat-{count}-{turn}"
            with sheet.trial(case), Lab(count + 1) as lab:
                ours = stream_once(
                    lab, content, place, lab.hosts[1:], rate_bps=FLAT_BPS, timeout_s=limit_s
                )
                sheet.put(case, OURS, time=(ours.seconds, "s"), set_up=(ours.setup_s, "s"))
    cases = [f"{FLAT}: {count} at {FLAT_BPS / 1e6:g} Mbit/s" for count in (1, many)]
    one, lots = (sheet.median(case, OURS, "time") for case in cases)
    if one and lots:
        sheet.put(cases[1], OURS, ratio=(lots / one, "x"))
    sheet.aim(cases[1], "ratio", f"≤ {FLAT_MAX} x one", unit="x", at_most=FLAT_MAX)
    for case in cases:
        sheet.aim(case, "set up", f"≤ {SETUP_S_MAX:g} s", unit="s", at_most=SETUP_S_MAX)
