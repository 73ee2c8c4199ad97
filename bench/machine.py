"""Where, and with what, is it measured?"""

from __future__ import annotations

import os
import platform
import subprocess
from pathlib import Path

from .figures import Machine
from .lab.packages import REPOSITORY

GIB = 1 << 30
MEASURED = ("mcastdist", "bench")


def describe() -> Machine:
    """This machine."""
    return Machine(
        cpu=_cpu(),
        cores=os.cpu_count() or 1,
        memory_gib=round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GIB, 1),
        kernel=platform.release(),
        python=platform.python_version(),
    )


def commit() -> str:
    """The commit that is measured, with a `+` if files of it have been changed since."""
    head = _git("rev-parse", "--short=12", "HEAD")
    return f"{head}{'+' if _git('status', '--porcelain', '--', *MEASURED) else ''}" if head else ""


def load() -> float:
    """How many processes wanted a CPU in the last minute."""
    return round(os.getloadavg()[0], 2)


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _git(*arguments: str) -> str:
    command = ["git", "-c", "safe.directory=*", *arguments]
    ended = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    return ended.stdout.strip() if ended.returncode == 0 else ""
