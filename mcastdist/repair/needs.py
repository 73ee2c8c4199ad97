"""What does a receiver ask for, when, and when does it keep quiet? (PROTOCOL.md, section 7)

The unit of complaint is "block b misses m symbols". Fresh parity answers every receiver at once,
so a complaint about as many symbols as ours, heard from somebody else, is as good as our own:
NACK suppression with a truncated exponential wait, after RFC 5740 (NORM), section 5.5.1.

What is lacked altogether, or was asked for in vain, is not asked for: it is `hopeless` here, and
comes from a peer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from random import Random

from mcastdist.ids import ContentId, SessionId
from mcastdist.timers import NEVER, truncated_exponential_s
from mcastdist.tracing import Tracer, silent
from mcastdist.wire import NEED_AGAIN_S, NEED_ENTRIES_MAX, NEED_WAIT_S, NEEDS_MAX, Need

ARRIVING_S = 0.1  # a block of which something came so lately is being streamed, or answered for


@dataclass(slots=True)
class _Plea:
    """One block we lack something of."""

    missing: int
    quiet_until: float  # we asked, or somebody else did
    arriving_until: float  # symbols come, without our asking
    is_lacked_altogether: bool = False  # more than half of it
    asked: int = 0
    asked_missing: int = 0

    @property
    def opens_at(self) -> float:
        """From when on it may be asked for."""
        return max(self.quiet_until, self.arriving_until)

    @property
    def is_hopeless(self) -> bool:
        """True if asking does not help."""
        return self.is_lacked_altogether or self.asked >= NEEDS_MAX


class Needs:
    """One receiver's complaints in one session. Does no I/O; see `wake_at`."""

    def __init__(
        self, *, session: SessionId, content: ContentId, rng: Random, trace: Tracer = silent
    ) -> None:
        self._session = session
        self._content = content
        self._rng = rng
        self._trace = trace
        self._pleas: dict[int, _Plea] = {}
        self._speak_at = NEVER
        self._outputs: list[Need] = []
        self.sent = 0
        self.suppressed = 0

    # In

    def update(
        self, lacking: Iterable[tuple[int, int, int]], *, group_size: int, now: float
    ) -> None:
        """These blocks lack symbols now: (block, how many are missing, of how many).

        A block that is not named any more has been repaired. One that lacks more than half its
        symbols is hopeless here, until a further round of the stream brings it.
        """
        known, self._pleas = self._pleas, {}
        for block, missing, symbols in lacking:
            plea = known.get(block)
            if plea is None:
                plea = _Plea(missing, quiet_until=now, arriving_until=now)
            elif missing < plea.missing:
                plea.arriving_until = now + ARRIVING_S
            plea.is_lacked_altogether = missing * 2 > symbols
            plea.missing = missing
            self._pleas[block] = plea
        self._arm(group_size, now)

    def heard(self, need: Need, *, now: float) -> None:
        """Somebody else complained: what covers ours need not be said again."""
        for block, missing in need.entries:
            plea = self._pleas.get(block)
            if plea is None or plea.missing > missing or plea.quiet_until > now:
                continue
            plea.quiet_until = now + NEED_AGAIN_S
            self.suppressed += 1
            self._trace("repair.need_suppressed", at=now, block=block, missing=plea.missing)

    def wake(self, *, now: float) -> None:
        """Say what is due."""
        if now < self._speak_at:
            return
        self._speak_at = NEVER
        due = [(block, plea) for block, plea in sorted(self._pleas.items()) if _due(plea, now)]
        for start in range(0, len(due), NEED_ENTRIES_MAX):
            self._say(due[start : start + NEED_ENTRIES_MAX], now)

    # Out

    def wake_at(self) -> float:
        """When to call `wake`; NEVER while nothing waits to be said."""
        return self._speak_at

    def drain(self) -> list[Need]:
        """The complaints to multicast."""
        outputs, self._outputs = self._outputs, []
        return outputs

    def hopeless(self) -> list[int]:
        """Blocks that asking does not help: fetch them from a peer."""
        return [block for block, plea in self._pleas.items() if plea.is_hopeless]

    # Within

    def _arm(self, group_size: int, now: float) -> None:
        opens_at = min(
            (plea.opens_at for plea in self._pleas.values() if not plea.is_hopeless),
            default=NEVER,
        )
        if opens_at is NEVER:
            self._speak_at = NEVER
        elif self._speak_at is NEVER:
            wait_s = truncated_exponential_s(
                self._rng, wait_s_max=NEED_WAIT_S, group_size=group_size
            )
            self._speak_at = max(now, opens_at) + wait_s

    def _say(self, due: list[tuple[int, _Plea]], now: float) -> None:
        for _, plea in due:
            progressed = plea.asked_missing and plea.missing < plea.asked_missing
            plea.asked = 1 if progressed else plea.asked + 1
            plea.asked_missing = plea.missing
            plea.quiet_until = now + NEED_AGAIN_S
        entries = tuple((block, plea.missing) for block, plea in due)
        self._outputs.append(Need(self._session, self._content, entries))
        self.sent += 1
        self._trace("repair.need", at=now, blocks=len(entries), first=entries[0][0])


def _due(plea: _Plea, now: float) -> bool:
    return plea.opens_at <= now and not plea.is_hopeless
