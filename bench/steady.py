"""How close to the link's rate does a stream come, also where links lose?

Table F. One receiver at 1 Gbit/s, six at 200 Mbit/s. From the end of the start delay, set-up
included.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .content import Content
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
    """Each link and loss, ours and the peers in turn."""
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
