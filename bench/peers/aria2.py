"""aria2: BitTorrent with local peer discovery, and the origin as a web seed."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from pathlib import Path

from bench.content import Content
from bench.lab import Host
from bench.usage import Usage, usage

from .delivery import Delivery, end, not_installed, start

PIECE_BYTES = 1 << 18
POLL_S = 0.05
NOBODY = Usage(0.0, 0)
COMPLETE = ".complete"
HOOK = f"""#!/bin/sh
: > "$3{COMPLETE}"
"""  # aria2 gives it the task's id, how many files there are, and the first one's path
SEED_MINUTES = 60  # longer than any run: an endpoint that has it all goes on giving


class Aria2:
    """One `aria2c` on each endpoint, all at once, with the same torrent; no tracker, no DHT."""

    name = "aria2"

    def missing(self) -> str | None:
        """Why it cannot run here; None if it can."""
        return not_installed("aria2", "aria2c")

    def download(
        self, content: Content, url: str, hosts: Sequence[Host], work: Path, *, timeout_s: float
    ) -> Delivery:
        """All endpoints fetch what the torrent names. Raises TimeoutError, AssertionError, OSError.

        A copy is complete when aria2 says so to its hook: it has then checked the last piece.
        """
        work.mkdir(parents=True)
        hook = work / "complete"
        hook.write_text(HOOK)
        hook.chmod(0o700)
        torrent = work / "content.torrent"
        torrent.write_bytes(make_torrent(content.file, url))
        folders = [work / host.name for host in hosts]
        processes = []
        began = time.monotonic()
        try:
            for host, folder in zip(hosts, folders, strict=True):
                folder.mkdir()
                command = self._command(torrent, folder, hook)
                processes.append(start(host, command, work / f"{host.name}.log"))
            copies = [folder / content.file.name for folder in folders]
            self._await(copies, began + timeout_s)
            seconds = time.monotonic() - began
            used = [usage(process.pid) for process in processes]
        finally:
            end(processes)
        if not all(content.is_equal(copy) for copy in copies):
            raise AssertionError("aria2 called a copy complete that is not")
        return Delivery(seconds, NOBODY, used)

    def _command(self, torrent: Path, folder: Path, hook: Path) -> list[str | Path]:
        return [
            "aria2c", "--no-conf", "--dir", folder, "--interface=eth0", "--bt-enable-lpd=true",
            "--bt-lpd-interface=eth0", "--enable-dht=false", "--enable-dht6=false",
            "--enable-peer-exchange=true", "--disable-ipv6=true", "--file-allocation=none",
            "--check-integrity=false", f"--seed-time={SEED_MINUTES}", "--seed-ratio=0.0",
            "--bt-max-peers=0", "--bt-request-peer-speed-limit=100M", "--no-proxy=*",
            f"--on-bt-download-complete={hook}",
            "--summary-interval=0", "--console-log-level=warn", torrent,
        ]  # fmt: skip

    def _await(self, copies: Sequence[Path], give_up_at: float) -> None:
        waiting = list(copies)
        while waiting:
            waiting = [copy for copy in waiting if not _mark(copy).exists()]
            if waiting and time.monotonic() > give_up_at:
                raise TimeoutError(f"{len(waiting)} of {len(copies)} copies are not complete")
            time.sleep(POLL_S)


def make_torrent(file: Path, url: str) -> bytes:
    """A torrent of one file with a web seed (BEP 3, BEP 19), and no tracker."""
    with file.open("rb") as opened:
        pieces = b"".join(
            hashlib.sha1(piece, usedforsecurity=False).digest()
            for piece in iter(lambda: opened.read(PIECE_BYTES), b"")
        )
    info = {
        "length": file.stat().st_size,
        "name": file.name,
        "piece length": PIECE_BYTES,
        "pieces": pieces,
    }
    return bencode({"info": info, "url-list": url})


def bencode(value: object) -> bytes:
    """BEP 3's encoding of integers, strings, and dictionaries with sorted keys."""
    match value:
        case int():
            return b"i%de" % value
        case str():
            return bencode(value.encode())
        case bytes():
            return b"%d:%s" % (len(value), value)
        case dict():
            items = sorted((bencode(key), bencode(each)) for key, each in value.items())
            return b"d" + b"".join(key + each for key, each in items) + b"e"
    raise TypeError(f"a {type(value).__name__} cannot be bencoded")


def _mark(copy: Path) -> Path:
    return copy.with_name(copy.name + COMPLETE)
