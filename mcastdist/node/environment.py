"""What does every part of a node share? Identity, keys, chance, trace, and numbers for requests."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from itertools import count
from random import Random

from mcastdist.ids import ClusterTag, ContentId, NodeId, SessionId
from mcastdist.tracing import Tracer, silent
from mcastdist.wire import BlockSeal, ClusterKey

from .commands import LockFactory


@dataclass(slots=True)
class Environment:
    """One machine's identity and its sources of chance and record."""

    node: NodeId
    cluster: ClusterTag
    key: ClusterKey
    rng: Random
    trace: Tracer = silent
    locks: LockFactory = nullcontext
    is_connected: bool = True  # as the newest configuration says; tasks keep their own
    arrivals: int = 0  # how often a network came that was not there before
    has_room: Callable[[], bool] = lambda: True  # for one more task to be at work
    other_keys: tuple[ClusterKey, ...] = ()  # of the cluster, while a key is rotated
    _requests: count[int] = field(default_factory=lambda: count(1))

    def next_request(self) -> int:
        """A request number this node has not used yet."""
        return next(self._requests)

    def new_session(self) -> SessionId:
        """A session id nobody on the segment is likely to use."""
        return SessionId(self.rng.getrandbits(32))

    def seal(self, content: ContentId, key_id: int | None = None) -> BlockSeal:
        """The seal of one content's blocks: with our key, or with that of ours which is named."""
        named = (key for key in self.other_keys if key.key_id == key_id)
        return BlockSeal(next(named, self.key), content)
