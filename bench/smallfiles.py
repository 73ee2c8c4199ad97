"""Ten thousand small files in one package: are they much slower than one file as large?

Table D. Delivered to a directory, from the end of the start delay to the last file in its place.
"""

from __future__ import annotations

from pathlib import Path

from .content import Content
from .figures import OURS
from .lab import Lab
from .options import Options
from .sheet import Sheet
from .streaming import stream_once

TABLE = "D"
RECEIVERS = 3
FILES_QUICK, FILES = 2_000, 10_000
FILE_BYTES = 10_000
MIB = 1 << 20
TIMEOUT_S = 180.0
RATIO_MAX = 1.3
RATE_BPS = 400_000_000  # both run at what this machine can deliver, not at what it can stream
ONE = "one file"


def run(options: Options, sheet: Sheet, work: Path) -> None:
    """One file and many, in turn."""
    size = options.size(quick=FILES_QUICK * FILE_BYTES, full=FILES * FILE_BYTES)
    many = f"{size // FILE_BYTES:,} files"
    contents = {ONE: Content(work, size), many: Content(work, size, file_bytes=FILE_BYTES)}
    count = options.host_count(quick=RECEIVERS, full=RECEIVERS)
    rate_bps = options.rate(RATE_BPS)
    sheet.remark(f"{size / MIB:.0f} MiB, {count} receivers, {rate_bps / 1e6:g} Mbit/s at most")
    for turn in range(options.turns(quick=2)):
        for case in (ONE, many) if turn % 2 == 0 else (many, ONE):
            with sheet.trial(case), Lab(count + 1, offload=True) as lab:
                place = work / f"{'one' if case is ONE else 'many'}-{turn}"
                streamed = stream_once(
                    lab, contents[case], place, lab.hosts[1:], rate_bps=rate_bps, dest="dest",
                    timeout_s=TIMEOUT_S,
                )  # fmt: skip
                _require_delivered(contents[case], place)
                sheet.put(case, OURS, time=(streamed.seconds, "s"))
    one, lots = (sheet.median(case, OURS, "time") for case in (ONE, many))
    if one and lots:
        sheet.put(many, OURS, ratio=(lots / one, "x"))
    sheet.aim(many, "ratio", f"≤ {RATIO_MAX} x one file", unit="x", at_most=RATIO_MAX)


def _require_delivered(content: Content, place: Path) -> None:
    """AssertionError unless the second host has every file as it was published."""
    wrong = content.package.differences(place / "h2" / "dest")
    if wrong:
        raise AssertionError(f"{len(wrong)} files are wrong, the first: {wrong[0]}")
