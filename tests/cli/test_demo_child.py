"""A process of the demo ends with the demo."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys

import pytest

from mcastdist.cli.demo_child import child_command

END_S_MAX = 30

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the demo needs Linux")

SLEEPER = """
import os, sys, time
from mcastdist.cli.demo_child import end_with
end_with(int(sys.argv[1]))
print(flush=True)
time.sleep(60)
"""
# Its standard output is a pipe that ends when the last process that has it is gone.
PARENT = f"""
import os, subprocess, sys, time
subprocess.Popen([sys.executable, "-c", {SLEEPER!r}, str(os.getpid())])
time.sleep(60)
"""


def test_it_is_mcastdist_with_these_words() -> None:
    ended = subprocess.run(
        child_command("--version"), capture_output=True, text=True, timeout=END_S_MAX, check=True
    )
    assert ended.stdout.startswith("mcastdist ")


def test_it_ends_when_its_parent_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        parent.stdout.readline()  # the child is there
        parent.kill()

        assert select.select([parent.stdout], [], [], END_S_MAX)[0]
        assert parent.stdout.read() == b""


def test_it_ends_at_once_if_its_parent_is_gone_already() -> None:
    somebody_else = str(os.getppid())
    ended = subprocess.run(
        [sys.executable, "-c", SLEEPER, somebody_else], timeout=END_S_MAX, check=False
    )
    assert ended.returncode == -signal.SIGTERM
