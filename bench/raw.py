"""How fast, and at what cost, does one sender bring a file to four receivers on a quiet LAN?

Table A: 1 GiB, unshaped, written to disk. The peers neither encrypt nor hash. The lab's cards
segment and coalesce (`Lab(offload=True)`), as real ones do; whoever sends datagram by datagram
gains nothing from that, and loses nothing.
"""

from __future__ import annotations

from pathlib import Path

from .content import Content
from .figures import OURS
from .lab import Lab
from .options import Options
from .pairing import Subject, pairs, present
from .peers import MULTICAST, Delivery, Peer
from .sheet import Sheet
from .streaming import stream_once

TABLE = "A"
RECEIVERS = 4
MIB = 1 << 20
TIMEOUT_S = 240.0
SHARE_OF_TIME = 1 / 4
SHARE_OF_CPU = 1 / 6


def run(options: Options, sheet: Sheet, work: Path) -> None:
    """Ours and the peers in turn."""
    content = Content(work, options.size(quick=128 * MIB, full=1024 * MIB))
    count = options.host_count(quick=RECEIVERS, full=RECEIVERS)
    case = f"{content.size // MIB} MiB, {count} receivers"
    subjects = present(MULTICAST, options, sheet)
    for subject, turn in pairs(subjects, options.turns(), sheet, case):
        with (
            sheet.trial(case, subject.name),
            Lab(count + 1, offload=True) as lab,
        ):
            place = work / f"{subject.name}-{turn}"
            sheet.put(case, subject.name, **_figures(_deliver(subject, content, lab, place)))
    _set_targets(case, sheet)


def _deliver(subject: Subject[Peer], content: Content, lab: Lab, place: Path) -> Delivery:
    sender, *receivers = lab.hosts
    if subject.peer is not None:
        return subject.peer.deliver(content, sender, receivers, place, timeout_s=TIMEOUT_S)
    ours = stream_once(lab, content, place, receivers, timeout_s=TIMEOUT_S)
    return Delivery(ours.seconds, ours.sender, ours.receivers)


def _figures(delivery: Delivery) -> dict[str, tuple[float, str]]:
    receivers = [each.cpu_s for each in delivery.receivers]
    return {
        "time": (delivery.seconds, "s"),
        "sender_CPU": (delivery.sender.cpu_s, "s"),
        "receiver_CPU": (sum(receivers) / len(receivers), "s"),
        "receiver_memory": (max(each.peak_bytes for each in delivery.receivers) / MIB, "MiB"),
    }


def _set_targets(case: str, sheet: Sheet) -> None:
    for figure, share in (("time", SHARE_OF_TIME), ("sender CPU", SHARE_OF_CPU)):
        theirs = sheet.median(case, "uftp", figure)
        if theirs is not None:
            says = f"≤ 1/{round(1 / share)} of uftp's"
            sheet.aim(case, figure, says, at_most=theirs * share)
    if OURS not in {row.subject for row in sheet.rows}:
        sheet.remark("ours did not run")
