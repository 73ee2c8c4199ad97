"""Who holds a namespace, and how is everything in it sure to end?

A namespace here has no name and no file: it lives as long as a process in it does. Each is held by
a *keeper*, a sleeping child that the kernel kills with the process that made it. What runs in it is
started through `nsenter`, which ends by becoming the program: its pid is the program's own.

Every process carries the lab's mark in its environment, and hands it on to its children. So a lab
finds all that it must end, and a later one finds what was left by a maker that died (`kill -9`
spares the maker's grandchildren). Nothing else is ever touched.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Final

from .requirements import find_tool, search_path

# Not MCASTDIST_...: the agent takes those for settings, and refuses what it does not know.
MARK: Final = "LAB_OF_MCASTDIST"
END_S_MAX = 10.0  # a process that got SIGKILL is gone in milliseconds unless the disk hangs

_serials = itertools.count(1)

Stream = int | IO[str] | IO[bytes] | None

# Runs first in each namespace, as its root. Duplicate address detection would keep IPv6 addresses
# out of use for a second; an own /sys shows the namespace's interfaces in place of the machine's.
SETTLE = """
mount -t sysfs sysfs /sys 2>/dev/null || true
for scope in all default; do
  echo 0 > /proc/sys/net/ipv6/conf/$scope/accept_dad
  echo 0 > /proc/sys/net/ipv6/conf/$scope/accept_ra
done
ip link set lo up
echo settled
exec sleep infinity
"""


def new_mark() -> str:
    """A mark for one lab of this process: pid, its start time (pids are used again), a serial."""
    return f"{os.getpid()}.{_start_time(os.getpid())}.{next(_serials)}"


class Space:
    """A network and a mount namespace, and a way to run programs in them."""

    def __init__(self, mark: str, enter: Sequence[str], unshare: Sequence[str]) -> None:
        """Make the namespaces: run `unshare` by way of `enter` (empty: from here)."""
        self.mark = mark
        self._started: list[subprocess.Popen[str]] = []
        self._keeper = subprocess.Popen(
            [*enter, *unshare, *_dies_with_maker(), "sh", "-ec", SETTLE],
            env=self._environment({}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._await_settled()

    def _await_settled(self) -> None:
        assert self._keeper.stdout is not None
        assert self._keeper.stderr is not None
        with self._keeper.stdout as out, self._keeper.stderr as complaints:
            if out.readline() != "settled\n":
                raise OSError(f"no namespace could be made: {complaints.read().strip()}")

    @property
    def pid(self) -> int:
        """The keeper's pid, which stands for the namespaces."""
        return self._keeper.pid

    def enter(self) -> list[str]:
        """The start of a command line that runs the rest in these namespaces."""
        user = [] if os.geteuid() == 0 else ["--user", "--preserve-credentials"]
        nsenter = find_tool("nsenter") or "nsenter"
        return [nsenter, "--target", str(self.pid), *user, "--net", "--mount"]

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
        """Start a program here. Its pid is the program's, and it dies with the thread that
        started it, should that die first."""
        place = ["env", f"--chdir={cwd or Path.cwd()}"]
        process = subprocess.Popen(
            [*self.enter(), *place, *_dies_with_maker(), *map(str, argv)],
            env=self._environment(env or {}),
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            text=True,
        )
        self._started.append(process)
        return process

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
        """Run a program here to its end and give what it said; with `check`, a failure raises
        OSError with the program's own complaint."""
        process = self.popen(
            argv,
            env=env,
            cwd=cwd,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        with process:
            try:
                out, complaints = process.communicate(text_in, timeout=timeout_s)
            except BaseException:
                process.kill()
                raise
        if check and process.returncode != 0:
            raise OSError(f"{argv[0]} ended with {process.returncode}: {complaints.strip()}")
        return subprocess.CompletedProcess(list(argv), process.returncode, out, complaints)

    def close(self) -> None:
        """Wait for what was started here (see `end_marked`), and end the keeper; the namespaces
        go with the last process in them."""
        for process in self._started:
            process.wait(END_S_MAX)
            for pipe in (process.stdin, process.stdout, process.stderr):
                if pipe is not None:
                    _close_quietly(pipe)
        self._started.clear()
        self._keeper.kill()
        self._keeper.wait(END_S_MAX)

    def _environment(self, more: Mapping[str, str]) -> dict[str, str]:
        return {**os.environ, "PATH": search_path(), **more, MARK: self.mark}


def marked(mark: str) -> Iterator[int]:
    """The pids of all processes that carry `mark`."""
    wanted = f"{MARK}={mark}".encode()
    return (pid for pid, environment in _environments() if wanted in environment)


def end_marked(mark: str) -> None:
    """End all processes that carry `mark`, also those that start while we look.

    Raises OSError if some are still there after END_S_MAX.
    """
    give_up_at = time.monotonic() + END_S_MAX
    while pids := list(marked(mark)):
        if time.monotonic() > give_up_at:
            raise OSError(f"these processes of the lab do not end: {pids}")
        for pid in pids:
            _kill(pid)


def clear_leftovers() -> list[int]:
    """End what labs left whose maker is dead; the pids that were ended."""
    ended = []
    for pid, environment in _environments():
        for entry in environment:
            name, _, mark = entry.partition(b"=")
            if name == MARK.encode() and not _maker_lives(mark.decode(errors="replace")):
                _kill(pid)
                ended.append(pid)
    return ended


def _maker_lives(mark: str) -> bool:
    pid, _, rest = mark.partition(".")
    start_time, _, _ = rest.partition(".")
    return pid.isdigit() and _start_time(int(pid)) == start_time


def _start_time(pid: int) -> str:
    """When a process started, in clock ticks since boot; empty if there is none (proc(5))."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    return fields.rpartition(")")[2].split()[19]


def _environments() -> Iterator[tuple[int, list[bytes]]]:
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            yield int(entry.name), (entry / "environ").read_bytes().split(b"\0")
        except OSError:  # gone meanwhile, or another user's
            continue


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _close_quietly(pipe: IO[str]) -> None:
    with contextlib.suppress(BrokenPipeError):  # unsent input of a program that was killed
        pipe.close()


def _dies_with_maker() -> list[str]:
    return [find_tool("setpriv") or "setpriv", "--pdeathsig", "KILL", "--"]
