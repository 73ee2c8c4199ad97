"""What has happened, in an order that survives a crash? A file of records, each with its check.

    record = length (4 bytes, big-endian) ‖ XXH3-64 of the body (8 bytes) ‖ body (msgpack)

Records are only appended. What a crash tears is the tail, so reading stops at the first record that
is short or does not fit its check: everything before it happened, everything after it did not.
XXH3 finds accidents, not malice: the directory belongs to the agent alone.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from pathlib import Path
from struct import Struct
from typing import Generic, TypeVar

import msgspec
import xxhash

from .disk import Disk, File
from .durable import replace_whole

FRAME = Struct("!IQ")
RECORD_BYTES_MAX = 1 << 24  # a damaged length is seen as one; a million ranges still fit

Record = TypeVar("Record")


def encode(record: object) -> bytes:
    """One record, framed."""
    body = msgspec.msgpack.encode(record)
    return FRAME.pack(len(body), xxhash.xxh3_64_intdigest(body)) + body


def decode(data: bytes, decoder: msgspec.msgpack.Decoder[Record]) -> tuple[list[Record], int]:
    """The records of `data` up to the first bad one, and where that one begins."""
    records: list[Record] = []
    at = 0
    while at + FRAME.size <= len(data):
        length, check = FRAME.unpack_from(data, at)
        body = data[at + FRAME.size : at + FRAME.size + length]
        if length > RECORD_BYTES_MAX or len(body) < length:
            break
        if xxhash.xxh3_64_intdigest(body) != check:
            break
        try:
            records.append(decoder.decode(body))
        except (msgspec.DecodeError, UnicodeDecodeError):
            break
        at += FRAME.size + length
    return records, at


class Journal(Generic[Record]):
    """One journal file; safe to call from several threads. It is opened at the first append."""

    def __init__(self, disk: Disk, path: Path, decoder: msgspec.msgpack.Decoder[Record]) -> None:
        """Read what is there; a missing file is an empty journal."""
        self._disk = disk
        self._path = path
        self._file: File | None = None
        self._lock = threading.Lock()
        data = disk.read_whole(path) or b""
        self.found, self._end = decode(data, decoder)
        self._is_torn = len(data) > self._end

    @property
    def size(self) -> int:
        """Bytes of good records."""
        return self._end

    def append(self, record: Record, *, durable: bool = True) -> None:
        """Add a record. `durable` returns only when it outlives a power cut.

        One that could not be written whole is cut off before the next.
        """
        framed = encode(record)
        with self._lock:
            file = self._opened()
            self._is_torn = True
            self._disk.write(file, framed, self._end)
            self._is_torn = False
            self._end += len(framed)
            if durable:
                self._disk.sync_data(file)

    def rewrite(self, records: Iterable[Record]) -> None:
        """Replace all records by these, in one step; durable."""
        data = b"".join(map(encode, records))
        with self._lock:
            self._let_go()
            replace_whole(self._disk, self._path, data)
            self._end = len(data)
            self._is_torn = False

    def close(self) -> None:
        """Let go of the descriptor; the next append takes another."""
        with self._lock:
            self._let_go()

    def _opened(self) -> File:
        if self._file is None:
            missing = self._disk.size(self._path) is None
            self._file = self._disk.open(self._path, create=missing)
            if missing:
                self._disk.sync_directory(self._path.parent)
        if self._is_torn:
            # Else a shorter record could one day end where an old one behind the tear begins.
            self._disk.truncate(self._file, self._end)
            self._is_torn = False
        return self._file

    def _let_go(self) -> None:
        if self._file is not None:
            file, self._file = self._file, None
            self._disk.close(file)
