"""When is a session announced, and what is said? Often at first, then as a lease, and at the end.

An announcement is due at once when somebody seeks or claims, or when the phase changes, but never
sooner than ANNOUNCE_GAP_S_MIN after the last: a thousand Seeks bring twenty a second.

The first and the last ones, and the answers to who asked in vain, are also said *aside*, by
broadcast: a switch that does not carry the group carries that.
"""

from __future__ import annotations

from msgspec.structs import replace

from mcastdist.ids import SessionId
from mcastdist.timers import NEVER
from mcastdist.wire import (
    ANNOUNCE_GAP_S_MIN,
    ANNOUNCE_S,
    EARLY_ANNOUNCEMENTS,
    Announce,
    Phase,
    Standing,
)

from .broadcast import Broadcast
from .commands import Address, Package, Send, TaskSpec
from .config import NodeConfig

EARLY_GAP_S = 0.15  # between the first announcements
CLOSED_SAID = 2  # more; one lost "closed" must not leave followers waiting for the lease to end
CLOSED_GAP_S = ANNOUNCE_S / 2


class Announcing:
    """The moments at which one session is announced."""

    def __init__(self, *, now: float) -> None:
        self.due_at = now
        self._said_at = -ANNOUNCE_S
        self._early_left = EARLY_ANNOUNCEMENTS - 1
        self._closed_left = CLOSED_SAID
        self._asked_aside = True

    def soon(self, now: float, *, aside: bool = False) -> None:
        """Somebody does not know, or something has changed; `aside`: and may not hear the group."""
        self.due_at = min(self.due_at, max(now, self._said_at + ANNOUNCE_GAP_S_MIN))
        self._asked_aside |= aside

    def answer(self, announcement: Announce, address: Address, now: float) -> list[Send]:
        """For who asked and heard nothing from the group: it alone now, and all by broadcast soon.

        The former no more often than announcements may come: who asks in between has the broadcast.
        """
        may_say = now >= self._said_at + ANNOUNCE_GAP_S_MIN
        self.soon(now, aside=True)
        return [Send(replace(announcement, aside=True), address)] if may_say else []

    def say(self, announcement: Announce, now: float) -> list[Send]:
        """Announce to the group, and aside if that is called for."""
        closed = announcement.phase is Phase.CLOSED
        aside = self._asked_aside or self._early_left > 0 or closed
        self._said_at = now
        self._asked_aside = False
        self._plan_next(closed, now)
        copies = [Send(replace(announcement, aside=True), aside=True)] if aside else []
        return [Send(announcement), *copies]

    def stop(self) -> None:
        """Never again."""
        self.due_at = NEVER

    # Within

    def _plan_next(self, closed: bool, now: float) -> None:
        if self._early_left:
            self._early_left -= 1
            self.due_at = now + EARLY_GAP_S
        elif not closed:
            self.due_at = now + ANNOUNCE_S
        elif self._closed_left:
            self._closed_left -= 1
            self.due_at = now + CLOSED_GAP_S
        else:
            self.due_at = NEVER


def announce(
    *,
    spec: TaskSpec,
    config: NodeConfig,
    session: SessionId,
    standing: Standing,
    phase: Phase,
    delay_s: float,
    package: Package | None,
    broadcast: Broadcast,
    receivers: int,
    key_id: int,
) -> Announce:
    """Where this session stands; `delay_s` until it may start, `receivers` are the unfinished."""
    return Announce(
        locator=spec.locator,
        session=session,
        standing=standing,
        http_port=config.http_port,
        phase=phase,
        delay_ms=round(delay_s * 1000),
        content=package.content if package else b"",
        payload_bytes=package.payload_bytes if package else 0,
        block_bytes=package.block_bytes if package else config.block_bytes,
        symbol_bytes=broadcast.symbol_bytes,
        position=_position(phase, package, broadcast),
        round=broadcast.round,
        receivers=receivers,
        rate_bps=round(broadcast.rate_bps),
        queue=broadcast.queue,
        key=key_id,
    )


def _position(phase: Phase, package: Package | None, broadcast: Broadcast) -> int:
    if phase is Phase.STREAMING:
        return broadcast.position
    if package is None:
        return 0
    gap = next(package.sound.gaps(0, package.block_count), None)
    return package.block_count if gap is None else gap[0]
