"""Entries say what people ask."""

from __future__ import annotations

from pathlib import Path

from store_kit import NOW, QuickDisk, small_sample

from mcastdist.store import Store, StoreLimits
from mcastdist.store.quota import DAY_S


def test_entries_say_when_age_will_evict(tmp_path: Path) -> None:
    with Store(tmp_path, StoreLimits(free_bytes_min=0), disk=QuickDisk()) as store:
        small_sample("a").keep(store)
        assert store.entries()[0].expires == NOW + 3 * DAY_S
        small_sample("a").keep(store, precached=True)
        assert store.entries()[0].expires == NOW + 14 * DAY_S
        store.pin(small_sample("a").content)
        assert store.entries()[0].expires is None
