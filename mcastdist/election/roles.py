"""What can a node be in the election, and what does it make known of that?"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from mcastdist.ids import NodeId
from mcastdist.wire import Seek


class Role(Enum):
    """What this node is in the election; `Candidate` says how one becomes another."""

    SEEKING = "seeking"
    BACKING_OFF = "backing_off"
    CLAIMING = "claiming"
    SILENCED = "silenced"
    LEADING = "leading"
    FOLLOWING = "following"
    ABSTAINING = "abstaining"
    ALONE = "alone"


@dataclass(frozen=True, slots=True)
class RoleChanged:
    """The node's part is now `role`; `leader` is whom it follows, if it follows."""

    role: Role
    leader: NodeId | None
    reason: str


@dataclass(frozen=True, slots=True)
class AskLeader:
    """The leader's announcements have stopped: ask it directly before it is given up."""

    question: Seek


@dataclass(frozen=True, slots=True)
class AnnounceNow:
    """Somebody does not know that we lead: an announcement is due at once."""
