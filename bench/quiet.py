"""Is anybody else using the machine? A run waits a while for a quiet moment before it begins."""

from __future__ import annotations

import time
from pathlib import Path

IDLE_SHARE = 0.8  # what is left over when only the system's own housekeeping runs
LOOK_S = 1.0
IDLE, IO_WAIT = 3, 4  # columns of the first row of proc(5)'s stat, its name not counted
COLUMNS = 8  # the rest is time of guests, which is counted before


def await_quiet(patience_s: float) -> bool:
    """Wait until the processors are mostly idle; False if that did not come in `patience_s`."""
    give_up_at = time.monotonic() + patience_s
    while time.monotonic() < give_up_at:
        if idle_share(LOOK_S) >= IDLE_SHARE:
            return True
    return False


def idle_share(span_s: float) -> float:
    """Which share of all processors was idle during `span_s` from now."""
    before = _ticks()
    time.sleep(span_s)
    gone = [now - then for now, then in zip(_ticks(), before, strict=True)]
    return (gone[IDLE] + gone[IO_WAIT]) / max(1, sum(gone))


def _ticks() -> list[int]:
    first = Path("/proc/stat").read_text().partition("\n")[0]
    return [int(each) for each in first.split()[1 : COLUMNS + 1]]
