"""The socket tests once more over IPv6 and link-local addresses, in a namespace of our own."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from segments import IPV6_NAME

HERE = Path(__file__).parent
WAIT_S = 120
TRIED = tuple(
    f"test_{name}.py" for name in ("sockets", "stream_sockets", "stream_inlet", "stream_outlet")
)
PEER = "mcd7"
MAKE_SEGMENT = f"""
set -e
ip link set lo up
ip link add {IPV6_NAME} type veth peer name {PEER}
for name in {IPV6_NAME} {PEER}; do
    ip link set $name addrgenmode none
    ip link set $name up
done
ip address add fe80::1/64 dev {IPV6_NAME} nodad
"""
UNSHARE = ["unshare", "--user", "--map-root-user", "--net", "sh", "-c"]


def test_control_and_stream_over_ipv6() -> None:
    if shutil.which("unshare") is None or shutil.which("ip") is None:
        pytest.skip("needs unshare and ip")
    made = subprocess.run([*UNSHARE, MAKE_SEGMENT], capture_output=True, text=True, check=False)
    if made.returncode:
        pytest.skip(f"no network namespace can be made here: {made.stderr.strip()}")

    tests = [str(HERE / name) for name in TRIED]
    pytest_again = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests]
    ran = subprocess.run(
        [*UNSHARE, MAKE_SEGMENT + 'exec "$@"', "sh", *pytest_again],
        capture_output=True, text=True, check=False, timeout=WAIT_S, cwd=HERE.parents[1],
    )  # fmt: skip

    assert ran.returncode == 0, ran.stdout + ran.stderr
