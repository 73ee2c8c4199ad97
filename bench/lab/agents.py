"""How do we run our own commands on the lab's hosts, and what became of them?

Each host has a directory of its own: store, state, sockets, logs, trace. Where a run left its
files is part of every failure's sentence.
"""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from .host import Host
from .packages import MCASTDIST, REPOSITORY, Keys

CLUSTER_ID: Final = "lab"
END_S_MAX = 20.0  # a graceful end hands over first, and that is bounded
ASK_S_MAX = 20.0  # to start a Python, and for what needs no network to be done
READY_S_MAX = 20.0  # a Python with all its imports, on a machine that starts twelve of them
POLL_S = 0.02
TAIL_LINES = 15


class Run:
    """One command of ours on one host, from its start to its end."""

    def __init__(self, host: Host, process: subprocess.Popen[str], out: Path, log: Path) -> None:
        self.host = host
        self.process = process
        self.out = out  # its standard output: with --json the final record
        self.log = log  # its standard error

    @property
    def pid(self) -> int:
        """The pid of the command itself."""
        return self.process.pid

    def wait(self, timeout_s: float) -> int:
        """Its exit status. AssertionError, with the end of its log, if it goes on."""
        try:
            return self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self} still runs after {timeout_s} s{self._tail()}") from None

    def record(self, timeout_s: float) -> dict[str, Any]:
        """The final record (`--json`) once it has ended. AssertionError if there is none."""
        status = self.wait(timeout_s)
        lines = [line for line in self.out.read_text().splitlines() if line.startswith("{")]
        if not lines:
            raise AssertionError(f"{self} ended with {status} and no record{self._tail()}")
        record: dict[str, Any] = json.loads(lines[-1])
        return record

    def await_file(self, path: Path) -> None:
        """Wait for a file that it makes. AssertionError, with the end of its log, if none comes."""
        give_up_at = time.monotonic() + READY_S_MAX
        while not path.exists():
            late = time.monotonic() > give_up_at
            if late or self.process.poll() is not None:
                raise AssertionError(f"{self} made no {path.name}{self._tail()}")
            time.sleep(POLL_S)

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal: SIGKILL, SIGSTOP, SIGCONT, ... It may have ended already."""
        self.process.send_signal(number)

    def end(self) -> int:
        """Ask it to end (SIGTERM), and wait for that; its exit status."""
        self.process.terminate()
        return self.wait(END_S_MAX)

    def _tail(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()[-TAIL_LINES:]
        return "".join(f"\n  | {line}" for line in [f"({self.log})", *lines])

    def __repr__(self) -> str:
        return f"{self.out.stem} on {self.host.name}"


class Agents:
    """Starts our commands on hosts, with the settings they share.

    `settings`: "section.key" -> value, for all; every start may add to them or change them.
    """

    def __init__(
        self, work: Path, keys: Keys, settings: Mapping[str, str | int | float | bool] | None = None
    ) -> None:
        self.work = work
        self.keys = keys
        self.settings = dict(settings or {})
        self._daemons: dict[str, Run] = {}  # by the host's name
        self._count = 0

    def home(self, host: Host) -> Path:
        """The directory of a host: `cache`, `state`, sockets, logs."""
        home = self.work / host.name
        home.mkdir(parents=True, exist_ok=True)
        return home

    def trace(self, host: Host) -> Path:
        """The trace of all that ran on a host, as JSON lines."""
        return self.home(host) / "trace.jsonl"

    def fetch(
        self,
        host: Host,
        url: str,
        *,
        dest: Path | None = None,
        sha256: str | None = None,
        linger_s: float | None = None,
        **settings: str | int | float | bool,
    ) -> Run:
        """`mcastdist fetch`, to `dest` or the host's `dest` directory.

        Further settings by name, with `__` for the dot: `multicast__enabled=False`.
        """
        options = ["--dest", str(dest or self.home(host) / "dest")]
        return self._task("fetch", host, url, options, sha256, linger_s, settings)

    def precache(
        self,
        host: Host,
        url: str,
        *,
        sha256: str | None = None,
        linger_s: float | None = None,
        **settings: str | int | float | bool,
    ) -> Run:
        """`mcastdist precache`; settings as for `fetch`."""
        return self._task("precache", host, url, [], sha256, linger_s, settings)

    def agent(self, host: Host, **settings: str | int | float | bool) -> Run:
        """`mcastdist agent`, the daemon, once it takes commands; settings as for `fetch`.

        Commands started later on the same host go through it, and are given no settings but those
        named for them: an agent keeps its own. AssertionError, with the end of its log, if it does
        not come up.
        """
        self._socket(host).unlink(missing_ok=True)  # a killed agent leaves it behind
        run = self.start(host, "agent", *self._set(host, settings))
        run.await_file(self._socket(host))
        self._daemons[host.name] = run
        return run

    def ask(self, host: Host, command: str, *arguments: str) -> str:
        """The standard output of a command that takes `--set`, such as `status`, run to its end.

        AssertionError, with what it complained of, if it fails.
        """
        run = self.start(host, command, *arguments, *self._set(host, {}))
        status = run.wait(ASK_S_MAX)
        assert status == 0, f"{run} ended with {status}: {run.log.read_text()}"
        return run.out.read_text()

    def start(self, host: Host, command: str, *arguments: str) -> Run:
        """Any command of ours, with exactly these arguments."""
        self._count += 1
        stem = self.home(host) / f"{command}-{self._count}"
        out, log = stem.with_suffix(".out"), stem.with_suffix(".log")
        with out.open("w") as out_file, log.open("w") as log_file:
            process = host.popen(
                [*MCASTDIST, command, *arguments],
                cwd=REPOSITORY,
                stdout=out_file,
                stderr=log_file,
            )
        return Run(host, process, out, log)

    def common(self, host: Host) -> list[str]:
        """The `--set` options that every command on `host` is given now."""
        return self._set(host, {})

    def _task(
        self,
        command: str,
        host: Host,
        url: str,
        options: list[str],
        sha256: str | None,
        linger_s: float | None,
        settings: Mapping[str, str | int | float | bool],
    ) -> Run:
        if sha256 is not None:
            options = [*options, "--sha256", sha256]
        if linger_s is not None:
            options = [*options, "--linger-s", str(linger_s)]
        return self.start(host, command, url, "--json", *options, *self._set(host, settings))

    def _socket(self, host: Host) -> Path:
        return self.home(host) / "control.sock"

    def _set(self, host: Host, settings: Mapping[str, str | int | float | bool]) -> list[str]:
        more = {name.replace("__", "."): value for name, value in settings.items()}
        given = {**self._where(host), **more}
        if not self._is_agent_running(host):
            given = {**self._own(host), **self.settings, **given}
        return [word for item in given.items() for word in ("--set", _assignment(*item))]

    def _is_agent_running(self, host: Host) -> bool:
        daemon = self._daemons.get(host.name)
        return daemon is not None and daemon.process.poll() is None

    def _where(self, host: Host) -> dict[str, str | int | float | bool]:
        """Where the host's agent takes commands, if one runs."""
        return {
            "control.socket": str(self._socket(host)),
            "control.token_file": str(self.home(host) / "control.token"),
        }

    def _own(self, host: Host) -> dict[str, str | int | float | bool]:
        home = self.home(host)
        return {
            "cluster.id": CLUSTER_ID,
            "cluster.key_file": str(self.keys.cluster),
            "cluster.trusted_keys": str(self.keys.public),
            "cache.dir": str(home / "cache"),
            "node.state_dir": str(home / "state"),
            "trace.file": str(self.trace(host)),
        }


def _assignment(key: str, value: str | int | float | bool) -> str:
    shown = str(value).lower() if isinstance(value, bool) else str(value)
    return f"{key}={shown}"
