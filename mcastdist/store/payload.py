"""How do several threads share one open file, and how is a part of it hashed?

A thread that is still at work when the holding is closed must not find its descriptor given to
another file, so the last to leave closes it.

What is hashed is read from the file, unless the writer still has the bytes in its hands. A memory
map saved nothing measurable, and would turn an error of the disk into a dead process.
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
from collections.abc import Iterator
from dataclasses import replace

from mcastdist.errors import StorageError

from .disk import Disk, File

HASH_BYTES = 1 << 20  # one read of hashing: the largest chunk that is usual


class Payload:
    """The payload of one open package."""

    def __init__(self, disk: Disk, file: File) -> None:
        self._disk = disk
        self._file = file
        self._lock = threading.Lock()
        self._users = 0
        self._is_closed = False
        self._scratch = threading.local()

    @contextlib.contextmanager
    def borrowed(self) -> Iterator[File]:
        """The file, open until the borrower is done; StorageError after `close`."""
        with self._lock:
            if self._is_closed:
                raise StorageError(f"{self._file.path} is closed here: open the package again")
            self._users += 1
        try:
            yield self._file
        finally:
            with self._lock:
                self._users -= 1
            self._close_if_idle()

    def close(self) -> None:
        """Take no more borrowers, and close when the last has gone."""
        with self._lock:
            already, self._is_closed = self._is_closed, True
        if not already:
            self._close_if_idle()

    def write(self, data: memoryview, offset: int, *, is_passing: bool = False) -> None:
        """Write all of `data` at `offset`; `is_passing`: nobody will read it soon."""
        with self.borrowed() as file:
            self._disk.write(replace(file, is_passing=is_passing), data, offset)

    def read_into(self, buffer: bytearray | memoryview, offset: int) -> None:
        """Fill `buffer` from `offset` on; StorageError if the file ends before."""
        with self.borrowed() as file:
            self._read(file, buffer, offset)

    def sha256(self, start: int, stop: int) -> bytes | None:
        """The digest of `[start, stop)` as the file now has it; None if it cannot be read.

        StorageError after `close`: that says nothing about the bytes.
        """
        sha256 = hashlib.sha256()
        with self.borrowed() as file:
            for at in range(start, stop, HASH_BYTES):
                part = self._buffer()[: min(HASH_BYTES, stop - at)]
                try:
                    self._read(file, part, at)
                except StorageError:
                    return None
                sha256.update(part)
        return sha256.digest()

    def sync(self) -> None:
        """Return when all that was written outlives a power cut."""
        with self.borrowed() as file:
            self._disk.sync_data(file)

    def forget_cached(self) -> None:
        """Let the next reads come from the disk, not from memory."""
        with self.borrowed() as file:
            self._disk.forget_cached(file)

    def _read(self, file: File, buffer: bytearray | memoryview, offset: int) -> None:
        if self._disk.read_into(file, buffer, offset) < len(buffer):
            raise StorageError(f"{file.path} has been cut short: verify this package")

    def _buffer(self) -> memoryview:
        if not hasattr(self._scratch, "buffer"):
            self._scratch.buffer = bytearray(HASH_BYTES)
        return memoryview(self._scratch.buffer)

    def _close_if_idle(self) -> None:
        with self._lock:
            if self._users or not self._is_closed or self._file.fd < 0:
                return
            file, self._file = self._file, File(-1, self._file.path)
        self._disk.close(file)
