"""How much may the store keep, and what of it do we offer to others?"""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

from mcastdist.ids import ContentId, Locator
from mcastdist.node import Package
from mcastdist.ranges import RangeSet
from mcastdist.store import Store, StoreLimits
from mcastdist.wire import BLOCK_BYTES

from .settings import Settings

DAY_S = 86_400.0
CACHE_SHARE_OF_DISK = 0.2


def store_limits(settings: Settings) -> StoreLimits:
    """The store's limits; 0 bytes mean a fifth of the disk."""
    cache = settings.cache
    return StoreLimits(
        bytes_max=cache.bytes_max or _fifth_of_disk(Path(cache.dir)),
        age_s_max=cache.age_days_max * DAY_S,
        age_precached_s_max=cache.precached_age_days_max * DAY_S,
        free_bytes_min=cache.free_bytes_min,
    )


def _fifth_of_disk(directory: Path) -> int:
    for place in (directory, *directory.parents):  # as far as it is there, and we may look
        with contextlib.suppress(OSError):
            return int(shutil.disk_usage(place).total * CACHE_SHARE_OF_DISK)
    return 0  # the store itself will say why


def held_packages(store: Store) -> list[tuple[Locator, Package]]:
    """What is complete in the store, as the node offers it."""
    complete = {entry.content: entry for entry in store.entries() if entry.complete}
    return [
        (locator, whole_package(content, complete[content].payload_bytes))
        for locator, content in store.locators()
        if content in complete
    ]


def whole_package(content: ContentId, payload_bytes: int) -> Package:
    """A package of which everything is here."""
    blocks = RangeSet([(0, -(-payload_bytes // BLOCK_BYTES))])
    return Package(content, payload_bytes, BLOCK_BYTES, blocks, blocks.copy(), origins=())
