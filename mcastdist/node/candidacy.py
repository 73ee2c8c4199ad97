"""May this node stand for election now, and with what?

A machine that may not ask the origin, or that has just found that it cannot, has nothing to
represent with, unless it holds all of the content already: until then its weight counts as 0.
So does that of a machine that can hear nobody, since no interface is up: whom would it represent?
"""

from __future__ import annotations

from dataclasses import replace

from mcastdist.election import Candidate, Credentials, Role
from mcastdist.timers import NEVER

from .commands import Package, TaskSpec
from .config import NodeConfig
from .environment import Environment

# Who could not reach any source does not stand again for so long: enough for three others to try,
# and less than `download.origin_fallback_delay_s`, after which it would fetch for itself alone.
UNABLE_S = 25.0
SLOW_S = 60.0  # who was dismissed from a stream as too slow for it; most streams are over by then


class Candidacy:
    """One node's candidate for one locator, kept true to what the machine can do."""

    def __init__(self, *, spec: TaskSpec, config: NodeConfig, env: Environment, now: float) -> None:
        self._config = config
        self._env = env
        self._is_connected = env.is_connected  # as far as we have noticed
        self._is_complete = False
        self._able_at = NEVER  # when we may stand again after having given up
        self.candidate = Candidate(
            credentials=Credentials(config.merits, node=env.node, locator=spec.locator),
            alone_after_s=config.origin_fallback_delay_s,
            rng=env.rng,
            now=now,
            trace=env.trace,
        )
        self._weigh()
        if not config.multicast_enabled:
            self.candidate.go_alone("multicast_disabled", now=now)

    @property
    def weight(self) -> int:
        """The weight with which this node would stand now."""
        return self.candidate.credentials.merits.weight

    def holds(self, package: Package) -> None:
        """This is what speaks for us now."""
        credentials = self.candidate.credentials
        credentials.content = package.content
        credentials.held = package.held.count / package.block_count if package.block_count else 1.0
        self._is_complete = package.is_complete
        self._weigh()

    def give_up(self, reason: str, *, now: float) -> None:
        """We cannot supply those whom we represent: one of them shall try."""
        self._able_at = now + UNABLE_S
        self._weigh()
        self.candidate.resign(reason, now=now)

    def stand_back(self, *, now: float) -> None:
        """We are too slow for the others: we do not represent them, whatever we cease to hear.

        A stream that fills our link drowns the announcements, and who has lost its representative
        so must not take the place of one that all the others hear.
        """
        self._able_at = now + SLOW_S
        self._weigh()

    def rest(self, *, now: float) -> None:
        """Nobody supplies us and we supply nobody: be silent for a while."""
        self.candidate.go_alone("rests", now=now)

    def try_again(self, *, now: float) -> None:
        """The rest is over: seek and stand like anybody else, for others have rested too."""
        self._able_at = NEVER
        self._weigh()
        if self._config.multicast_enabled:
            self.candidate.resign("retries", now=now)

    def wake(self, *, now: float) -> None:
        """The moment of `wake_at` has come."""
        if self._is_connected != self._env.is_connected:
            self._notice_network(now)
        self.candidate.wake(now=now)
        if now >= self._able_at:
            self._able_at = NEVER
            self._weigh()
            if self.candidate.role is Role.ABSTAINING and self.weight > 0:
                self.candidate.resign("able_again", now=now)

    def wake_at(self) -> float:
        """When to call `wake`."""
        return min(self.candidate.wake_at(), self._able_at)

    def _notice_network(self, now: float) -> None:
        """Out of it we represent nobody; back in it others may have gone on without us: ask."""
        self._is_connected = self._env.is_connected
        self._weigh()
        if self._config.multicast_enabled:
            self.candidate.resign("network_back" if self._is_connected else "no_network", now=now)

    def _weigh(self) -> None:
        merits = self._config.merits
        may_supply = self._config.allow_origin and self._able_at == NEVER
        if not (self._is_connected and (may_supply or self._is_complete)):
            merits = replace(merits, weight=0)
        self.candidate.credentials.merits = merits
