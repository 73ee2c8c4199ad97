"""Where do bytes go whose chunks nobody knows yet? Into a staged file, by locator.

A plain URL with a digest has no chunk table until the whole file is here. So it is downloaded into
`staging/<locator>`, beside a journal that says how many bytes from the start are durable, and which
version of the resource they are of (`validator`, for If-Range). When the table has been made, the
file becomes the payload of a package by a rename.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import msgspec

from mcastdist.errors import UnavailableError
from mcastdist.ids import Locator
from mcastdist.ranges import RangeSet

from .disk import Disk
from .journal import Journal
from .payload import Payload
from .proof import Proof
from .table import PackageTable

GROWTH_BYTES = 64 << 20  # how much room is asked for at a time when the length is not known
JOURNAL_SUFFIX = ".journal"


class Synced(msgspec.Struct, frozen=True, array_like=True, tag=1):
    """The first `size` bytes are durable, and of the resource `validator` names."""

    size: int
    validator: str


DECODER: msgspec.msgpack.Decoder[Synced] = msgspec.msgpack.Decoder(Synced)


class Staged:
    """One staged file. Every method may be called from several threads."""

    def __init__(
        self,
        disk: Disk,
        path: Path,
        *,
        grant: Callable[[int], None],
        on_close: Callable[[Staged], None],
    ) -> None:
        """Resume at `path`, or begin. `grant` is asked for more room, and raises NoSpace."""
        self._disk = disk
        self.path = path
        self.locator = Locator(bytes.fromhex(path.name))
        self._grant = grant
        self._on_close = on_close
        self._journal = Journal(disk, journal_path(path), DECODER)
        last = self._journal.found[-1] if self._journal.found else Synced(0, "")
        found_bytes = disk.size(path)
        file = disk.open(path, create=found_bytes is None)
        self._payload = Payload(disk, file)
        self._size = min(last.size, found_bytes or 0)
        disk.truncate(file, self._size)  # behind it, a crash may have left zeros
        self.validator = last.validator
        self.granted_bytes = self._size
        self._written = RangeSet([(0, self._size)])
        self._lock = threading.Lock()

    @property
    def size(self) -> int:
        """How many bytes from the start are durable: where a download goes on after a crash."""
        return self._size

    @property
    def written(self) -> RangeSet:
        """What has been written, durable or not (a copy)."""
        with self._lock:
            return self._written.copy()

    def reserve(self, size: int) -> None:
        """Make sure of room for `size` bytes altogether; NoSpace if there is none."""
        with self._lock:
            if size > self.granted_bytes:
                self._grant(size - self.granted_bytes)
                self.granted_bytes = size

    def write(self, offset: int, data: bytes | bytearray | memoryview) -> None:
        """Keep `data` at `offset`, in place of what was there."""
        view = memoryview(data).cast("B")
        stop = offset + len(view)
        if stop > self.granted_bytes:
            self.reserve(stop + GROWTH_BYTES)
        self._payload.write(view, offset)
        with self._lock:
            self._written.add(offset, stop)

    def read(self, start: int, stop: int) -> bytes:
        """The bytes `[start, stop)`; UnavailableError if one has not been written."""
        if not self.written.covers(start, stop):
            raise UnavailableError(f"bytes {start} to {stop} of {self.path.name} are not here")
        buffer = bytearray(max(stop - start, 0))
        self._payload.read_into(buffer, start)
        return bytes(buffer)

    def sync(self) -> None:
        """Make the bytes from the start on durable, as far as they have no hole; see `size`."""
        written = self.written
        size = next(iter(written.gaps(0, written.count + 1)))[0]  # the first byte that is missing
        try:
            self._payload.sync()
        except BaseException:
            with self._lock:  # Linux drops what it could not write, so only this much is sure
                self._written = RangeSet([(0, self._size)])
            raise
        self._journal.append(Synced(size, self.validator))
        self._size = size

    def restart(self) -> None:
        """Throw away all bytes: the resource has changed, or they were wrong."""
        with self._lock:
            self._journal.append(Synced(0, ""))
            self._size, self._written, self.validator = 0, RangeSet(), ""
            with self._payload.borrowed() as file:
                self._disk.truncate(file, 0)

    def verified_chunks(self, table: PackageTable) -> RangeSet:
        """The chunks of `table` that are all here and have their digests."""
        written, proof = self.written, Proof(self._payload, table)
        spans = ((chunk, *table.chunk_span(chunk)) for chunk in range(table.chunk_count))
        return RangeSet.of(
            chunk
            for chunk, start, stop in spans
            if written.covers(start, stop) and proof.holds(chunk)
        )

    def discard(self) -> None:
        """Throw away the file; the staged one is closed by it."""
        self.close()
        remove(self._disk, self.path)

    def close(self) -> None:
        """Leave what is durable for later."""
        self._payload.close()
        self._journal.close()
        self._on_close(self)


def journal_path(path: Path) -> Path:
    """Where the journal of the staged file `path` is."""
    return path.with_name(path.name + JOURNAL_SUFFIX)


def remove(disk: Disk, path: Path) -> None:
    """Remove a staged file with its journal, if they are there."""
    disk.remove(path)
    disk.remove(journal_path(path))


def is_staged_name(name: str) -> bool:
    """True if a file of this name in `staging` is a staged file of ours."""
    try:
        Locator(bytes.fromhex(name))
    except ValueError:
        return False
    return True
