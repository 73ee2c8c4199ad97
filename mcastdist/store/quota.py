"""Which packages must go, so that another fits? A decision over plain figures; nothing is removed.

Pinned packages and those in use never go. First go those past their age, then the longest unused,
and last the other versions of the package that is coming, because their chunks save its download.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mcastdist.errors import NoSpace
from mcastdist.ids import ContentId

from .records import Status

DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class StoreLimits:
    """What the store may take. Ages count from the last use; `math.inf` switches a limit off."""

    bytes_max: float = math.inf
    age_s_max: float = 3 * DAY_S
    age_precached_s_max: float = 14 * DAY_S
    free_bytes_min: int = 2 << 30

    def expiry(self, status: Status) -> float | None:
        """When age evicts a package of this status; None if never."""
        age_s = self.age_precached_s_max if status.precached else self.age_s_max
        return None if status.pinned or math.isinf(age_s) else status.used + age_s


@dataclass(frozen=True, slots=True)
class Tenant:
    """A package as the quota sees it. `is_kept`: pinned or in use."""

    content: ContentId
    name: str
    disk_bytes: int
    used: float
    expiry: float | None
    is_kept: bool

    def is_expired(self, now: float) -> bool:
        """True if it is past its age and may go."""
        return not self.is_kept and self.expiry is not None and self.expiry <= now


@dataclass(frozen=True, slots=True)
class Room:
    """How full it is now: what the store takes, and what the disk has left."""

    held_bytes: int
    free_bytes: int


def excess_bytes(room: Room, limits: StoreLimits, needed_bytes: int) -> float:
    """How much must go before `needed_bytes` more fit; 0 or less if they do."""
    over_quota = room.held_bytes + needed_bytes - limits.bytes_max
    over_disk = limits.free_bytes_min + needed_bytes - room.free_bytes
    return max(over_quota, over_disk)


def make_room(
    tenants: Sequence[Tenant],
    room: Room,
    limits: StoreLimits,
    *,
    needed_bytes: int,
    coming: str,
    now: float,
) -> list[ContentId]:
    """Whom to evict so that `needed_bytes` of the package named `coming` fit.

    Raises NoSpace, and then nobody should be evicted, if even that is not enough.
    """
    excess = excess_bytes(room, limits, needed_bytes)
    evicted = _evict(tenants, excess, coming=coming, now=now)
    freed = sum(tenant.disk_bytes for tenant in evicted)
    if freed < excess:
        raise _no_space(room, limits, needed_bytes, coming, freed)
    return [tenant.content for tenant in evicted]


def tidy(
    tenants: Sequence[Tenant], room: Room, limits: StoreLimits, *, now: float
) -> list[ContentId]:
    """Whom to evict with nobody coming: all past their age, and more while limits are broken."""
    expired = [tenant for tenant in tenants if tenant.is_expired(now)]
    freed = sum(tenant.disk_bytes for tenant in expired)
    others = [tenant for tenant in tenants if tenant not in expired]
    excess = excess_bytes(room, limits, 0) - freed
    evicted = expired + _evict(others, excess, coming="", now=now)
    return [tenant.content for tenant in evicted]


def _evict(tenants: Iterable[Tenant], excess: float, *, coming: str, now: float) -> list[Tenant]:
    def order(tenant: Tenant) -> tuple[bool, bool, float]:
        return not tenant.is_expired(now), tenant.name == coming, tenant.used

    evicted = []
    for tenant in sorted((each for each in tenants if not each.is_kept), key=order):
        if excess <= 0:
            break
        evicted.append(tenant)
        excess -= tenant.disk_bytes
    return evicted


def _no_space(
    room: Room, limits: StoreLimits, needed_bytes: int, coming: str, evictable_bytes: int
) -> NoSpace:
    quota_left = limits.bytes_max - room.held_bytes
    disk_left = room.free_bytes - limits.free_bytes_min
    if quota_left <= disk_left:
        left, advice = int(quota_left), f"raise cache.bytes_max ({int(limits.bytes_max)})"
    else:
        left, advice = disk_left, f"free the disk (cache.free_bytes_min is {limits.free_bytes_min})"
    left = max(left + evictable_bytes, 0)
    return NoSpace(
        needed_bytes,
        left,
        f"no room for {coming}: it needs {needed_bytes} bytes, {left} can be had: {advice},"
        " or unpin or remove packages",
    )
