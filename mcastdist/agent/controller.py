"""What does the agent answer when it is asked? `api.Controller` over a running `Agent`."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections.abc import AsyncIterator
from pathlib import Path

from mcastdist.errors import UsageError
from mcastdist.ids import ContentId
from mcastdist.store import rehearse_delivery

from . import logs
from .api import AgentStatus, CacheReport, CheckupRequest, Finding, TaskRecord, TaskRequest
from .cache import Cache
from .checkup import examine
from .daemon import Agent
from .dispatch import Dispatch
from .entry import Entry
from .holdings import store_limits
from .package import OpenPackage
from .records import file_name, locator_of, snapshot
from .requests import check_request, check_url
from .settings import as_dict, changes, in_force, reread, with_overrides
from .status import status_of
from .task_journal import TaskJournal, entry_of, kept_task

NEWS_S = 0.25  # how often a watcher is told of progress
LINGER_LOOK_S = 0.1
TASK_ID_BYTES = 4

log = logs.get("task")


class AgentController(Cache):
    """The `Controller` of this process's own agent."""

    def __init__(self, agent: Agent) -> None:
        super().__init__(agent.library, wall=agent.wall)
        self._agent = agent
        self._book = agent.book
        self._driver = agent.driver
        self._journal: TaskJournal | None = None
        self.dispatch = Dispatch(agent)
        agent.book.repair = self._repair

    async def remember(self, journal: TaskJournal) -> None:
        """Take up the tasks of the journal, and keep all tasks there from now on.

        Raises StorageError if it cannot be read.
        """
        kept, damage = await journal.read()
        if damage is not None:
            log.warning("tasks may be missing", why=str(damage))
        entries = [entry_of(task) for task in kept]
        for entry in entries:
            self._book.restore(entry)
        self._journal = journal
        self._book.keep = lambda entry: journal.keep(kept_task(entry))
        await self.dispatch.take_all(entry for entry in entries if entry.is_waiting)

    def keep_all(self) -> None:
        """How far the unfinished tasks have come, before the agent ends."""
        for entry in self._book.entries:
            if entry.is_waiting:
                self._book.refresh(entry)
                self._book.keep(entry)

    # Tasks

    async def start(self, request: TaskRequest) -> TaskRecord:
        """Take a task; raises UsageError if it cannot be one."""
        check_request(request)
        if request.dest is not None:
            await asyncio.to_thread(rehearse_delivery, Path(request.dest))
        with_overrides(self._agent.settings, request.settings)
        run_id = locator_of(request).hex()
        entry = self._book.add(self._fresh_id(), request, run_id)
        self._agent.trace(
            "agent.task", at=time.monotonic(), task=entry.record.id, locator=locator_of(request),
            file=file_name(request.url),
        )  # fmt: skip
        await self._settled()
        await self.dispatch.take(entry)
        return self._book.refresh(entry)

    async def tasks(self) -> list[TaskRecord]:
        """All tasks, oldest first."""
        return [self._book.refresh(entry) for entry in self._book.entries]

    async def task(self, task_id: str) -> TaskRecord:
        """One task. Raises UsageError if there is none of this id."""
        return self._book.refresh(self._book.entries.find(task_id))

    async def suspend(self, task_id: str) -> TaskRecord:
        """Let a task rest; what it has is kept."""
        entry = self._book.entries.find(task_id)
        if entry.record.is_final or entry.is_delivering:
            raise UsageError(
                f"task {entry.record.id} is {entry.record.state}; there is nothing to suspend"
            )
        self._book.end(entry, "suspended", "suspended")
        await self.dispatch.let_go(entry.run_id, "suspended")
        await self._settled()
        return entry.record

    async def resume(self, task_id: str) -> TaskRecord:
        """Go on with a suspended task."""
        entry = self._book.entries.find(task_id)
        if entry.record.state != "suspended":
            raise UsageError(f"task {entry.record.id} is {entry.record.state}, not suspended")
        self._book.resume(entry)
        await self.dispatch.take(entry)
        await self._settled()
        return self._book.refresh(entry)

    async def cancel(self, task_id: str) -> TaskRecord:
        """End a task; what it has stays in the cache."""
        entry = self._book.entries.find(task_id)
        self._book.end(entry, "cancelled", "cancelled")
        await self.dispatch.let_go(entry.run_id, "cancelled")
        await self._settled()
        return entry.record

    async def watch(self, task_id: str | None = None) -> AsyncIterator[TaskRecord]:
        """Records as they change; see `api.Controller.watch`."""
        shown: dict[str, TaskRecord] = {}
        entry = self._book.entries.find(task_id) if task_id else None
        while True:
            for one in [entry] if entry else list(self._book.entries):
                record = snapshot(self._book.refresh(one))
                if shown.get(record.id) != record:
                    shown[record.id] = record
                    yield record
            # Not `entry.record`: it may have become final while we told the record before.
            if entry is not None and shown[entry.record.id].is_final:
                return
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(NEWS_S):
                    await self._book.wait_for_news()

    # The agent

    async def cache_remove(self, content: str) -> CacheReport:
        """As without an agent; not while a task begins, which may have opened it already."""
        async with self.dispatch.beginning:
            return await super().cache_remove(content)

    async def status(self) -> AgentStatus:
        """The agent at a glance."""
        return await status_of(self._agent, await self.tasks())

    async def settings(self) -> dict[str, object]:
        """The settings in force."""
        return as_dict(self._agent.settings)

    async def reload(self) -> dict[str, list[str]]:
        """Read the settings again and take up what can be."""
        agent = self._agent
        wanted = await asyncio.to_thread(reread, agent.settings)
        applied, needs_restart = changes(agent.settings, wanted)
        agent.settings = fresh = in_force(agent.settings, wanted)
        limits = await asyncio.to_thread(store_limits, fresh)
        agent.look_at_clock()
        agent.peers.uploads_max = fresh.repair.uploads_max
        agent.peers.is_open = fresh.download.allow_peers
        agent.library.store.limits = limits
        agent.driver.trials.settings = fresh
        logs.set_up(fresh.log)
        await agent.reconfigure()
        return {"applied": applied, "needs_restart": needs_restart}

    async def checkup(self, request: CheckupRequest) -> list[Finding]:
        """Examine this machine and its subnet."""
        if request.url is not None:
            check_url(request.url)
        return await examine(self._agent, request, self)

    async def linger(self, seconds: float) -> None:
        """Stay while a session goes on, for at most `seconds`; longer while we represent it.

        If a representative left its receivers, the next one would pay the WAN again for whatever
        it alone had. Receivers that have gone silent are not waited for.
        """
        until = time.monotonic() + seconds
        while self._driver.node.is_engaged:
            if time.monotonic() >= until and not self._is_represented_here():
                return
            await asyncio.sleep(LINGER_LOOK_S)

    def _is_represented_here(self) -> bool:
        """True while receivers still get something of a session that we represent."""
        tasks = (self._driver.node.task(run_id) for run_id in self._driver.runs)
        parts = (task.representation for task in tasks if task is not None)
        return any(part is not None and part.audience.unfinished() for part in parts)

    # Within

    def _fresh_id(self) -> str:
        """Short enough to type; of ten thousand, two would be the same once in a hundred times."""
        while (drawn := secrets.token_hex(TASK_ID_BYTES)) in self._book.entries:
            pass
        return drawn

    async def _settled(self) -> None:
        """What was just asked for is not forgotten by a restart, if this agent keeps a journal."""
        if self._journal is not None:
            await self._journal.settled()

    async def _repair(self, entry: Entry) -> None:
        """What was delivered turned out to be damaged: forget that it was complete."""
        async with self.dispatch.beginning:
            run, task = self._driver.runs.get(entry.run_id), self._driver.node.task(entry.run_id)
            if run is not None and run.package is not None and (task is None or task.is_complete):
                self._driver.stop(entry.run_id, "damaged")
                self._driver.node.drop(run.package.content)
                if run.package.manifest.kind == "file":  # a chunk table that nobody signed
                    await asyncio.to_thread(self._library.discard, run.package.content)
        await self.dispatch.take(entry)

    # Within: the cache's hooks

    def _is_in_use(self, content: ContentId) -> bool:
        return content in self._agent.used()

    def _gone(self, content: ContentId) -> None:
        self._driver.node.drop(content)

    def _damaged(self, package: OpenPackage, chunks: list[int]) -> None:
        self._driver.node.drop(package.content)
        self._driver.damaged(package, chunks)
