"""What the quota decides is done, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from store_kit import NO_LIMITS, NOW, QuickDisk, Sample, shelve, small_sample

from mcastdist.errors import NoSpace
from mcastdist.ids import ContentId, Locator
from mcastdist.store import StoreLimits
from mcastdist.store.lending import Lending
from mcastdist.store.quota import DAY_S
from mcastdist.store.shelf import Shelf
from mcastdist.store.staged_files import StagedFiles
from mcastdist.store.tenancy import Tenancy

LIMITS = StoreLimits(bytes_max=600, free_bytes_min=0)
SAMPLES = [small_sample(name) for name in "abc"]


class Roomy(QuickDisk):
    """A disk that always has the same left."""

    def free_bytes(self, path: Path) -> int:
        return 5000


@dataclass
class House:
    shelf: Shelf
    lending: Lending
    staged: StagedFiles
    tenancy: Tenancy

    def here(self) -> list[str]:
        return sorted(package.begun.name for package in self.shelf)


@pytest.fixture
def house(tmp_path: Path) -> House:
    """Packages a, b and c of 200 bytes each, a unused for longest."""
    disk, lending = Roomy(), Lending()
    (tmp_path / "packages").mkdir()
    (tmp_path / "staging").mkdir()
    shelf = Shelf(disk, tmp_path / "packages")
    staged = StagedFiles(disk, tmp_path / "staging", lambda more: None)
    for at, sample in enumerate(SAMPLES):
        shelve(shelf, sample).record_status(used=NOW + at)
    return House(shelf, lending, staged, Tenancy(disk, tmp_path, shelf, lending, staged))


def contents(*samples: Sample) -> list[ContentId]:
    return [sample.content for sample in samples]


def test_packages_and_staged_files_take_room(house: House) -> None:
    staged = house.staged.open(Locator.of_url("https://origin/a"), 70)
    room = house.tenancy.room()
    assert (room.held_bytes, room.free_bytes) == (670, 5000)
    staged.discard()
    assert house.tenancy.room().held_bytes == 600


@pytest.mark.parametrize(
    ("needed_bytes", "left"), [(0, "abc"), (1, "bc"), (200, "bc"), (201, "c"), (600, "")]
)
def test_only_as_many_leave_as_must(house: House, needed_bytes: int, left: str) -> None:
    house.tenancy.make_room(needed_bytes, LIMITS, coming="new", now=NOW)
    assert house.here() == list(left)


def test_the_disk_is_a_limit_too(house: House) -> None:
    limits = StoreLimits(free_bytes_min=5000)
    house.tenancy.make_room(200, limits, coming="new", now=NOW)
    assert house.here() == ["b", "c"]


def test_nobody_leaves_for_what_does_not_fit_anyway(house: House) -> None:
    with pytest.raises(NoSpace, match="no room for new"):
        house.tenancy.make_room(601, LIMITS, coming="new", now=NOW)
    assert house.here() == ["a", "b", "c"]


def test_the_pinned_and_those_in_use_stay(house: House) -> None:
    pinned = house.shelf.get(SAMPLES[0].content)
    assert pinned is not None
    pinned.record_status(pinned=True)
    with house.lending.guarding(contents(SAMPLES[1])):
        house.tenancy.make_room(200, LIMITS, coming="new", now=NOW)
        assert house.here() == ["a", "b"]
        with pytest.raises(NoSpace):
            house.tenancy.make_room(201, LIMITS, coming="new", now=NOW)
        assert house.tenancy.tidy(LIMITS, NOW + 99 * DAY_S) == []
    assert house.tenancy.tidy(LIMITS, NOW + 99 * DAY_S) == contents(SAMPLES[1])


def test_tidying_goes_by_age_and_by_the_limits_given(house: House) -> None:
    expiry = NOW + NO_LIMITS.age_s_max
    assert house.tenancy.tidy(NO_LIMITS, expiry - 1) == []
    assert house.tenancy.tidy(NO_LIMITS, expiry) == contents(SAMPLES[0])
    smaller = StoreLimits(bytes_max=399, free_bytes_min=0)
    assert house.tenancy.tidy(smaller, expiry) == contents(SAMPLES[1])
    assert house.here() == ["c"]
