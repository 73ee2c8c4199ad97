"""wget: each endpoint downloads for itself, as it is where nothing is organised."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from bench.content import Content
from bench.lab import Host
from bench.usage import Usage, wait_with_usage

from .delivery import Delivery, end, not_installed, require_equal, start

NOBODY = Usage(0.0, 0)


class Wget:
    """One `wget` on each endpoint, all at once."""

    name = "wget"

    def missing(self) -> str | None:
        """Why it cannot run here; None if it can."""
        return not_installed("wget", "wget")

    def download(
        self, content: Content, url: str, hosts: Sequence[Host], work: Path, *, timeout_s: float
    ) -> Delivery:
        """All endpoints fetch `url`. Raises TimeoutError, AssertionError, OSError."""
        copies = [work / host.name / content.file.name for host in hosts]
        give_up_at = time.monotonic() + timeout_s
        processes = []
        began = time.monotonic()
        try:
            for host, copy in zip(hosts, copies, strict=True):
                copy.parent.mkdir(parents=True)
                processes.append(start(host, _command(copy, url), work / f"{host.name}.log"))
            used = [wait_with_usage(each, give_up_at - time.monotonic()) for each in processes]
            seconds = time.monotonic() - began
        finally:
            end(processes)
        require_equal(content, copies)
        return Delivery(seconds, NOBODY, used)


def _command(copy: Path, url: str) -> list[str | Path]:
    return ["wget", "--no-verbose", "--no-proxy", "-O", copy, url]
