"""Our own command, on a machine whose disk takes its time: python slow_disk.py COMMAND ...

Every write waits; there is no other difference.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from mcastdist.cli import main
from mcastdist.store import positioned

WRITE_S = 0.2


def slowly(write: Callable[..., int]) -> Callable[..., int]:
    """The same, but slow."""

    def wait_and_write(*arguments: object) -> int:
        time.sleep(WRITE_S)
        return write(*arguments)

    return wait_and_write


if __name__ == "__main__":
    positioned.write = slowly(positioned.write)
    positioned.write_passing = slowly(positioned.write_passing)
    sys.exit(main())
