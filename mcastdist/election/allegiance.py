"""Whom do we follow, whom rather, and whom never?"""

from __future__ import annotations

from mcastdist.ids import NodeId
from mcastdist.timers import NEVER
from mcastdist.wire import Standing


class Allegiance:
    """Whom one node follows: at most one at a time, the stronger before the weaker."""

    def __init__(self) -> None:
        self.leader: NodeId | None = None
        self._standing: Standing | None = None
        self._refused: dict[NodeId, float] = {}

    def follow(self, leader: NodeId, standing: Standing) -> None:
        """This one from now on, which announced itself with this standing."""
        self.leader, self._standing = leader, standing

    def end(self) -> None:
        """Nobody any more."""
        self.leader = self._standing = None

    def refuse(self, node: NodeId, *, until: float) -> None:
        """Not this one, until then."""
        self._refused[node] = until

    def refuses(self, node: NodeId, *, now: float) -> bool:
        """True while this one is not to be followed, whatever it says."""
        return self._refused.get(node, -NEVER) > now

    def prefers(self, node: NodeId, standing: Standing) -> bool:
        """True if this one is our leader, or stronger than it, or we have none."""
        if self.leader is None or node == self.leader:
            return True
        assert self._standing is not None, "a leader is followed with its standing"
        return (standing, node) > (self._standing, self.leader)
