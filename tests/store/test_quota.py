"""Who must go, in which order, and who never does."""

from __future__ import annotations

import math

import pytest

from mcastdist.errors import NoSpace
from mcastdist.ids import ContentId
from mcastdist.store.quota import DAY_S, Room, StoreLimits, Tenant, make_room, tidy
from mcastdist.store.records import Status

LIMITS = StoreLimits(bytes_max=1_000, free_bytes_min=100)


def content(number: int) -> ContentId:
    return ContentId(bytes([number] * 32))


def tenant(
    number: int,
    size: int = 300,
    *,
    used: float = 0.0,
    expiry: float | None = None,
    kept: bool = False,
    name: str = "other",
) -> Tenant:
    return Tenant(content(number), name, size, used, expiry, kept)


def evicted(tenants: list[Tenant], needed: int, *, free: int = 10_000) -> list[int]:
    room = Room(sum(each.disk_bytes for each in tenants), free)
    gone = make_room(tenants, room, LIMITS, needed_bytes=needed, coming="new", now=100.0)
    return [each[0] for each in gone]


def test_nobody_goes_while_there_is_room() -> None:
    assert evicted([tenant(1), tenant(2, expiry=1.0)], 400) == []


def test_the_longest_unused_goes_first_and_no_more_than_needed() -> None:
    tenants = [tenant(1, used=3.0), tenant(2, used=1.0), tenant(3, used=2.0)]
    assert evicted(tenants, 100) == []
    assert evicted(tenants, 101) == [2]
    assert evicted(tenants, 500) == [2, 3]


def test_the_expired_go_before_the_unused() -> None:
    tenants = [tenant(1, used=1.0, expiry=101.0), tenant(2, used=9.0, expiry=100.0)]
    assert evicted(tenants, 500) == [2]


def test_other_versions_of_the_coming_package_go_last() -> None:
    tenants = [tenant(1, used=1.0, name="new"), tenant(2, used=9.0), tenant(3, used=8.0)]
    assert evicted(tenants, 400) == [3]
    assert evicted(tenants, 1_000) == [3, 2, 1]


def test_the_kept_never_go() -> None:
    tenants = [tenant(1, kept=True, expiry=1.0), tenant(2, used=5.0)]
    assert evicted(tenants, 700) == [2]
    with pytest.raises(NoSpace) as caught:
        evicted(tenants, 701)
    assert (caught.value.needed_bytes, caught.value.free_bytes) == (701, 700)
    assert "cache.bytes_max (1000)" in str(caught.value)


def test_free_space_of_the_disk_counts_as_well() -> None:
    tenants = [tenant(1)]
    assert evicted(tenants, 50, free=150) == []
    assert evicted(tenants, 51, free=150) == [1]
    assert evicted(tenants, 350, free=150) == [1]
    with pytest.raises(NoSpace, match="free_bytes_min is 100") as caught:
        evicted(tenants, 351, free=150)
    assert caught.value.free_bytes == 350


def test_what_is_larger_than_the_quota_evicts_nobody() -> None:
    with pytest.raises(NoSpace, match="needs 1001 bytes"):
        evicted([tenant(1), tenant(2)], 1_001)


def test_tidying_takes_the_expired_and_then_what_is_too_much() -> None:
    tenants = [
        tenant(1, 300, used=5.0, expiry=100.0),
        tenant(2, 600, used=1.0),
        tenant(3, 500, used=2.0),
        tenant(4, 500, used=0.0, kept=True, expiry=0.0),
    ]
    room = Room(1_900, 10_000)
    assert tidy(tenants, room, LIMITS, now=100.0) == [content(1), content(2)]
    assert tidy(tenants[3:], Room(5_000, 0), LIMITS, now=100.0) == []
    assert tidy(tenants[1:3], Room(900, 50), LIMITS, now=100.0) == [content(2)]


def test_age_counts_from_the_last_use_and_longer_if_precached() -> None:
    limits = StoreLimits()
    assert limits.expiry(Status(False, False, 10.0)) == 10.0 + 3 * DAY_S
    assert limits.expiry(Status(False, True, 10.0)) == 10.0 + 14 * DAY_S
    assert limits.expiry(Status(True, True, 10.0)) is None
    assert StoreLimits(age_s_max=math.inf).expiry(Status(False, False, 10.0)) is None
