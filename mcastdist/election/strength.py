"""How strong is this node's claim, and how long does it hold it back?

The stronger wait less, so that usually the strongest speaks first and is the only one to speak.
The order of strengths is `Standing`'s; the back-off only has to follow it roughly, since a
stronger candidate that was late objects anyway.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from mcastdist.ids import Locator, NodeId
from mcastdist.wire import BACKOFF_S_MAX, Standing

HELD_SCALE = 255
WEIGHT_SCALE = 255
GENERATION_MAX = 0xFFFF  # of the wire; a session that changed hands so often may stand still
WEIGHT_PART, HELD_PART, TIE_PART = 0.4, 0.3, 0.3  # the tie spreads those who are alike


@dataclass(frozen=True, slots=True)
class Merits:
    """What speaks for a machine as representative, apart from what it holds."""

    weight: int
    wired: bool = True
    mains: bool = True


def standing_of(
    merits: Merits, *, node: NodeId, locator: Locator, held: float, generation: int
) -> Standing:
    """The standing this machine claims with; `held` is its share of the content, 0 to 1."""
    tie = hashlib.sha256(node.to_bytes(8, "big") + locator).digest()
    return Standing(
        generation=generation,
        weight=merits.weight,
        held=round(held * HELD_SCALE),
        wired=int(merits.wired),
        mains=int(merits.mains),
        tie=int.from_bytes(tie[:4], "big"),
    )


def back_off_s(standing: Standing) -> float:
    """How long to wait before claiming: 0 for the strongest there can be, up to BACKOFF_S_MAX."""
    strength = (
        WEIGHT_PART * standing.weight / WEIGHT_SCALE
        + HELD_PART * standing.held / HELD_SCALE
        + TIE_PART * standing.tie / 0xFFFF_FFFF
    )
    return BACKOFF_S_MAX * (1.0 - strength)


class Credentials:
    """What one node stands with for one locator; whoever owns the candidate keeps it up to date."""

    def __init__(self, merits: Merits, *, node: NodeId, locator: Locator) -> None:
        self.node = node
        self.locator = locator
        self.merits = merits
        self.held = 0.0  # the share of the content that is here, 0 to 1
        self.content = b""  # its id, once it is known
        self._generation = 0  # the highest heard, our own included

    @property
    def may_stand(self) -> bool:
        """True if this machine may represent at all."""
        return self.merits.weight > 0

    def heard(self, generation: int) -> None:
        """Somebody represents, or has represented, with this generation."""
        self._generation = max(self._generation, generation)

    def standing(self) -> Standing:
        """The standing of a claim made now."""
        return standing_of(
            self.merits,
            node=self.node,
            locator=self.locator,
            held=self.held,
            generation=min(self._generation + 1, GENERATION_MAX),
        )
