"""What do we answer to who examines the subnet, and how often? (PROTOCOL.md, 11)

Only a member's probe opens, so only members get this far; still a member may lie about where it is.
The allowance bounds what anybody can make this machine say, whatever is asked of it.
"""

from __future__ import annotations

from typing import NamedTuple

from mcastdist.wire import ECHO_BURST_MAX, ECHOES_PER_S_MAX, Probe, Way


class Answer(NamedTuple):
    """One echo: by which way, and filled up to a stream's datagram or not."""

    way: Way
    full: bool


TO_THE_ASKER = Answer(Way.ALONE, False)
TO_SHOW_WHAT_ARRIVES = (
    Answer(Way.ALONE, True),
    Answer(Way.GROUP, False),
    Answer(Way.GROUP, True),
    Answer(Way.ASIDE, False),
    Answer(Way.ASIDE, True),
)


def answers_to(probe: Probe, *, multicast: bool) -> list[Answer]:
    """How to answer; `multicast` False: this machine says nothing but to single nodes."""
    shown = TO_SHOW_WHAT_ARRIVES if probe.back else ()
    return [TO_THE_ASKER, *(one for one in shown if multicast or one.way is Way.ALONE)]


class Allowance:
    """How many echoes may be sent: a bucket that fills with time."""

    def __init__(self) -> None:
        self._left = float(ECHO_BURST_MAX)
        self._at: float | None = None

    def take(self, *, now: float) -> bool:
        """True if one may be sent now; it then counts as sent."""
        if self._at is not None:
            grown = self._left + (now - self._at) * ECHOES_PER_S_MAX
            self._left = min(grown, float(ECHO_BURST_MAX))
        self._at = now
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True
