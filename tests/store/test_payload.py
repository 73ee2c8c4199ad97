"""The last to leave closes the file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from store_kit import QuickDisk, noise, sha256

from mcastdist.errors import StorageError
from mcastdist.store.payload import HASH_BYTES, Payload


def payload(tmp_path: Path, data: bytes) -> Payload:
    (tmp_path / "p").write_bytes(data)
    return Payload(QuickDisk(), QuickDisk().open(tmp_path / "p"))


def test_digests_of_any_span(tmp_path: Path) -> None:
    data = noise("x", HASH_BYTES * 2 + 77)
    made = payload(tmp_path, data)
    for start, stop in ((0, len(data)), (5, 6), (7, 7), (HASH_BYTES - 1, HASH_BYTES + 1)):
        assert made.sha256(start, stop) == sha256(data[start:stop])
    assert made.sha256(0, len(data) + 1) is None
    with pytest.raises(StorageError, match="cut short"):
        made.read_into(bytearray(2), len(data) - 1)
    made.close()


def test_what_is_closed_has_no_digest_and_none_that_is_wrong(tmp_path: Path) -> None:
    """None would say that the bytes are damaged, and they would be thrown away."""
    made = payload(tmp_path, b"hello")
    made.close()
    with pytest.raises(StorageError, match="closed"):
        made.sha256(0, 5)


def test_the_file_stays_open_for_who_has_it_and_is_refused_to_others(tmp_path: Path) -> None:
    made = payload(tmp_path, b"hello")
    with made.borrowed() as file:
        made.close()
        made.close()
        assert os.pread(file.fd, 5, 0) == b"hello"
        with pytest.raises(StorageError, match="closed"):
            made.write(memoryview(b"x"), 0)
        fd = file.fd
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(fd)
