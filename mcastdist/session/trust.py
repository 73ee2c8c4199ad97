"""Which datagrams may be believed before their block has been opened?

- The first of a block is checked at once, before it takes memory or moves the position.
- The rest is believed until a block does not open. Then the forged symbols are thrown out, and for
  `WARY_S` every tag is checked before its symbol counts. The sender's id in a header is not sealed,
  so forgery is no reason to refuse a sender: anybody could silence the representative that way.
- A sender whose tags are right and whose symbols are wrong has the cluster key and lies: it is
  refused for `BAN_S` (PROTOCOL.md, section 9).
"""

from __future__ import annotations

import numpy as np

from mcastdist.tracing import Tracer
from mcastdist.wire import BAN_S, BlockSeal, Mask

from .datagrams import Stretch

WARY_S = 10.0  # checking every tag costs more than all the rest, so not for ever
REFUSED_MAX = 64  # bounds how many liars are remembered


class Trust:
    """What we have come to think of those who send."""

    def __init__(self, seal: BlockSeal, now: float, trace: Tracer) -> None:
        self._seal = seal
        self._trace = trace
        self._wary_until = now
        self._refused: dict[int, float] = {}  # sender -> until when

    def is_wary(self, now: float) -> bool:
        """True while every tag is to be checked."""
        return now < self._wary_until

    def refuses(self, sender: int, now: float) -> bool:
        """True if nothing of this sender is to be taken."""
        return bool(self._refused) and self._refused.get(sender, 0.0) > now

    def become_wary(self, now: float) -> None:
        """A forgery has been found."""
        if not self.is_wary(now):
            self._trace("session.wary", at=now, for_s=WARY_S)
        self._wary_until = now + WARY_S

    def refuse(self, sender: int, now: float) -> None:
        """A liar has been found."""
        while len(self._refused) >= REFUSED_MAX:
            del self._refused[next(iter(self._refused))]
        self._refused[sender] = now + BAN_S
        self._trace("session.sender_refused", at=now, sender=f"{sender:08x}", for_s=BAN_S)

    def forged(self, block: int, sender: int, symbols: int, now: float) -> None:
        """Tell of forged symbols."""
        self._trace("session.forged", at=now, block=block, sender=f"{sender:08x}", symbols=symbols)

    def genuine(self, stretch: Stretch) -> Mask:
        """Which of these symbols a member of the cluster made."""
        ids = range(stretch.symbol, stretch.symbol + len(stretch.payloads))
        tags = self._seal.symbol_tags(stretch.block, stretch.payloads, ids)
        genuine: Mask = (tags == stretch.tags).all(axis=1)
        return genuine

    def genuine_parts(self, stretch: Stretch, now: float) -> list[Stretch]:
        """What is left of a stretch without its forged symbols."""
        genuine = self.genuine(stretch)
        forged = len(genuine) - int(np.count_nonzero(genuine))
        if not forged:
            return [stretch]
        self.forged(stretch.block, stretch.sender, forged, now)
        self.become_wary(now)
        edges = np.flatnonzero(np.diff(genuine, prepend=False, append=False)).tolist()
        pairs = zip(edges[0::2], edges[1::2], strict=True)
        return [stretch.part(start, stop) for start, stop in pairs]
