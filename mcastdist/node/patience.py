"""When does a task that nobody supplies turn to the origin, and when does it try all again?

    no peer supplies --origin_fallback_delay_s and jitter--> the origin is open to this receiver
    nobody supplies  --retry_backoff_s, step by step-------> everybody is asked again
    we follow and nothing comes  --STARVED_S--------------> as if no peer supplied, from then on
    the network is back  ---------------------------------> all is tried anew, the neighbours first
    the rest is over, too much else is at work --HELD_BACK_S--> it is looked again

What comes, from wherever, ends both waits. A new representative ends them too: it may well supply
us, and the subnet pays for the payload once. But somebody with the cluster key may represent and
bring nothing, or be a new representative every second; hence the third line.
"""

from __future__ import annotations

from collections import Counter

from mcastdist.timers import NEVER

from .config import NodeConfig
from .environment import Environment

STARVED_S = 300.0  # beside the start delay; a block takes less on a WAN of 30 kbit/s
HELD_BACK_S = 30.0  # between two looks for room; the jitter is as much, for a thousand may look
RETRY_JITTER = 0.1  # either way, so that a subnet whose WAN failed does not return as one


class Patience:
    """One task's long waits. Does no I/O; see `wake_at`."""

    def __init__(self, *, config: NodeConfig, env: Environment) -> None:
        self._config = config
        self._env = env
        self._origin_at = NEVER
        self._retry_at = NEVER
        self._retries = 0
        self._starved_at = NEVER
        self._is_connected = env.is_connected  # as far as we have noticed
        self._arrivals = env.arrivals
        self.fallbacks: Counter[str] = Counter()  # reason code -> times
        self.origin_is_open = False
        self.is_starved = False  # we have followed for so long in vain that we wait for nobody

    # In

    def follows(self, now: float) -> None:
        """It is for somebody else to supply us: the time runs until something comes.

        It runs on while we follow nobody: who represents, closes, and represents again gains none.
        """
        if self._starved_at == NEVER and not self.is_starved:
            config = self._config
            start_s = max(config.session_start_delay_s, config.start_wait_s_max)
            self._starved_at = now + start_s + STARVED_S

    def wait_for_origin(self, now: float) -> None:
        """No peer supplies us; the wait begins, if it has not begun yet."""
        if self._origin_at == NEVER:
            jitter = 1.0 + self._env.rng.random()
            self._origin_at = now + self._config.origin_fallback_delay_s * jitter
            self._env.trace("node.no_peer_supplies", at=now, origin_at=self._origin_at)

    def wait_to_retry(self, now: float) -> None:
        """Nobody at all supplies us. Must not be called if there are no steps to wait."""
        steps = self._config.retry_backoff_s
        jitter = 1.0 - RETRY_JITTER + 2 * RETRY_JITTER * self._env.rng.random()
        self._retry_at = now + steps[min(self._retries, len(steps) - 1)] * jitter
        self._retries += 1
        self._starved_at = NEVER

    def stop(self) -> None:
        """Nothing is lacked any more."""
        self._starved_at = NEVER

    def supplied(self) -> None:
        """Something came."""
        self._origin_at = self._starved_at = NEVER
        self._retries = 0

    def renew(self) -> None:
        """Somebody else represents now, or we do."""
        if self.is_starved:
            return
        self._origin_at = self._retry_at = NEVER
        self.origin_is_open = False

    def origin_is_due(self, now: float) -> bool:
        """True once the wait for the origin is over; from then on it is open."""
        if now >= self._starved_at:
            self._starved_at, self.is_starved = NEVER, True
            self.wait_for_origin(now)
        if now < self._origin_at:
            return False
        self._origin_at = NEVER
        self.origin_is_open = True
        return True

    def retry_is_due(self, now: float) -> bool:
        """True once the rest is over and there is room, or the network is back."""
        if self._notices_network(now):
            self._retries, self.is_starved = 0, False
            self.renew()
            return True
        if now < self._retry_at:
            return False
        if not self._env.has_room():
            self._retry_at = now + HELD_BACK_S * (0.5 + self._env.rng.random())
            return False
        self._retry_at = NEVER
        return True

    # Out

    @property
    def can_retry(self) -> bool:
        """True if a failure is not the end."""
        return bool(self._config.retry_backoff_s)

    @property
    def retry_at(self) -> float:
        """When all are asked again; NEVER while nothing rests."""
        return self._retry_at

    @property
    def is_resting(self) -> bool:
        """True while nobody is to be asked for anything."""
        return self._retry_at != NEVER

    def wake_at(self) -> float:
        """When one of the waits is over; NEVER while nothing is waited for."""
        return min(self._origin_at, self._retry_at, self._starved_at)

    # Within

    def _notices_network(self, now: float) -> bool:
        """True if it is back, or one of several while we rest; that it has gone is written down."""
        has_come = self._arrivals != self._env.arrivals
        self._arrivals = self._env.arrivals
        if self._is_connected == self._env.is_connected:
            return has_come and self.is_resting
        self._is_connected = self._env.is_connected
        if not self._is_connected:
            self.fallbacks["no_network"] += 1
            self._env.trace("node.fallback", at=now, code="no_network")
        return self._is_connected
