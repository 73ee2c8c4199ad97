"""Who lives in the store, how full is it, and who has to leave?

`quota` decides over plain figures; here they are gathered, and the decision is carried out.
"""

from __future__ import annotations

from pathlib import Path

from mcastdist.ids import ContentId

from . import quota
from .disk import Disk
from .lending import Lending
from .quota import Room, StoreLimits, Tenant
from .shelf import Shelf
from .staged_files import StagedFiles


class Tenancy:
    """The room of one store. The store serialises calls.

    Limits come with each call, as those of a store may be replaced while it is open.
    """

    def __init__(
        self, disk: Disk, directory: Path, shelf: Shelf, lending: Lending, staged: StagedFiles
    ) -> None:
        self._disk = disk
        self._directory = directory
        self._shelf = shelf
        self._lending = lending
        self._staged = staged

    def room(self) -> Room:
        """How full it is now."""
        held_bytes = self._shelf.payload_bytes() + self._staged.held_bytes()
        return Room(held_bytes, self._disk.free_bytes(self._directory))

    def make_room(self, needed_bytes: int, limits: StoreLimits, *, coming: str, now: float) -> None:
        """Evict until `needed_bytes` of the package named `coming` fit; NoSpace, and nobody."""
        victims = quota.make_room(
            self._tenants(limits),
            self.room(),
            limits,
            needed_bytes=needed_bytes,
            coming=coming,
            now=now,
        )
        for content in victims:
            self._shelf.remove(content)

    def tidy(self, limits: StoreLimits, now: float) -> list[ContentId]:
        """Remove what is past its age, and more while limits are broken; which packages went."""
        self._staged.remove_older_than(now - limits.age_s_max)
        removed = quota.tidy(self._tenants(limits), self.room(), limits, now=now)
        for content in removed:
            self._shelf.remove(content)
        return removed

    def _tenants(self, limits: StoreLimits) -> list[Tenant]:
        return [
            Tenant(
                package.content,
                package.begun.name,
                package.payload_bytes,
                package.status.used,
                limits.expiry(package.status),
                is_kept=package.status.pinned or self._lending.is_in_use(package.content),
            )
            for package in self._shelf
        ]
