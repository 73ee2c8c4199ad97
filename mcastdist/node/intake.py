"""What does an open stream bring us, and what do we complain about?

The receiver's side of one stream (shared with the agent's threads, hence the lock) and the needs
that follow from it.
"""

from __future__ import annotations

from mcastdist.ids import ContentId, SessionId
from mcastdist.ranges import RangeSet
from mcastdist.repair import Needs
from mcastdist.session import Measurement
from mcastdist.wire import Announce, Geometry, Need

from .commands import Package, Stream, TaskId
from .environment import Environment


class Intake:
    """One stream that we receive, from when it is opened until it is closed."""

    def __init__(
        self, *, task: TaskId, package: Package, announce: Announce, env: Environment, now: float
    ) -> None:
        from mcastdist.session import Receiver  # with numpy: not before there is a stream

        session = SessionId(announce.session)
        geometry = Geometry(package.payload_bytes, announce.block_bytes, announce.symbol_bytes)
        seal = env.seal(package.content, announce.key)
        self._receiver = Receiver(
            geometry=geometry,
            session=session,
            cluster=env.cluster,
            seal=seal,
            held=package.held.copy(),
            now=now,
            trace=env.trace,
        )
        self.stream = Stream(
            task, ContentId(package.content), session, geometry, env.locks(),
            receiver=self._receiver, seal=seal,
        )  # fmt: skip
        self._needs = Needs(session=session, content=package.content, rng=env.rng, trace=env.trace)

    # In

    def forget(self, blocks: RangeSet) -> None:
        """These blocks are here, from wherever."""
        with self.stream.lock:
            for block in blocks.numbers():
                self._receiver.forget(block)

    def lost(self, blocks: RangeSet) -> None:
        """These blocks are not here any more."""
        with self.stream.lock:
            for block in blocks.numbers():
                self._receiver.lost(block)

    def passed(self, position: int, *, now: float) -> None:
        """The representative says: the blocks below `position` have been streamed."""
        with self.stream.lock:
            self._receiver.passed(position, now=now)

    def hear(self, need: Need, *, now: float) -> None:
        """Another receiver complains."""
        if need.session == self.stream.session:
            self._needs.heard(need, now=now)

    def look(self, *, group_size: int, now: float) -> float | None:
        """See what the threads have brought; when the last datagram came, if any has."""
        with self.stream.lock:
            lacking = self._receiver.lacking(now)
            heard_at = self._receiver.heard_at
        self._needs.update(
            ((block, missing, self.stream.geometry.symbols(block)) for block, missing in lacking),
            group_size=group_size,
            now=now,
        )
        return heard_at

    # Out

    def complain_at(self) -> float:
        """When to ask for `complaints`, as of the last `look`."""
        return self._needs.wake_at()

    def complaints(self, now: float) -> list[Need]:
        """What is to be said to the group now."""
        self._needs.wake(now=now)
        return self._needs.drain()

    def measure(self, now: float) -> Measurement:
        """How the stream arrives, since the last call."""
        with self.stream.lock:
            return self._receiver.measure(now)

    def hopeful(self, now: float) -> set[int]:
        """The blocks that lack something which complaints may still bring."""
        with self.stream.lock:
            lacking = self._receiver.lacking(now)
        return {block for block, _ in lacking} - set(self._needs.hopeless())

    def repairable(self, now: float) -> RangeSet:
        """The blocks of which more than half is here: parity is cheaper for them than a round."""
        with self.stream.lock:
            lacking = self._receiver.lacking(now)
        symbols = self.stream.geometry.symbols
        return RangeSet.of(block for block, missing in lacking if missing * 2 <= symbols(block))
