"""One call for a whole file system: where it is trusted, and what it says when it fails."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from mcastdist.store import whole_sync

linux = pytest.mark.skipif(sys.platform != "linux", reason="no other system has the call")


@linux
def test_what_is_not_open_cannot_be_synced_and_is_not_trusted() -> None:
    assert not whole_sync.syncs_at_once(-1)
    if whole_sync._libc() is not None:
        with pytest.raises(OSError, match="Bad file descriptor"):
            whole_sync.sync_file_system(-1)


@linux
def test_a_file_system_made_by_the_kernel_out_of_its_head_is_not_trusted() -> None:
    fd = os.open("/proc/self/stat", os.O_RDONLY)
    try:
        assert not whole_sync.syncs_at_once(fd)
    finally:
        os.close(fd)


@linux
def test_where_it_is_trusted_it_returns(tmp_path: Path) -> None:
    fd = os.open(tmp_path, os.O_RDONLY)
    try:
        if not whole_sync.syncs_at_once(fd):
            pytest.skip("this kernel or this file system is not among those that are trusted")
        whole_sync.sync_file_system(fd)
    finally:
        os.close(fd)


@linux
@pytest.mark.parametrize(
    ("release", "kernel"),
    [("6.1.0-18-amd64", (6, 1)), ("5.8", (5, 8)), ("5.10.16.3-microsoft", (5, 10)), ("odd", ())],
)
def test_the_kernel_is_read_off_its_release(
    release: str, kernel: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    system = os.uname()
    named = os.uname_result((system[0], system[1], release, system[3], system[4]))
    monkeypatch.setattr(os, "uname", lambda: named)
    assert whole_sync._kernel() == kernel


def test_an_old_kernel_is_not_relied_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whole_sync, "_kernel", lambda: (5, 7))
    whole_sync._libc.cache_clear()
    try:
        assert whole_sync._libc() is None
        assert not whole_sync.syncs_at_once(0)
    finally:
        whole_sync._libc.cache_clear()
