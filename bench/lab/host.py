"""What is one machine of the lab? A network namespace with an `eth0`, and programs run in it."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from .spaces import Space, Stream


class Host:
    """One machine of the lab: a network namespace with an `eth0`."""

    def __init__(self, name: str, port: str, address: str, address6: str, space: Space) -> None:
        self.name = name
        self.port = port  # the other end of its cable, in the router's namespace
        self.address = address
        self.address6 = address6
        self.space = space

    def run(
        self,
        argv: Sequence[str | Path],
        *,
        timeout_s: float = 60.0,
        check: bool = True,
        text_in: str = "",
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run a program on this host to its end; with `check`, OSError tells of a failure."""
        return self.space.run(
            argv, timeout_s=timeout_s, check=check, text_in=text_in, env=env, cwd=cwd
        )

    def popen(
        self,
        argv: Sequence[str | Path],
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        stdin: Stream = subprocess.DEVNULL,
        stdout: Stream = None,
        stderr: Stream = None,
    ) -> subprocess.Popen[str]:
        """Start a program on this host; the pid is the program's own, and the lab ends it."""
        return self.space.popen(argv, env=env, cwd=cwd, stdin=stdin, stdout=stdout, stderr=stderr)

    def __repr__(self) -> str:
        return f"Host({self.name}, {self.address})"
