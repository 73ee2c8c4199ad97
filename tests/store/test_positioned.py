"""The way without pread and pwrite gives the same bytes."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from mcastdist.store import positioned
from mcastdist.store.positioned import (
    read_by_seeking,
    read_into,
    write,
    write_by_seeking,
    write_passing,
)


def test_both_ways_agree(tmp_path: Path) -> None:
    fd = os.open(tmp_path / "f", os.O_RDWR | os.O_CREAT)
    assert write(fd, memoryview(b"hello"), 3) == 5
    assert write_by_seeking(fd, memoryview(b"J"), 3) == 1
    for read in (read_into, read_by_seeking):
        buffer = bytearray(8)
        assert read(fd, memoryview(buffer), 2) == 6
        assert buffer == b"\0Jello\0\0"
        assert read(fd, memoryview(buffer), 8) == 0
    os.close(fd)


@pytest.mark.parametrize("refusal", [0, errno.EOPNOTSUPP, errno.EINVAL])
def test_what_passes_through_is_written_also_where_it_has_to_stay_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refusal: int
) -> None:
    def refuse(*_: object) -> int:
        raise OSError(refusal, "refused")

    if refusal:
        monkeypatch.setattr(positioned.os, "pwritev", refuse, raising=False)
    fd = os.open(tmp_path / "f", os.O_RDWR | os.O_CREAT)
    assert write_passing(fd, memoryview(b"hello"), 3) == 5
    assert os.pread(fd, 8, 0) == b"\0\0\0hello"
    os.close(fd)


def test_what_passes_through_a_full_disk_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> int:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(positioned.os, "pwritev", refuse, raising=False)
    fd = os.open(tmp_path / "f", os.O_RDWR | os.O_CREAT)
    with pytest.raises(OSError, match="full"):
        write_passing(fd, memoryview(b"hello"), 3)
    os.close(fd)
