"""Where does a test change a machine's interfaces? In a network namespace of its own process."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

UNSHARE = ("unshare", "--user", "--map-root-user", "--net")


def run_in_own_namespace(program: str) -> subprocess.CompletedProcess[str]:
    """The Python `program`, run to its end; the test is skipped where no namespace can be made."""
    if shutil.which("unshare") is None or shutil.which("ip") is None:
        pytest.skip("needs unshare and ip")
    if subprocess.run([*UNSHARE, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no network namespace can be made here")
    return subprocess.run(
        [*UNSHARE, sys.executable, "-c", program],
        capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2],
    )  # fmt: skip
