"""How does a package come into the store, and into somebody's hands?

It begins empty and takes what other packages have of it, or it is a plain download whose chunks
have become known. Either way it is lent as a `Holding`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from contextlib import AbstractContextManager

from mcastdist.ids import ContentId
from mcastdist.ranges import RangeSet

from . import reuse
from .disk import Disk
from .holding import Holding
from .lending import Lending
from .package import Package, check_manifest
from .records import Begun, Record, Status, Verified, edges_of
from .shelf import Shelf
from .staging import Staged, remove
from .table import PackageTable

MakeRoom = Callable[[Begun], None]


class Intake:
    """The way into one store. Safe to call from several threads.

    `lock` is the store's, as copying and hashing must not keep everybody else waiting. `make_room`
    is called with it held, and raises NoSpace.
    """

    def __init__(
        self,
        disk: Disk,
        lock: AbstractContextManager[bool],
        shelf: Shelf,
        lending: Lending,
        make_room: MakeRoom,
    ) -> None:
        self._disk = disk
        self._lock = lock
        self._shelf = shelf
        self._lending = lending
        self._make_room = make_room

    def begin(
        self,
        content: ContentId,
        table: PackageTable,
        papers: tuple[bytes, bytes],
        begun: Begun,
        *,
        precached: bool,
    ) -> Holding:
        """Begin a package or resume it, and fill it with what others have. See `Store.begin`."""
        check_manifest(content, papers[0])
        with self._lock:
            package = self._shelf.get(content)
            if package is None:
                self._make_room(begun)
                records: list[Record] = [begun, Status(False, precached, begun.created)]
                package = self._shelf.put(content, table, papers, records)
            else:
                package.keep_papers(*papers)
                package.record_status(precached=precached or None)
            holding = self._hold(package, table, begun.created)
        try:
            self._reuse(holding, table)
        except BaseException:
            holding.close()
            raise
        return holding

    def open(self, content: ContentId, table: PackageTable, *, now: float) -> Holding | None:
        """A package that is here; None if it is not."""
        with self._lock:
            package = self._shelf.get(content)
            return None if package is None else self._hold(package, table, now)

    def adopt(
        self,
        staged: Staged,
        content: ContentId,
        table: PackageTable,
        papers: tuple[bytes, bytes],
        begun: Begun,
        *,
        precached: bool,
    ) -> Holding:
        """Turn a staged file into a package, by a rename if it is new. See `Store.adopt`."""
        check_manifest(content, papers[0])
        staged.sync()
        verified = staged.verified_chunks(table)
        status = Status(False, precached, begun.created)
        records: list[Record] = [begun, status, Verified(edges_of(verified))]
        with self._lock:
            if content not in self._shelf:
                staged.close()
                package = self._shelf.put(content, table, papers, records, staged.path)
                remove(self._disk, staged.path)
                return self._hold(package, table, begun.created)
        holding = self.begin(content, table, papers, begun, precached=precached)
        _copy(staged, holding, table, verified)
        staged.discard()
        return holding

    def _hold(self, package: Package, table: PackageTable, now: float) -> Holding:
        holding = self._lending.lend(
            package.content,
            lambda: Holding(self._disk, package, table, self._lending.give_back),
        )
        package.record_status(used=max(now, package.status.used))
        return holding

    def _reuse(self, holding: Holding, table: PackageTable) -> None:
        if holding.complete:
            return
        with contextlib.ExitStack() as guarded:
            with self._lock:
                others = [each for each in self._shelf if each.content != holding.content]
                guarded.enter_context(self._lending.guarding(each.content for each in others))
            reuse.fill(self._disk, holding, table, others)


def _copy(staged: Staged, holding: Holding, table: PackageTable, chunks: RangeSet) -> None:
    """Give a package that was here already the chunks it lacked."""
    for chunk in chunks.numbers():
        if not holding.has_chunk(chunk):
            start, stop = table.chunk_span(chunk)
            holding.write(start, staged.read(start, stop))
    holding.commit()
