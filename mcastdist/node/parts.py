"""Which side of a session do we hold: the representative's, a receiver's, or neither?

At most one of the two is there. What is here of the content, time, and the orders that follow go
the same way for both.
"""

from __future__ import annotations

from collections import Counter

from mcastdist.ids import NodeId, SessionId
from mcastdist.ranges import RangeSet
from mcastdist.timers import NEVER
from mcastdist.wire import Announce, Phase, Standing

from .commands import Address, Command, Package, TaskSpec
from .config import NodeConfig
from .environment import Environment
from .reception import Reception
from .representation import Representation


class Parts:
    """The session that we represent, or the one that we follow."""

    def __init__(self, *, spec: TaskSpec, config: NodeConfig, env: Environment) -> None:
        self._spec = spec
        self._config = config
        self._env = env
        self._package: Package | None = None
        self._outputs: list[Command] = []  # of those that are gone
        self._falls: list[str] = []  # of those that are gone
        self.representation: Representation | None = None
        self.reception: Reception | None = None

    # In: which side

    def represent(self, standing: Standing, *, start_at: float, now: float) -> None:
        """From now on we represent; the stream may start at `start_at`."""
        self.end_reception()
        self.representation = Representation(
            spec=self._spec, config=self._config, env=self._env, standing=standing,
            start_at=start_at, now=now,
        )  # fmt: skip
        if self._package is not None:
            self.representation.package_known(self._package, now=now)

    def follow(
        self, announce: Announce, leader: NodeId, address: Address, *, weight: int, now: float
    ) -> None:
        """Our representative says this; `weight` is what we would stand with ourselves."""
        current = self.reception
        if current is None or (current.session, current.leader) != (announce.session, leader):
            self.end_reception()
            current = self.reception = Reception(
                task=self._spec.id, leader=leader, address=address, announce=announce,
                config=self._config, env=self._env, weight=weight, now=now,
            )  # fmt: skip
            self._acquaint(current, now)
        current.weight = weight
        current.receive_announce(announce, address, now=now)

    def cease(self, *, now: float) -> None:
        """Somebody else represents now."""
        if self.representation is not None:
            self.representation.stop(now)
            self._drop_representation()

    def hand_over(self, *, now: float) -> None:
        """We represent no more: the best receiver goes on, or the session is closed."""
        if self.representation is not None:
            self.representation.hand_over(now=now)
            self._drop_representation()

    def close(self, *, now: float) -> None:
        """We represent no more, and nobody need try: the session is closed."""
        if self.representation is not None:
            self.representation.close(now=now)
            self._drop_representation()

    def end_reception(self) -> None:
        """We follow this session no more. Nobody is told: who represented it is gone, or knows."""
        if self.reception is not None:
            self.reception.end()
            self._drop_reception()

    def end(self, *, now: float) -> None:
        """The session is over for us, and nobody waits for us to say so."""
        self.cease(now=now)
        self.end_reception()

    def leave(self, reason: str, *, now: float) -> None:
        """This machine goes away, in good order."""
        self.hand_over(now=now)
        if self.reception is not None:
            self.reception.leave(reason, now=now)
            self._drop_reception()

    # In: what is here

    def package_known(self, package: Package, *, now: float) -> None:
        """The manifest is here, and what the store already holds."""
        self._package = package
        for part in self._both():
            part.package_known(package, now=now)

    def blocks_held(self, held: RangeSet, sound: RangeSet) -> None:
        """These blocks have come, from wherever; these are wholly verified."""
        if self.reception is not None:
            self.reception.blocks_held(held)
        if self.representation is not None:
            self.representation.sound(sound)

    def blocks_lost(self, blocks: RangeSet, *, now: float) -> None:
        """These blocks are missing again."""
        if self.reception is not None:
            self.reception.blocks_lost(blocks, now=now)

    def complete(self, *, now: float) -> None:
        """Everything is here."""
        if self.reception is not None:
            self.reception.complete(now=now)

    def wake(self, *, now: float) -> None:
        """The moment of `wake_at` has come."""
        for part in self._both():
            part.wake(now=now)

    # Out

    @property
    def fallbacks(self) -> Counter[str]:
        """Why we left streams for peers: reason code -> times."""
        now = self.reception.falls if self.reception is not None else []
        return Counter([*self._falls, *now])

    @property
    def others_need_us(self) -> bool:
        """True if we represent receivers who lack something."""
        return self.representation is not None and bool(self.representation.audience.unfinished())

    @property
    def session(self) -> SessionId | None:
        """The session that we represent or follow."""
        return next((part.session for part in self._both()), None)

    @property
    def is_live(self) -> bool:
        """True if there is a session that others can join."""
        ours = self.representation
        return self.reception is not None or (ours is not None and ours.phase is not Phase.CLOSED)

    @property
    def is_over(self) -> bool:
        """True if we represented, and all has been said."""
        return self.representation is not None and self.representation.is_over

    def wake_at(self) -> float:
        """When to call `wake`; NEVER while nothing is waited for."""
        return min((part.wake_at() for part in self._both()), default=NEVER)

    def drain(self) -> list[Command]:
        """What is to be done, in order."""
        outputs, self._outputs = self._outputs, []
        for part in self._both():
            outputs.extend(part.drain())
        return outputs

    # Within

    def _acquaint(self, reception: Reception, now: float) -> None:
        """It begins with what is here; perhaps that is everything, and it need only say so."""
        if self._package is None:
            return
        reception.package_known(self._package, now=now)
        if self._package.is_complete:
            reception.complete(now=now)

    def _both(self) -> list[Representation | Reception]:
        return [part for part in (self.representation, self.reception) if part is not None]

    def _drop_representation(self) -> None:
        assert self.representation is not None
        self._outputs.extend(self.representation.drain())
        self.representation = None

    def _drop_reception(self) -> None:
        assert self.reception is not None
        self._outputs.extend(self.reception.drain())
        self._falls.extend(self.reception.falls)
        self.reception = None
