"""When should we come back? Named deadlines for machines that have no clock, and random waits."""

from __future__ import annotations

import math
from collections.abc import Hashable
from random import Random
from typing import Generic, TypeVar

NEVER = math.inf

Name = TypeVar("Name", bound=Hashable)


class Timers(Generic[Name]):
    """At most one deadline per name; `due` hands out what has come, earliest first."""

    __slots__ = ("_deadlines",)

    def __init__(self) -> None:
        self._deadlines: dict[Name, float] = {}

    def set(self, name: Name, at: float) -> None:
        """Come back for `name` at `at`, instead of whenever it was before."""
        self._deadlines[name] = at

    def set_if_earlier(self, name: Name, at: float) -> None:
        """Come back for `name` at `at`, unless it is due sooner already."""
        self._deadlines[name] = min(at, self._deadlines.get(name, NEVER))

    def stop(self, name: Name) -> None:
        """Forget `name`."""
        self._deadlines.pop(name, None)

    def is_set(self, name: Name) -> bool:
        """True if `name` has a deadline."""
        return name in self._deadlines

    def wake_at(self) -> float:
        """The earliest deadline, or NEVER."""
        return min(self._deadlines.values(), default=NEVER)

    def due(self, now: float) -> list[Name]:
        """The names whose time has come, earliest first; each is forgotten."""
        names = [name for name, at in self._deadlines.items() if at <= now]
        names.sort(key=self._deadlines.__getitem__)
        for name in names:
            del self._deadlines[name]
        return names


def truncated_exponential_s(rng: Random, *, wait_s_max: float, group_size: int) -> float:
    """A wait in `[0, wait_s_max]` that makes few of `group_size` speak early.

    RFC 5740, section 5.5.1 (RandomBackoff): exponentially more likely towards the end, with
    lambda = ln(group_size) + 1, so that the expected number of first speakers hardly grows.
    """
    lam = math.log(max(group_size, 1)) + 1.0
    x = rng.random() * (lam / wait_s_max) + lam / (wait_s_max * math.expm1(lam))
    return wait_s_max / lam * math.log(x * math.expm1(lam) * (wait_s_max / lam))
