"""How do the bytes of one package come in, get proven, and become durable?

    write ──▶ pwrite at the final offset ──▶ chunk whole? hash it
                                                  │good                  │bad
                                             verified                forgotten, and named
                                                  │ commit
                       fdatasync(payload), then the record, then fdatasync(journal)

The order in `commit` is the whole crash safety: a record is only ever written about bytes that are
already durable. Chunks verified since the last commit are what a crash can lose.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from mcastdist.errors import UnavailableError
from mcastdist.ids import ContentId
from mcastdist.ranges import RangeSet

from .delivery import Progress, Source, deliver
from .disk import Disk
from .ledger import Absorbed, Claim, Ledger
from .package import Package
from .payload import Payload
from .proof import Proof
from .table import PackageTable

Buffer = bytes | bytearray | memoryview


class Holding:
    """One open package. Every method may be called from several threads at once.

    It is shared: each `begin`, `open_holding` and `adopt` that returned it wants one `close`.
    """

    def __init__(
        self,
        disk: Disk,
        package: Package,
        table: PackageTable,
        on_close: Callable[[Holding], bool],
    ) -> None:
        """`on_close` says whether this was the last user."""
        self._disk = disk
        self._package = package
        self._table = table
        self._on_close = on_close
        self._payload = Payload(disk, package.open_payload())
        self._proof = Proof(self._payload, table)
        self._ledger = Ledger(table, package.recorded)
        self._unrecorded = RangeSet()
        self._lock = threading.Lock()  # ledger and unrecorded; never held during I/O
        self._committing = threading.Lock()  # one at a time talks to the journal of chunks
        self.reused_bytes = 0  # copied from other packages since it was opened
        self.has_lost_bytes = False  # a sync has failed: what was written may not be here any more

    # In

    def write(self, offset: int, data: Buffer, *, is_passing: bool = False) -> Absorbed:
        """Keep `data` at `offset`, but for what is here already; `is_passing`: not read soon."""
        view = memoryview(data).cast("B")
        if offset < 0 or offset + len(view) > self.payload_bytes:
            raise ValueError(f"{len(view)} bytes at {offset} are outside the payload")
        with self._lock:
            claim = self._ledger.claim(offset, offset + len(view))
        try:
            for start, stop in claim.ranges:
                part = view[start - offset : stop - offset]
                self._payload.write(part, start, is_passing=is_passing)
        except BaseException:
            with self._lock:
                self._ledger.give_back(claim)
            raise
        with self._lock:
            whole = self._ledger.wrote(claim)
        return self._prove(whole, claim, offset, view)

    def commit(self) -> None:
        """Make every chunk verified so far survive a power cut."""
        with self._committing:
            with self._lock:
                fresh = self._unrecorded.copy()
            if not fresh:
                return
            try:
                self._payload.sync()
            except BaseException:
                self._doubt()
                raise
            self._package.record_verified(fresh)
            with self._lock:
                for start, stop in fresh:
                    self._unrecorded.remove(start, stop)

    def verify_all(self, progress: Progress | None = None) -> list[int]:
        """Hash all that is held again, from the disk; what is damaged is forgotten, and returned.

        `progress` is told how many bytes have been hashed, and may raise to stop. StorageError if
        it is closed meanwhile: nothing is forgotten then.
        """
        self.commit()
        self._payload.forget_cached()
        bad, done = list[int](), 0
        for chunk in self.verified.numbers():
            if not self._proof.holds(chunk):
                bad.append(chunk)
            start, stop = self._table.chunk_span(chunk)
            done += stop - start
            if progress is not None:
                progress(done)
        self._forget(bad)
        return bad

    def deliver(
        self, dest: Path, *, file_name: str | None = None, progress: Progress | None = None
    ) -> None:
        """Put all files in place under `dest`; see `delivery` for what is promised.

        A plain file, which has no name of its own, is called `file_name`.
        Raises UnavailableError if the package is not complete, and DigestMismatch for a file that
        is damaged here: its chunks are then forgotten, so that they can be fetched again.
        """
        if not self.complete:
            raise UnavailableError(f"{self._label} is not complete here: fetch the rest first")
        with self._payload.borrowed() as payload:
            items = self._table.deliverables(file_name)
            source = Source(payload, self.content, items, self._recheck)
            deliver(self._disk, source, dest, progress=progress)

    def mark_precached(self) -> None:
        """Keep it as long as what was cached beforehand, whatever it came for first; durable."""
        self._package.record_status(precached=True)

    def close(self) -> None:
        """Commit, and let go of the files if nobody else has this holding."""
        try:
            self.commit()
        finally:
            if self._on_close(self):
                self._payload.close()
                self._package.close()

    # Out

    @property
    def content(self) -> ContentId:
        """Which package."""
        return self._package.content

    @property
    def payload_bytes(self) -> int:
        """Its length."""
        return self._table.payload_bytes

    @property
    def verified(self) -> RangeSet:
        """The chunks that are proven (a copy)."""
        with self._lock:
            return self._ledger.verified.copy()

    @property
    def held_bytes(self) -> int:
        """The bytes of all proven chunks."""
        return self._ledger.held_bytes

    @property
    def complete(self) -> bool:
        """True if every chunk is proven."""
        with self._lock:
            return self._ledger.is_complete

    def has_chunk(self, chunk: int) -> bool:
        """True if this chunk is proven."""
        with self._lock:
            return chunk in self._ledger.verified

    def covers(self, start: int, stop: int) -> bool:
        """True if all of `[start, stop)` lies in proven chunks."""
        with self._lock:
            return self._ledger.covers(start, stop)

    def gaps(self, start: int, stop: int) -> list[tuple[int, int]]:
        """What of `[start, stop)` is not here, neither proven nor only written."""
        with self._lock:
            return self._ledger.gaps(start, stop)

    def read(self, start: int, stop: int) -> bytes:
        """The bytes `[start, stop)`, proven or only written; UnavailableError if one is missing."""
        buffer = bytearray(max(stop - start, 0))
        self._read(start, stop, buffer)
        return bytes(buffer)

    def read_into(self, start: int, buffer: bytearray | memoryview) -> None:
        """Fill `buffer` with the bytes from `start` on, as `read`."""
        self._read(start, start + len(buffer), buffer)

    # Within

    @property
    def _label(self) -> str:
        return f"{self._package.begun.name} ({self.content.short})"

    def _read(self, start: int, stop: int, buffer: bytearray | memoryview) -> None:
        is_inside = 0 <= start <= stop <= self.payload_bytes
        with self._lock:
            is_here = is_inside and self._ledger.has_bytes(start, stop)
        if not is_here:
            raise UnavailableError(f"bytes {start} to {stop} of {self._label} are not here")
        self._payload.read_into(buffer, start)

    def _prove(self, whole: list[int], claim: Claim, offset: int, data: memoryview) -> Absorbed:
        absorbed = Absorbed()
        for chunk in whole:
            good = self._proof.holds_as_written(chunk, claim, offset, data)
            with self._lock:
                counts = self._ledger.settle(chunk, claim, good=good)
                if counts and good:
                    self._unrecorded.add(chunk, chunk + 1)
            if counts:
                (absorbed.verified if good else absorbed.bad).append(chunk)
        return absorbed

    def _recheck(self, start: int, stop: int) -> None:
        """A file over these bytes did not have its digest: find out which chunks are to blame."""
        chunks = self._table.chunks_over(start, stop)
        self._forget([chunk for chunk in chunks if not self._proof.holds(chunk)])

    def _forget(self, chunks: list[int]) -> None:
        if not chunks:
            return
        with self._committing:
            self._package.record_forgotten(RangeSet.of(chunks))  # before anybody overwrites them
            with self._lock:
                for chunk in chunks:
                    self._ledger.forget(chunk)
                    self._unrecorded.remove(chunk, chunk + 1)

    def _doubt(self) -> None:
        """The payload could not be synced: Linux then drops what it could not write, once.

        So the next sync would succeed without those bytes. Only what is recorded is sure.
        """
        with self._lock:
            self.has_lost_bytes = True
            self._ledger.reset(self._package.recorded)
            self._unrecorded = RangeSet()
