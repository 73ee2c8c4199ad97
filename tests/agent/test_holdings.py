"""How much may be kept, and what of it is offered."""

from __future__ import annotations

import os
from pathlib import Path

from agent_kit import BLOCK, admit, held, make_library, noise, publish

from mcastdist.agent.holdings import DAY_S, held_packages, store_limits, whole_package
from mcastdist.agent.settings import load
from mcastdist.ids import ContentId, Locator
from mcastdist.ranges import RangeSet


def test_limits_are_those_of_the_settings() -> None:
    limits = store_limits(
        load(None, {}, ["cache.bytes_max=5000000000", "cache.age_days_max=2", "cache.dir=/tmp/x"])
    )

    assert limits.bytes_max == 5_000_000_000
    assert limits.age_s_max == 2 * DAY_S
    assert limits.age_precached_s_max == 14 * DAY_S


def test_nothing_said_is_a_fifth_of_the_disk_also_before_the_cache_is_made(tmp_path: Path) -> None:
    limits = store_limits(load(None, {}, [f"cache.dir={tmp_path / 'not' / 'yet'}"]))
    disk = os.statvfs(tmp_path)

    assert 0 < limits.bytes_max <= disk.f_blocks * disk.f_frsize // 5


def test_what_is_complete_is_offered_under_each_of_its_names(tmp_path: Path) -> None:
    whole = publish({"a": noise("a", BLOCK + 1)})
    library = make_library(tmp_path)
    held(library, whole)
    admit(library, whole, url="http://mirror/app-1.mcd")
    admit(library, publish({"b": noise("b", 10)}, name="part"), url="http://origin/part-1.mcd")
    library.close(whole.content)

    offered = dict(held_packages(library.store))
    names = ("http://origin/app-1.mcd", "http://mirror/app-1.mcd")
    assert set(offered) == {Locator.of_url(name) for name in names}
    assert {package.content for package in offered.values()} == {whole.content}
    assert library.opened(whole.content) is None  # none was opened for that
    library.close_all()


def test_a_whole_package_holds_all_its_blocks() -> None:
    package = whole_package(ContentId(bytes(32)), 2 * BLOCK + 1)

    assert package.held == package.sound == RangeSet([(0, 3)])
    assert package.held is not package.sound
    assert package.block_count == 3
    assert whole_package(ContentId(bytes(32)), 0).held == RangeSet()


def test_a_cache_in_a_place_of_somebody_else_stops_nothing_here(forbidden: Path) -> None:
    assert store_limits(load(None, {}, [f"cache.dir={forbidden / 'cache'}"])).bytes_max > 0
