"""CPU and memory of processes: while they run, and of one that has ended."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from bench.usage import Usage, resident_bytes, usage, wait_with_usage

MIB = 1 << 20
BUSY = "import sys, time\nheap = bytearray(64 << 20)\nwhile time.process_time() < 0.3: pass"


def test_of_a_process_that_has_ended() -> None:
    process = subprocess.Popen([sys.executable, "-c", BUSY], text=True)

    used = wait_with_usage(process, 30.0)

    assert process.returncode == 0
    assert 0.3 <= used.cpu_s < 3.0
    assert used.peak_bytes > 64 * MIB


def test_a_status_that_tells_of_failure_is_kept() -> None:
    process = subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"], text=True)

    wait_with_usage(process, 30.0)

    assert process.returncode == 3


def test_one_that_goes_on_is_ended() -> None:
    process = subprocess.Popen(["sleep", "1000"], text=True)

    with pytest.raises(TimeoutError, match="still runs"):
        wait_with_usage(process, 0.02)
    assert process.returncode == -9


def test_of_one_that_runs() -> None:
    before = usage(os.getpid())
    sum(range(3_000_000))

    now = usage(os.getpid())

    assert now.since(before).cpu_s >= 0
    assert now.peak_bytes >= resident_bytes(os.getpid()) > MIB


def test_there_is_no_usage_of_nobody() -> None:
    with pytest.raises(OSError, match="No such file"):
        usage(2**22 + 1)
    assert Usage(3.0, 7).since(Usage(1.0, 9)) == Usage(2.0, 7)
