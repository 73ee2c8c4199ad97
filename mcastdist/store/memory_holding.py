"""What are a holding and a staged file, with the disk taken away? See `Holding` and `Staged`."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from pathlib import Path

from mcastdist.errors import UnavailableError
from mcastdist.ids import ContentId
from mcastdist.ranges import RangeSet

from .ledger import Absorbed, Ledger
from .table import PackageTable


class MemoryHolding:
    """One package in memory, shared by all who have it."""

    def __init__(self, content: ContentId, table: PackageTable) -> None:
        self.content = content
        self.reused_bytes = 0
        self.users = 0
        self._table = table
        self._payload = bytearray(table.payload_bytes)
        self._ledger = Ledger(table, RangeSet())
        self._lock = threading.Lock()

    @property
    def payload_bytes(self) -> int:
        """See `Holding`, as for all that follows."""
        return len(self._payload)

    @property
    def verified(self) -> RangeSet:
        """The chunks that are proven (a copy)."""
        return self._ledger.verified.copy()

    @property
    def held_bytes(self) -> int:
        """The bytes of all proven chunks."""
        return self._ledger.held_bytes

    @property
    def complete(self) -> bool:
        """True if every chunk is proven."""
        return self._ledger.is_complete

    def write(self, offset: int, data: bytes | bytearray | memoryview) -> Absorbed:
        """Keep bytes; what was here stays."""
        view = memoryview(data).cast("B")
        if offset < 0 or offset + len(view) > self.payload_bytes:
            raise ValueError(f"{len(view)} bytes at {offset} are outside the payload")
        absorbed = Absorbed()
        with self._lock:
            claim = self._ledger.claim(offset, offset + len(view))
            for start, stop in claim.ranges:
                self._payload[start:stop] = view[start - offset : stop - offset]
            for chunk in self._ledger.wrote(claim):
                good = self._hashes_right(chunk)
                self._ledger.settle(chunk, claim, good=good)
                (absorbed.verified if good else absorbed.bad).append(chunk)
        return absorbed

    def has_chunk(self, chunk: int) -> bool:
        """True if this chunk is proven."""
        return chunk in self._ledger.verified

    def covers(self, start: int, stop: int) -> bool:
        """True if all of `[start, stop)` lies in proven chunks."""
        return self._ledger.covers(start, stop)

    def read(self, start: int, stop: int) -> bytes:
        """Bytes that were written; UnavailableError if one is missing."""
        if not (0 <= start <= stop <= self.payload_bytes and self._ledger.has_bytes(start, stop)):
            raise UnavailableError(f"bytes {start} to {stop} of {self.content.short} are not here")
        return bytes(self._payload[start:stop])

    def read_into(self, start: int, buffer: bytearray | memoryview) -> None:
        """The same, into `buffer`."""
        memoryview(buffer)[:] = self.read(start, start + len(buffer))

    def commit(self) -> None:
        """Nothing to be made durable."""

    def verify_all(self, progress: Callable[[int], None] | None = None) -> list[int]:
        """Hash all again, and forget what is damaged."""
        bad = [chunk for chunk in self.verified.numbers() if not self._hashes_right(chunk)]
        for chunk in bad:
            self._ledger.forget(chunk)
        if progress is not None:
            progress(self.held_bytes)
        return bad

    def deliver(
        self,
        dest: Path,
        *,
        file_name: str | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        """Write all there is, without the care that `Holding` takes."""
        if not self.complete:
            raise UnavailableError(
                f"{self.content.short} is not complete here: fetch the rest first"
            )
        done = 0
        items = self._table.deliverables(file_name)
        for item in sorted(items, key=lambda item: item.link is not None):
            path = dest / item.path
            if item.folder:
                path.mkdir(parents=True, exist_ok=True)
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            if item.link is not None:
                path.unlink(missing_ok=True)
                path.symlink_to(item.link)
                continue
            path.write_bytes(self._payload[item.start : item.stop])
            path.chmod(item.mode)
            done += item.stop - item.start
            if progress is not None:
                progress(done)

    def close(self) -> None:
        """One user less."""
        self.users -= 1

    def _hashes_right(self, chunk: int) -> bool:
        start, stop = self._table.chunk_span(chunk)
        digest = hashlib.sha256(memoryview(self._payload)[start:stop]).digest()
        return digest == self._table.chunk_digest(chunk)


class MemoryStaged:
    """A plain download in memory."""

    def __init__(self, on_close: Callable[[], None]) -> None:
        self.validator = ""
        self.size = 0
        self._data = bytearray()
        self._written = RangeSet()
        self._on_close = on_close

    @property
    def written(self) -> RangeSet:
        """What has been written (a copy)."""
        return self._written.copy()

    def write(self, offset: int, data: bytes | bytearray | memoryview) -> None:
        """Keep bytes, in place of what was there."""
        stop = offset + len(data)
        self._data.extend(bytes(max(stop - len(self._data), 0)))
        self._data[offset:stop] = data
        self._written.add(offset, stop)

    def read(self, start: int, stop: int) -> bytes:
        """Bytes that were written; UnavailableError if one is missing."""
        if not self._written.covers(start, stop):
            raise UnavailableError(f"bytes {start} to {stop} are not here")
        return bytes(self._data[start:stop])

    def sync(self) -> None:
        """Move `size` up to the first hole."""
        self.size = next(iter(self._written.gaps(0, len(self._data) + 1)))[0]

    def restart(self) -> None:
        """Throw away all bytes."""
        self.validator, self.size = "", 0
        self._data.clear()
        self._written = RangeSet()

    def discard(self) -> None:
        """Throw away all."""
        self.restart()
        self.close()

    def close(self) -> None:
        """Leave it for later."""
        self._on_close()
