"""What does loss cost, when every receiver of a subnet loses something else?

Table B: 128 MiB to 24 receivers at 200 Mbit/s, independent loss in front of each. Bytes are counted
at the cables, with all headers: what the sender sent, and what came back to it; and by kind out of
a capture of what enters the switch. Whoever is measured is recorded, so the recorder's processor
time is charged to all alike.
"""

from __future__ import annotations

from pathlib import Path

from .content import Content
from .kinds import Figures, by_kind
from .lab import Lab
from .lab.recording import Recording
from .options import Options, time_limit_s
from .pairing import Subject, pairs, present
from .peers import MULTICAST, Peer
from .sheet import Sheet
from .streaming import Streamed, stream_once

TABLE = "B"
RECEIVERS_QUICK, RECEIVERS = 8, 24
RATE_BPS = 200_000_000
MIB = 1 << 20
LOSSES = (0, 10, 50, 100)
LOSSES_QUICK = (0, 50)

# Content and headers, the worst receiver's loss, and a little for what is lost of the repair.
SENT_MAX = {0: 1.06, 10: 1.09, 50: 1.14, 100: 1.20}
TIME_OVER_RATE_MAX = 1.15


def run(options: Options, sheet: Sheet, work: Path) -> None:
    """Ours and the peers in turn, at each loss."""
    content = Content(work, options.size(quick=32 * MIB, full=128 * MIB))
    count = options.host_count(quick=RECEIVERS_QUICK, full=RECEIVERS)
    rate_bps = options.rate(RATE_BPS)
    subjects = present(MULTICAST, options, sheet)
    sheet.remark(
        f"{content.size // MIB} MiB, {count} receivers, {rate_bps / 1e6:.0f} Mbit/s; the target of "
        "time counts from the end of the start delay, and is of the bytes that were sent"
    )
    for permille in options.losses(quick=LOSSES_QUICK, full=LOSSES):
        case = f"loss {permille / 10:g} %"
        for subject, turn in pairs(subjects, options.turns(), sheet, case):
            place = work / f"{subject.name}-{permille}-{turn}"
            with sheet.trial(case, subject.name), Lab(count + 1) as lab:
                for host in lab.hosts[1:]:
                    lab.loss(host, permille)
                recording = Recording(lab, place.with_suffix(".pcap"))
                figures = _deliver(
                    subject, content, recording, lab, place, rate_bps, permille, sheet
                )
                sheet.put(case, subject.name, **figures)
        _set_targets(case, permille, content, rate_bps, sheet)


def _deliver(
    subject: Subject[Peer],
    content: Content,
    recording: Recording,
    lab: Lab,
    place: Path,
    rate_bps: int,
    permille: int,
    sheet: Sheet,
) -> Figures:
    sender, *receivers = lab.hosts
    limit_s = time_limit_s(content.size, rate_bps)
    if subject.peer is None:
        with recording:
            streamed = stream_once(
                lab, content, place, receivers, rate_bps=rate_bps, timeout_s=limit_s
            )
        kinds = by_kind(recording, streamed.since, content.size, sheet)
        return {**_ours(streamed, content), **kinds}
    with recording:
        theirs = subject.peer.deliver(
            content,
            sender,
            receivers,
            place,
            rate_bps=rate_bps,
            loss_permille=permille,
            timeout_s=limit_s,
        )
        return {
            "time": (theirs.seconds, "s"),
            "sent": (lab.port_bytes(sender) / content.size, "x content"),
            "returned": (sum(map(lab.port_bytes, receivers)) / content.size, "x content"),
            "sender_CPU": (theirs.sender.cpu_s, "s"),
        }


def _ours(streamed: Streamed, content: Content) -> Figures:
    return {
        "time": (streamed.seconds, "s"),
        "sent": (streamed.sent_bytes / content.size, "x content"),
        "returned": (streamed.returned_bytes / content.size, "x content"),
        "sender_CPU": (streamed.sender.cpu_s, "s"),
        "parity_used": (100 * streamed.parity_share, "%"),
        "from_peers": (streamed.from_source("peer") / content.size, "x content"),
    }


def _set_targets(case: str, permille: int, content: Content, rate_bps: int, sheet: Sheet) -> None:
    sent_max = SENT_MAX.get(permille)
    if sent_max is not None:
        sheet.aim(case, "sent", f"≤ {sent_max}", at_most=sent_max)
        seconds = content.size * sent_max * 8 / rate_bps * TIME_OVER_RATE_MAX
        says = f"≤ {TIME_OVER_RATE_MAX} x bytes / rate, {seconds:.1f} s"
        sheet.aim(case, "time", says, at_most=seconds)
