"""How are many agents told what to do at once? Daemons on the lab's hosts, asked at their sockets.

Starting a command costs half a second of CPU, which twelve at once would charge to the stream they
are to receive. So the daemons are up before anything is measured, and their tasks are started from
here: a Unix socket is reached from any network namespace.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import time
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from mcastdist.agent.api import TaskRecord, TaskRequest
from mcastdist.agent.control import ControlClient
from mcastdist.errors import McastdistError, UnavailableError

from .lab import Agents, Host, Lab, Run
from .lab.packages import Keys
from .usage import Usage, usage

POLL_S = 0.2  # twenty-four agents that are asked five times a second feel nothing
HOME_POLL_S = 0.02
NICE_MAX = 19  # the lowest priority there is
AT_ONCE = 16  # of two hundred that start on two cores, each would seem to hang

Setting = str | int | float | bool
Answer = TypeVar("Answer")

# Nothing here waits for people, and a full test disk is no reason to refuse.
USUAL: Mapping[str, Setting] = {
    "multicast.session_start_delay_s": 2,
    "download.origin_fallback_delay_s": 3,
    "cache.free_bytes_min": 0,
    "cache.bytes_max": 1 << 40,
}


@dataclass(frozen=True, slots=True)
class Task:
    """A task on one host, as it was started."""

    host: Host
    id: str
    started: float  # seconds since 1970


class Fleet:
    """The agents of a lab, from `with` to the end of `with`; the lab ends them."""

    def __init__(
        self, lab: Lab, work: Path, keys: Keys, settings: Mapping[str, Setting] | None = None
    ) -> None:
        self.lab = lab
        self._agents = Agents(work, keys, {**USUAL, **(settings or {})})
        self._runs: dict[str, Run] = {}
        self._clients: dict[str, ControlClient] = {}
        self._runner = asyncio.Runner()

    def __enter__(self) -> Self:
        self._runner.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._do(self._hang_up(list(self._clients)))
        self._runner.__exit__(kind, error, traceback)

    # Agents

    def start(self, hosts: Sequence[Host], **settings: Setting) -> None:
        """Start a daemon on each host, and wait until all take commands."""
        more = [f"{name.replace('__', '.')}={_plain(value)}" for name, value in settings.items()]
        words = [word for setting in more for word in ("--set", setting)]
        for first in range(0, len(hosts), AT_ONCE):
            together = hosts[first : first + AT_ONCE]
            for host in together:
                self._socket(host).unlink(missing_ok=True)  # a killed agent leaves it behind
                run = self._agents.start(host, "agent", *self._agents.common(host), *words)
                self._runs[host.name] = run
            for host in together:
                self._runs[host.name].await_file(self._socket(host))

    def kill(self, host: Host) -> None:
        """`kill -9` the agent of a host."""
        run = self._runs.pop(host.name)
        self._do(self._hang_up([host.name]))
        run.process.kill()
        run.process.wait()

    def step_back(self, hosts: Sequence[Host]) -> None:
        """Let the agents of these hosts have the processors only when no other wants them."""
        for host in hosts:
            for thread in Path(f"/proc/{self.pid(host)}/task").iterdir():
                os.setpriority(os.PRIO_PROCESS, int(thread.name), NICE_MAX)

    def pid(self, host: Host) -> int:
        """The pid of a host's agent."""
        return self._runs[host.name].pid

    def usage(self, host: Host) -> Usage:
        """What a host's agent has used since it began."""
        return usage(self.pid(host))

    def is_up(self, host: Host) -> bool:
        """True while the agent runs."""
        run = self._runs.get(host.name)
        return run is not None and run.process.poll() is None

    def home(self, host: Host) -> Path:
        """The directory with a host's store, logs and trace."""
        return self._agents.home(host)

    # Tasks

    def begin(
        self,
        hosts: Sequence[Host],
        url: str,
        *,
        dest: str | None = None,
        sha256: str | None = None,
        **settings: Setting,
    ) -> list[Task]:
        """Start the same task on each host, on a few at once; settings by name, `__` for the dot.

        `dest` is the name of a directory in the host's home; without it, it is pre-cached.
        """
        given = {name.replace("__", "."): value for name, value in settings.items()}

        async def one(host: Host) -> Task:
            place = str(self.home(host) / dest) if dest else None
            request = TaskRequest(url=url, sha256=sha256, dest=place, settings=given)
            record = await self._client(host).start(request)
            return Task(host, record.id, record.started)

        groups = (hosts[first : first + AT_ONCE] for first in range(0, len(hosts), AT_ONCE))
        return [task for group in groups for task in self._do(_all([one(host) for host in group]))]

    def finish(self, tasks: Sequence[Task], timeout_s: float) -> list[TaskRecord]:
        """Wait until all have come to an end; their final records.

        AssertionError, naming the first, if one failed or still runs after `timeout_s`.
        """
        give_up_at = time.monotonic() + timeout_s
        poll_s = POLL_S * max(1.0, len(tasks) / AT_ONCE)  # two hundred are not to be kept from work
        records = self._do(_all([self._ended(task, give_up_at, poll_s) for task in tasks]))
        for task, record in zip(tasks, records, strict=True):
            if record.state not in ("delivered", "cached"):
                raise AssertionError(
                    f"{task.host.name} is {record.state} with {record.held_bytes} of "
                    f"{record.payload_bytes} bytes after {record.seconds:.1f} s: "
                    f"{record.sentence or record.reason} (see {self.home(task.host)})"
                )
        return records

    def records(self, tasks: Sequence[Task]) -> list[TaskRecord]:
        """How the tasks stand now."""
        return self._do(_all([self._client(task.host).task(task.id) for task in tasks]))

    def clear_cache(self, host: Host) -> None:
        """Remove what a host's agent has cached and is not busy with."""
        self._do(self._remove_all(self._client(host)))

    def events(self, host: Host, *names: str) -> list[dict[str, Any]]:
        """What a host's agent has traced under these names, in order; `at` is monotonic time."""
        trace = self._agents.trace(host)
        lines = trace.read_text().splitlines() if trace.exists() else []
        wanted = tuple(f'"{name}"' for name in names)
        found = [json.loads(line) for line in lines if any(name in line for name in wanted)]
        return [event for event in found if event["event"] in names]

    # Within

    async def _remove_all(self, client: ControlClient) -> None:
        for entry in await client.cache_list():
            with contextlib.suppress(McastdistError):  # a session still serves it
                await client.cache_remove(entry.content)

    async def _ended(self, task: Task, give_up_at: float, poll_s: float) -> TaskRecord:
        while True:
            is_late = time.monotonic() > give_up_at
            try:
                record = await self._client(task.host).task(task.id)
                if record.is_final or is_late:
                    return record
            except UnavailableError:  # among two hundred that share two cores, it may have to wait
                if is_late or not self.is_up(task.host):
                    raise
            await asyncio.sleep(poll_s)

    async def _hang_up(self, names: Sequence[str]) -> None:
        for name in names:
            client = self._clients.pop(name, None)
            if client is not None:
                await client.close()

    def _client(self, host: Host) -> ControlClient:
        if host.name not in self._clients:
            self._clients[host.name] = ControlClient.connect(
                listen=None,
                unix_socket=self._socket(host),
                token_file=self.home(host) / "control.token",
            )
        return self._clients[host.name]

    def _socket(self, host: Host) -> Path:
        return self.home(host) / "control.sock"

    def _do(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        return self._runner.run(work)


def ended_at(task: Task, record: TaskRecord) -> float:
    """When a task ended, in seconds since 1970."""
    return task.started + record.seconds


async def _all(work: Sequence[Coroutine[Any, Any, Answer]]) -> list[Answer]:
    return list(await asyncio.gather(*work))


def _plain(value: Setting) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
