"""What does the agent take from the machine whose guest it is? At rest, and receiving at line rate.

Table E. At rest is an agent that has nothing to do. Receiving is one receiver behind a link of
1 Gbit/s, with two sizes of package, since memory is not to depend on it; a core's share is CPU
seconds over the seconds that the stream took.
"""

from __future__ import annotations

import time
from pathlib import Path

from mcastdist.wire import PORT

from .content import Content
from .counters import Counters
from .figures import OURS
from .lab import Lab
from .options import Options
from .sheet import Sheet
from .site import site
from .streaming import stream_once
from .usage import resident_bytes

TABLE = "E"
LINK_BPS = 1_000_000_000
MIB = 1 << 20
SETTLED_S = 3.0
REST_S_QUICK, REST_S = 10.0, 60.0
TIMEOUT_S = 180.0
REST = "at rest"
REST_MIB_MAX = 60.0
REST_CORE_PERCENT_MAX = 0.1
CORE_PERCENT_MAX = 25.0
MIB_MAX = 150.0


def run(options: Options, sheet: Sheet, work: Path) -> None:
    """At rest, then receiving a smaller and a larger package."""
    with sheet.trial(REST):
        sheet.put(REST, OURS, **_rest(work, REST_S_QUICK if options.quick else REST_S))
    sheet.aim(REST, "memory", f"≤ {REST_MIB_MAX:g} MiB", at_most=REST_MIB_MAX)
    sheet.aim(REST, "core", f"≤ {REST_CORE_PERCENT_MAX:g} %", at_most=REST_CORE_PERCENT_MAX)
    sheet.aim(REST, "datagrams", "none", at_most=0)
    small = options.size(quick=128 * MIB, full=512 * MIB)
    for size in (small, 4 * small):
        content = Content(work, size)
        case = f"receiving {size // MIB} MiB"
        for turn in range(options.turns()):
            with sheet.trial(case), Lab(2) as lab:
                for host in lab.hosts:
                    lab.rate(host, options.rate(LINK_BPS))
                sheet.put(case, OURS, **_receive(lab, content, work / f"{size}-{turn}"))
        sheet.aim(case, "core", f"≤ {CORE_PERCENT_MAX:g} %", at_most=CORE_PERCENT_MAX)
        sheet.aim(case, "memory", f"≤ {MIB_MAX:g} MiB", at_most=MIB_MAX)


def _rest(work: Path, rest_s: float) -> dict[str, tuple[float, str]]:
    content = Content(work, MIB)
    with Lab(1) as lab, site(lab, content, work / "rest") as here:
        counters = Counters(lab, {"said": f"meta l4proto udp udp dport {PORT}"})
        here.fleet.start(lab.hosts)
        time.sleep(SETTLED_S)
        before, said = here.fleet.usage(lab.hosts[0]), counters.packets()["said"]
        time.sleep(rest_s)
        used = here.fleet.usage(lab.hosts[0]).since(before)
        return {
            "memory": (resident_bytes(here.fleet.pid(lab.hosts[0])) / MIB, "MiB"),
            "core": (100 * used.cpu_s / rest_s, "%"),
            "datagrams": (counters.packets()["said"] - said, ""),
        }


def _receive(lab: Lab, content: Content, place: Path) -> dict[str, tuple[float, str]]:
    streamed = stream_once(lab, content, place, lab.hosts[1:], timeout_s=TIMEOUT_S)
    (receiver,) = streamed.receivers
    return {
        "rate": (content.size / streamed.seconds / 1e6, "MB/s"),
        "core": (100 * receiver.cpu_s / streamed.seconds, "%"),
        "CPU_a_GiB": (receiver.cpu_s * 1024 * MIB / content.size, "s"),
        "memory": (receiver.peak_bytes / MIB, "MiB"),
        "sender_core": (100 * streamed.sender.cpu_s / streamed.seconds, "%"),
        "sender_memory": (streamed.sender.peak_bytes / MIB, "MiB"),
    }
