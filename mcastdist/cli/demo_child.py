"""How does a process of the demo end with the demo, also when that is killed outright?

python -m mcastdist.cli.demo_child PARENT COMMAND... is `mcastdist COMMAND...`, to which Linux sends
SIGTERM as soon as the process PARENT, which started it, is gone.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Sequence

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def child_command(*words: str) -> list[str]:
    """The command line that runs `mcastdist` with `words` for as long as this process lives."""
    return [sys.executable, "-m", __name__, str(os.getpid()), *words]


def end_with(parent: int) -> None:
    """Have SIGTERM sent to this process when `parent` ends; at once if it has ended already."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGTERM)


def main(words: Sequence[str]) -> None:
    """Be `mcastdist` as the demo wants it."""
    end_with(int(words[0]))
    from .group import main as mcastdist

    mcastdist(args=list(words[1:]), prog_name="mcastdist")


if __name__ == "__main__":
    main(sys.argv[1:])
