"""Which tasks are at work, and which of those that wait begins next?

    a task ──► in line ──► begun, at its turn (priority, then age), while fewer than
                 │                `tasks.active_max` are at work
                 └──► begun at once, whatever is at work: all of it is in the cache, or somebody
                      on the subnet announces it, for a stream waits for nobody

At work is what downloads or receives, and what represents others who still lack something. A task
that rests is not; when its rest is over it goes on as soon as it finds room, which the line takes
first. Nothing that is at work is stopped for a more urgent task.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from contextlib import suppress

from mcastdist.errors import McastdistError, StorageError
from mcastdist.ids import Locator
from mcastdist.node import TaskSpec
from mcastdist.timers import NEVER

from . import logs
from .config import node_config
from .daemon import Agent
from .entry import QUEUED, Entry
from .fetching import reason_code
from .package import OpenPackage
from .records import locator_of
from .runs import Run, urls_of
from .settings import with_overrides
from .waiting_line import WaitingLine

LOOK_S = 0.2  # how soon room is seen, while anybody waits for it

log = logs.get("task")


class Dispatch:
    """Begins the runs of one agent. For the event loop; `tend` must run beside it."""

    def __init__(self, agent: Agent) -> None:
        self._agent = agent
        self._book = agent.book
        self._driver = agent.driver
        self._line = WaitingLine()
        self._called: set[str] = set()
        self._news = asyncio.Event()
        self.beginning = asyncio.Lock()  # two tasks for one URL must not begin it twice
        agent.driver.on_announce = self._announced
        agent.environment.has_room = lambda: self._room() > 0

    # In

    async def take(self, entry: Entry) -> None:
        """A task wants to go on: begin its run, join the one that is, or queue it."""
        async with self.beginning:
            if not entry.is_waiting:
                return  # cancelled while others began
            task = self._driver.node.task(entry.run_id)
            if task is None:
                await self._enter(entry)
                return
            entry.join(self._driver.runs[entry.run_id])
            if task.is_complete:
                self._book.complete(entry.run_id)

    async def take_all(self, entries: Iterable[Entry]) -> None:
        """Tasks of an earlier run of this agent: the most urgent go first."""
        async with self.beginning:
            runs = dict.fromkeys(entry.run_id for entry in entries)
            for run_id in runs:
                self._put(run_id)
            await self._begin_those_with_room()
            for run_id in runs:
                self._mark(run_id)

    async def let_go(self, run_id: str, reason: str) -> None:
        """A task of this run rests or is over: so is the run, if nobody else waits for it."""
        async with self.beginning:
            if self._book.of_run(run_id):
                if run_id in self._line:
                    self._put(run_id)  # whoever is left may be less urgent
                return
            self._line.take(run_id, now=time.monotonic())
            self._driver.stop(run_id, reason)
            await self._begin_those_with_room()

    async def look(self) -> None:
        """Begin what is announced, and what there is room for."""
        async with self.beginning:
            called, self._called = self._called, set()
            for run_id in called:
                if run_id in self._line:
                    await self._begin(run_id, why="announced")
            await self._begin_those_with_room()

    async def tend(self) -> None:
        """Look again and again while anybody waits; at rest, do nothing."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S if self._line else None):
                    await self._news.wait()
            self._news.clear()
            try:
                await self.look()
            except Exception as error:
                log.error("tasks that wait could not be looked at", error)

    # Within: the line

    def _announced(self, locator: Locator) -> None:
        run_id = locator.hex()
        if run_id in self._line:
            self._called.add(run_id)
            self._news.set()

    async def _enter(self, entry: Entry) -> None:
        """Into the line, unless all of it is here: that takes nobody's turn."""
        is_here = await self._is_here(entry)
        if not entry.is_waiting:
            return  # cancelled meanwhile
        self._put(entry.run_id)
        if is_here:
            await self._begin(entry.run_id, why="in_cache")
        await self._begin_those_with_room()
        self._mark(entry.run_id)

    async def _is_here(self, entry: Entry) -> bool:
        """False also where the store cannot say: whoever begins meets its trouble, and tells it."""
        try:
            package = await self._known(locator_of(entry.request))
        except McastdistError:
            return False
        return package is not None and package.holding.complete

    def _mark(self, run_id: str) -> None:
        if run_id in self._line:
            for entry in self._book.queue(run_id):
                self._agent.trace(
                    "agent.task_queued", at=time.monotonic(), task=entry.record.id,
                    line=len(self._line),
                )  # fmt: skip

    def _put(self, run_id: str) -> None:
        turn = min(entry.turn for entry in self._book.of_run(run_id))
        self._line.put(run_id, turn, now=time.monotonic())
        self._news.set()

    async def _begin_those_with_room(self) -> None:
        if not self._line:
            return
        room = self._room()
        while room > 0 and (run_id := self._line.first()) is not None:
            await self._begin(run_id, why="turn")
            room -= self._is_at_work(run_id)

    def _room(self) -> int:
        """For how many more."""
        at_work = sum(map(self._is_at_work, list(self._driver.runs)))
        return self._agent.settings.tasks.active_max - at_work

    def _is_at_work(self, run_id: str) -> bool:
        task = self._driver.node.task(run_id)
        if task is None:
            return False
        if task.is_complete:
            ours = task.representation
            return ours is not None and bool(ours.audience.unfinished())
        return task.retry_at == NEVER

    # Within: runs

    async def _begin(self, run_id: str, *, why: str) -> None:
        """Its turn has come. Whatever goes wrong ends the tasks of this run alone."""
        waited_s = self._line.take(run_id, now=time.monotonic())
        entries = sorted(self._book.of_run(run_id), key=lambda entry: entry.turn)
        if not entries:
            return
        try:
            run = await self._run(entries[0], waited_s)
        except StorageError as error:
            self._book.storage_failed(run_id, error)
        except McastdistError as error:
            self._book.failed(run_id, reason_code(error), str(error))
        except Exception as error:
            log.error("a task could not begin", error, url=entries[0].request.url)
            self._book.broken(run_id, error)
        else:
            self._tell(entries[0], run, why)
            self._go(run)

    def _tell(self, first: Entry, run: Run, why: str) -> None:
        if first.record.state == QUEUED:
            self._agent.trace(
                "agent.task_begins", at=time.monotonic(), task=first.record.id,
                waited_s=run.spec.waited_s, why=why,
            )  # fmt: skip

    def _go(self, run: Run) -> None:
        for entry in self._book.of_run(run.spec.id):
            entry.join(run)
        self._driver.start(run)
        self._book.changed(run.spec.id)

    async def _run(self, entry: Entry, waited_s: float) -> Run:
        agent, request = self._agent, entry.request
        settings = with_overrides(agent.settings, request.settings)
        config = await asyncio.to_thread(
            node_config, settings, agent.interfaces, http_port=agent.http_port
        )
        spec = TaskSpec(
            id=entry.run_id,
            locator=locator_of(request),
            urls=urls_of(request.url, settings.download.sources),
            plain=request.sha256 is not None,
            waited_s=waited_s,
        )
        sha256 = bytes.fromhex(request.sha256) if request.sha256 else None
        run = Run(spec, config, sha256=sha256, precached=request.dest is None)
        package = await self._known(run.locator)
        if package is not None:
            run.know(package)
        return run

    async def _known(self, locator: Locator) -> OpenPackage | None:
        library = self._agent.library
        return await asyncio.to_thread(library.known, locator, now=self._agent.wall())
