"""The way without pread and pwrite gives the same bytes."""

from __future__ import annotations

import os
from pathlib import Path

from mcastdist.store.positioned import read_by_seeking, read_into, write, write_by_seeking


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
