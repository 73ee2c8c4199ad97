"""How does memory that is free again get back to the system?

A stream takes tens of MiB in pieces of one MiB, in several threads. glibc keeps what they free, in
an arena for each few of them: good while more of it comes, too much for a guest that has done its
work. So it is told to let go when a task is over. Other C libraries are not asked.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache


def give_back() -> bool:
    """Call it in a thread: it takes some milliseconds. False if there was nothing to give."""
    trim = _trim()
    return trim is not None and trim(0) == 1


@cache
def _trim() -> Callable[[int], int] | None:
    if sys.platform != "linux":
        return None
    import ctypes  # not for an agent at rest

    trim: Callable[[int], int] | None = getattr(ctypes.CDLL(None), "malloc_trim", None)
    return trim
