"""Interrupted downloads are kept for a while, and what belongs to nobody is cleared."""

from __future__ import annotations

import os
from pathlib import Path

from store_kit import NO_LIMITS, NOW, QuickDisk

from mcastdist.ids import Locator
from mcastdist.store import Store

LOCATOR = Locator.of_url("https://origin/a.iso")


def test_what_nobody_came_back_for_is_tidied_away(tmp_path: Path) -> None:
    with Store(tmp_path, NO_LIMITS, disk=QuickDisk()) as store:
        others = [Locator.of_url(f"https://origin/{n}") for n in range(3)]
        for locator in others:
            staged = store.stage(locator, None)
            staged.write(0, b"1234")
            staged.sync()
            staged.close()
        for locator in others[:2]:
            for path in (tmp_path / "staging").glob(locator.hex() + "*"):
                os.utime(path, (NOW, NOW))
        in_use = store.stage(others[0], None)
        now = NOW + store.limits.age_s_max + 1
        os.utime(tmp_path / "staging" / others[2].hex(), (now, now))
        freed = store.gc(now)
        assert freed.freed_bytes == 4
        left = sorted({path.name[:64] for path in (tmp_path / "staging").iterdir()})
        assert left == sorted([others[0].hex(), others[2].hex()])
        in_use.close()


def test_journals_without_files_are_cleared_when_the_store_opens(tmp_path: Path) -> None:
    Store(tmp_path, NO_LIMITS, disk=QuickDisk()).close()
    (tmp_path / "staging" / f"{LOCATOR.hex()}.journal").write_bytes(b"x")
    (tmp_path / "staging" / "stranger").write_bytes(b"x")
    Store(tmp_path, NO_LIMITS, disk=QuickDisk()).close()
    assert [path.name for path in (tmp_path / "staging").iterdir()] == ["stranger"]
