"""What does any peer's run leave? Seconds and usage; a run that is not complete raises."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bench.content import Content
from bench.lab import Host, find_tool
from bench.usage import Usage


@dataclass(frozen=True, slots=True)
class Delivery:
    """One complete delivery: every receiver's copy had the right hash."""

    seconds: float
    sender: Usage
    receivers: list[Usage]


class Peer(Protocol):
    """A program that brings one file from a host to others."""

    name: str

    def missing(self) -> str | None:
        """Why it cannot run here; None if it can."""
        ...

    def deliver(
        self,
        content: Content,
        sender: Host,
        receivers: Sequence[Host],
        work: Path,
        *,
        rate_bps: int = 0,
        loss_permille: int = 0,
        timeout_s: float,
    ) -> Delivery:
        """Send; `rate_bps` 0 is as fast as it can. Raises TimeoutError, AssertionError, OSError.

        `loss_permille`: what the links lose, for a peer that can be told so.
        """
        ...


class Downloader(Protocol):
    """A program that each endpoint runs to get a file from an origin."""

    name: str

    def missing(self) -> str | None:
        """Why it cannot run here; None if it can."""
        ...

    def download(
        self, content: Content, url: str, hosts: Sequence[Host], work: Path, *, timeout_s: float
    ) -> Delivery:
        """All `hosts` fetch `url`. Raises TimeoutError, AssertionError, OSError."""
        ...


def not_installed(package: str, *tools: str) -> str | None:
    """The reason in words if one of `tools` is not here."""
    missing = [tool for tool in tools if find_tool(tool) is None]
    return f"{', '.join(missing)} not installed (Debian: {package})" if missing else None


def start(
    host: Host,
    command: Sequence[str | Path],
    log: Path,
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> subprocess.Popen[str]:
    """Start a program on a host, with what it says going to `log`."""
    log.parent.mkdir(parents=True, exist_ok=True)
    tool = find_tool(str(command[0])) or command[0]
    with log.open("w") as said:
        return host.popen(
            [tool, *command[1:]], cwd=cwd, env=env, stdout=said, stderr=subprocess.STDOUT
        )


def end(processes: Sequence[subprocess.Popen[str]]) -> None:
    """End what still runs of these, by pid."""
    for process in processes:
        if process.returncode is None and process.poll() is None:
            process.kill()
            process.wait()


def require_equal(content: Content, copies: Sequence[Path]) -> None:
    """AssertionError unless every copy is the content."""
    wrong = [copy for copy in copies if not content.is_equal(copy)]
    if wrong:
        sizes = [os.path.getsize(copy) if copy.exists() else "absent" for copy in wrong]
        raise AssertionError(f"{len(wrong)} of {len(copies)} copies are not complete: {sizes}")
