"""What does the representative of one session say and do? (PROTOCOL.md, sections 5 to 7)

    STARTING --manifest known--> WAITING --delay over--> STREAMING <--> REPAIRING --> CLOSED
                                    |                        ^                          ^
                                    +--too few or too small--> SERVING ----------------+

It announces (`announcing.py`), keeps the book of receivers (`audience.py`), streams in rounds
(`worth.py`, `broadcast.py`; one that nobody hears is broken off), closes when nobody needs it.
"""

from __future__ import annotations

from mcastdist.ids import NodeId, SessionId
from mcastdist.ranges import RangeSet
from mcastdist.timers import NEVER
from mcastdist.wire import (
    Announce,
    Dismiss,
    Handover,
    Need,
    Phase,
    ReceiverState,
    Report,
    Standing,
)

from .announcing import Announcing, announce
from .audience import Audience
from .broadcast import Broadcast
from .commands import Address, Command, Package, Send, Stream, TaskSpec
from .config import NodeConfig
from .environment import Environment
from .worth import first_round, further_round, may_start

CHECK_S = 0.05  # how often the phase is looked at while something moves
ROUND_GRACE_S = 0.2  # after a round, beside the time in which all report what they lack
CLOSE_S = 3.0  # nobody needed anything for this long


class Representation:
    """The control side of one session we represent. Does no I/O; see `wake_at`."""

    def __init__(
        self,
        *,
        spec: TaskSpec,
        config: NodeConfig,
        env: Environment,
        standing: Standing,
        start_at: float,
        now: float,
    ) -> None:
        self._spec = spec
        self._config = config
        self._env = env
        self._standing = standing
        self.session: SessionId = env.new_session()
        self.phase = Phase.STARTING
        self.start_at = start_at
        self.audience = Audience(idle_timeout_s=config.receiver_idle_timeout_s)
        self.package: Package | None = None
        self._broadcast = Broadcast(
            task=spec.id, session=self.session, config=config, env=env, now=now
        )
        self._next_round_at = self._busy_at = now
        self._announcing = Announcing(now=now)
        self._check_at = now + CHECK_S
        self._outputs: list[Command] = []

    # In

    def package_known(self, package: Package, *, now: float) -> None:
        """The manifest is here: from now on the announcements say what the content is."""
        self.package = package
        self._set_phase(Phase.WAITING, now)
        self._check(now)
        self.announce_soon(now)

    def sound(self, blocks: RangeSet) -> None:
        """These blocks lie wholly in verified chunks now: they may be streamed."""
        self._broadcast.sound(blocks)

    def announce_soon(self, now: float) -> None:
        """Somebody does not know us: announce, but not more often than the gap allows."""
        if self.phase is not Phase.CLOSED:
            self._announcing.soon(now)

    def answer(self, address: Address, now: float) -> None:
        """Somebody asked, and may not hear the group."""
        if self.phase is not Phase.CLOSED:
            self._outputs += self._announcing.answer(self._announcement(now), address, now)

    def report(self, sender: NodeId, address: Address, report: Report, *, now: float) -> None:
        """A receiver tells where it stands."""
        if self.phase is Phase.CLOSED:
            return
        listener = self.audience.report(sender, address, report, now=now)
        if listener is None:
            return
        self._broadcast.fit(report.datagram_bytes_max)
        if listener.is_finished:
            self._broadcast.left(sender)
        elif report.state is ReceiverState.RECEIVING and not listener.dismissed:
            self._broadcast.measured(sender, report, now=now)
            self._broadcast.steer(self.audience.losses_ppm(), now=now)
        self._check_at = min(self._check_at, now + CHECK_S)

    def need(self, need: Need, *, now: float) -> None:
        """A receiver misses symbols of blocks we hold: answer with parity."""
        package = self.package
        if package is None or self.phase is Phase.CLOSED or need.content != package.content:
            return
        self._broadcast.answer(need, package, now=now)

    def hand_over(self, *, now: float) -> None:
        """Leave in good order: the best receiver goes on, if there is one that needs it."""
        heir = self.audience.heir() if self.audience.unfinished() else None
        if heir is None:
            self.close(now=now)
            return
        self._env.trace("node.handover", at=now, session=self.session, heir=heir.node)
        handover = Handover(self._spec.locator, self.session, heir.node)
        self._outputs += [Send(handover), Send(handover, aside=True)]
        self.stop(now)

    def close(self, *, now: float) -> None:
        """Leave, and nobody need go on."""
        self._close(now)
        self.stop(now)

    def stop(self, now: float) -> None:
        """No longer the representative: the stream ends here."""
        self._announcing.stop()
        self._check_at = NEVER
        self._broadcast.close(now=now)

    def wake(self, *, now: float) -> None:
        """The moment of `wake_at` has come."""
        if now >= self._check_at:
            self._check_at = NEVER
            self._check(now)
        if now >= self._announcing.due_at:
            self._announce(now)

    # Out

    @property
    def stream(self) -> Stream | None:
        """The stream, while it is open."""
        return self._broadcast.stream

    @property
    def rate_bps(self) -> float:
        """What the stream may take now."""
        return self._broadcast.rate_bps

    @property
    def is_over(self) -> bool:
        """True if the session is closed, and that has been said often enough."""
        return self.phase is Phase.CLOSED and self._announcing.due_at == NEVER

    def wake_at(self) -> float:
        """When to call `wake`."""
        return min(self._announcing.due_at, self._check_at)

    def drain(self) -> list[Command]:
        """What is to be done, in order."""
        outputs, self._outputs = self._outputs, []
        return outputs + self._broadcast.drain()

    # Within: phases and receivers

    def _check(self, now: float) -> None:
        self._look_after(now)
        if self.package is not None:
            self._move_on(self.package, now)
            self._close_if_done(self.package, now)
        if self.phase is not Phase.CLOSED:
            self._check_at = min(self._check_at, now + CHECK_S)

    def _move_on(self, package: Package, now: float) -> None:
        config, audience = self._config, self.audience
        if self.phase is Phase.WAITING and may_start(
            config, audience, start_at=self.start_at, now=now
        ):
            self._set_phase(Phase.SERVING, now)
        if self.phase is Phase.SERVING:
            self._stream(first_round(config, audience, package), package, now)
        elif self.phase is Phase.STREAMING and self._broadcast.is_idle:
            self._next_round_at = now + ROUND_GRACE_S + audience.report_gap_s
            self._set_phase(Phase.REPAIRING, now)
        elif self.phase is Phase.STREAMING and not audience.streamable():
            self._broadcast.stop_round(now=now)
            self._set_phase(Phase.SERVING, now)
        elif self.phase is Phase.REPAIRING and now > self._next_round_at:
            self._stream(further_round(config, audience, package), package, now)

    def _stream(self, blocks: RangeSet, package: Package, now: float) -> None:
        if blocks and self._broadcast.has_rounds_left:
            for listener in self.audience.streamable():
                listener.rounds += 1
            self._broadcast.start_round(blocks, package, now=now)
            self._set_phase(Phase.STREAMING, now)

    def _close_if_done(self, package: Package, now: float) -> None:
        if now < self.start_at or self.phase < Phase.STREAMING:
            return
        is_all_here = package.sound.count == package.block_count
        if self.audience.unfinished() or not (is_all_here and self._broadcast.is_idle):
            self._busy_at = now
        elif now - self._busy_at > CLOSE_S and self.phase is not Phase.CLOSED:
            self._close(now)

    def _close(self, now: float) -> None:
        self._set_phase(Phase.CLOSED, now)
        self._broadcast.close(now=now)
        self._announce(now)

    def _look_after(self, now: float) -> None:
        """Forget the silent, and dismiss those who are too slow for the others."""
        for listener in self.audience.forget_silent(now):
            self._broadcast.left(listener.node)
            self._env.trace("node.receiver_silent", at=now, node=listener.node)
        slow = self._broadcast.slow(self._config.slow_receiver_bps_min)
        for listener in self.audience.dismiss(slow):
            self._broadcast.left(listener.node)
            self._env.trace("node.dismissed", at=now, node=listener.node)
            self._outputs.append(Send(Dismiss(self.session, "slow_receiver"), listener.address))

    def _announce(self, now: float) -> None:
        self._outputs += self._announcing.say(self._announcement(now), now)

    def _announcement(self, now: float) -> Announce:
        return announce(
            spec=self._spec, config=self._config, session=self.session, standing=self._standing,
            phase=self.phase, delay_s=max(0.0, self.start_at - now), package=self.package,
            broadcast=self._broadcast, receivers=len(self.audience.unfinished()),
            key_id=self._env.key.key_id,
        )  # fmt: skip

    def _set_phase(self, phase: Phase, now: float) -> None:
        if phase is self.phase:
            return
        self._env.trace(
            "node.phase", at=now, session=self.session, old=self.phase.name, new=phase.name,
            receivers=len(self.audience.unfinished()),
        )  # fmt: skip
        self.phase = phase
        self._announcing.soon(now)
