"""What only some systems can is done there, and done without elsewhere."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from store_kit import noise

from mcastdist.store import system_calls


@pytest.fixture
def fds(tmp_path: Path) -> Iterator[list[int]]:
    """Two files, `0` and `1`."""
    opened = [os.open(tmp_path / name, os.O_RDWR | os.O_CREAT) for name in "01"]
    yield opened
    for fd in opened:
        os.close(fd)


def test_reserving_makes_the_file_that_long_with_zeros(fds: list[int], tmp_path: Path) -> None:
    system_calls.reserve(fds[0], 5000)
    assert (tmp_path / "0").read_bytes() == bytes(5000)
    system_calls.reserve(fds[0], 0)
    assert (tmp_path / "0").read_bytes() == b""


def test_reserving_keeps_what_is_written(fds: list[int], tmp_path: Path) -> None:
    os.write(fds[0], b"here")
    system_calls.reserve(fds[0], 8)
    assert (tmp_path / "0").read_bytes() == b"here" + bytes(4)


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="no such call to be refused")
def test_where_nothing_can_be_reserved_the_file_is_sparse(
    fds: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = errno.EOPNOTSUPP

    def refuse(*_args: int) -> None:
        raise OSError(refused, os.strerror(refused))

    monkeypatch.setattr(os, "posix_fallocate", refuse)
    system_calls.reserve(fds[0], 5000)
    assert os.fstat(fds[0]).st_size == 5000
    refused = errno.ENOSPC
    with pytest.raises(OSError, match="space"):
        system_calls.reserve(fds[0], 6000)


def test_a_clone_is_exact_or_refused(fds: list[int], tmp_path: Path) -> None:
    data = noise("x", 1 << 16)
    os.write(fds[0], data)
    if system_calls.clone(fds[0], fds[1], 0, len(data)):
        assert (tmp_path / "1").read_bytes() == data
    else:
        assert (tmp_path / "1").read_bytes() == b""
    assert not system_calls.clone(fds[0], fds[1], 1, 77), "no file system shares odd bytes"


def test_a_clone_into_what_is_not_open_is_an_error(fds: list[int]) -> None:
    gone = os.dup(fds[1])
    os.close(gone)
    with pytest.raises(OSError, match="descriptor"):
        system_calls.clone(fds[0], gone, 0, 4096)


def test_a_lock_has_one_holder_who_may_ask_again(fds: list[int], tmp_path: Path) -> None:
    other = os.open(tmp_path / "0", os.O_RDWR)
    assert system_calls.lock(fds[0])
    assert system_calls.lock(fds[0])
    assert not system_calls.lock(other)
    assert system_calls.lock(fds[1]), "another file"
    os.close(other)


def test_what_is_synced_or_forgotten_reads_the_same(fds: list[int], tmp_path: Path) -> None:
    os.write(fds[0], b"bytes")
    system_calls.sync(fds[0])
    system_calls.sync_data(fds[0])
    system_calls.forget_cached(fds[0])
    assert (tmp_path / "0").read_bytes() == b"bytes"


def test_only_forgetting_is_advice(tmp_path: Path) -> None:
    fd = os.open(tmp_path / "f", os.O_RDWR | os.O_CREAT)
    os.close(fd)
    system_calls.forget_cached(fd)
    for call in (system_calls.sync, system_calls.sync_data):
        with pytest.raises(OSError, match="descriptor"):
            call(fd)


@pytest.mark.skipif(not hasattr(os, "fdatasync"), reason="nothing to do without")
def test_without_a_cheaper_sync_the_dear_one_is_taken(
    fds: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    monkeypatch.delattr(os, "fdatasync")
    system_calls.sync_data(fds[0])
    assert synced == [fds[0]]
