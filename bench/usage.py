"""What does a process cost? CPU seconds and memory, while it runs (proc(5)) and afterwards."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

TICKS_S = 1 / os.sysconf("SC_CLK_TCK")
POLL_S = 0.005
KIB = 1024
FORGET_PEAK = "5"  # written to clear_refs: the peak begins again at what is resident now


@dataclass(frozen=True, slots=True)
class Usage:
    """Of one process with all its threads; `peak_bytes` is the most that was ever resident."""

    cpu_s: float
    peak_bytes: int

    def since(self, earlier: Usage) -> Usage:
        """The CPU since `earlier`, and the peak as it is."""
        return Usage(self.cpu_s - earlier.cpu_s, self.peak_bytes)


def usage(pid: int) -> Usage:
    """Of a process that runs. OSError if there is none."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    ticks = int(fields[11]) + int(fields[12])  # utime and stime
    return Usage(ticks * TICKS_S, _status_bytes(pid, "VmHWM"))


def resident_bytes(pid: int) -> int:
    """What is resident now. OSError if there is no such process."""
    return _status_bytes(pid, "VmRSS")


def forget_peak(pid: int) -> None:
    """Let the peak of a process count from now on, where the system allows that."""
    with contextlib.suppress(OSError):
        Path(f"/proc/{pid}/clear_refs").write_text(FORGET_PEAK)


def wait_with_usage(process: subprocess.Popen[str], timeout_s: float) -> Usage:
    """Wait for a process of ours to end, and tell what it has used; its status is then known.

    TimeoutError, after killing it, if it goes on for longer.
    """
    give_up_at = time.monotonic() + timeout_s
    while True:
        pid, status, used = os.wait4(process.pid, os.WNOHANG)
        if pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            return Usage(used.ru_utime + used.ru_stime, used.ru_maxrss * KIB)
        if time.monotonic() > give_up_at:
            process.kill()
            process.wait()
            raise TimeoutError(f"still runs after {timeout_s:.0f} s")
        time.sleep(POLL_S)


def _status_bytes(pid: int, name: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * KIB
    return 0
