"""What did people ask for, and what became of it? The book of tasks, and delivery.

A task is one person's wish: this URL, to this folder, or only into the cache. Tasks that ask for
the same thing share one `Run`. When the run is complete each task is delivered on its own.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from weakref import WeakValueDictionary

from mcastdist.errors import DigestMismatch, McastdistError, StorageError, UnavailableError
from mcastdist.node import Task

from . import logs
from .api import Failure, State, TaskRecord, TaskRequest
from .delivery import Withdrawn, hand_out
from .entries import Entries
from .entry import QUEUED, Entry
from .fetching import reason_code
from .package import OpenPackage
from .records import failure_of, new_record, see_run, see_task
from .runs import Runs
from .task_log import tell_fallbacks, tell_state

DELIVERIES_MAX = 2  # at once, in threads of their own: a disk does no more, and blocks go first

log = logs.get("task")


class TaskBook:
    """All tasks of one agent. For the event loop."""

    def __init__(
        self,
        runs: Runs,
        look: Callable[[str], Task | None],
        on_final: Callable[[Entry], None],
        *,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """`wall` only says when a task began and ended: somebody may set it meanwhile."""
        self._runs = runs
        self._look = look
        self._on_final = on_final
        # Fetches damaged bytes again; the controller knows how.
        self.repair: Callable[[Entry], Awaitable[None]] | None = None
        # Told whenever what a restart must know of a task is different.
        self.keep: Callable[[Entry], None] = lambda entry: None
        self.entries = Entries()
        self._clock, self._wall = clock, wall
        self._news = asyncio.Event()
        self._jobs: set[asyncio.Task[None]] = set()
        self._pool = ThreadPoolExecutor(DELIVERIES_MAX, thread_name_prefix="deliver")
        self._places: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    # In

    def add(self, task_id: str, request: TaskRequest, run_id: str) -> Entry:
        """A new wish. Raises UsageError if there are far too many."""
        record = new_record(task_id, request, started=self._wall())
        entry = Entry(request, record, run_id, began_at=self._clock())
        self.entries.add(entry)
        self.keep(entry)
        self._spread_news()
        return entry

    def restore(self, entry: Entry) -> None:
        """A task of an earlier run of this agent; the time in between does not count."""
        entry.began_at = self._clock() - entry.record.seconds
        self.entries.take_back(entry)
        self._spread_news()

    def resume(self, entry: Entry) -> None:
        """A task that was suspended goes on."""
        entry.resume()
        self.keep(entry)
        self._spread_news()

    def queue(self, run_id: str) -> list[Entry]:
        """Others go first: all that wait for this run are queued; those that were not before."""
        fresh = [entry for entry in self.of_run(run_id) if entry.record.state != QUEUED]
        for entry in fresh:
            entry.queue()
            tell_state(entry.record)
        self._spread_news()
        return fresh

    def changed(self, run_id: str) -> None:
        """Something about this run is different."""
        for entry in self.of_run(run_id):
            self.refresh(entry)
        self._spread_news()

    def complete(self, run_id: str) -> None:
        """Everything is here: deliver to each who asked."""
        package = self._runs[run_id].package
        assert package is not None, "what is complete has a manifest"
        for entry in self.of_run(run_id):
            if not entry.is_delivering:
                self.refresh(entry)
                entry.is_delivering = True
                entry.record.state = "verifying"
                self._start(self._deliver(entry, package))
        self._spread_news()

    def failed(self, run_id: str, code: str, sentence: str) -> None:
        """Nobody can supply it, or what they supply is wrong."""
        for entry in self.of_run(run_id):
            self._fail(entry, code, sentence, failure_of(code))

    def storage_failed(self, run_id: str, error: StorageError) -> None:
        """The disk says no."""
        for entry in self.of_run(run_id):
            self._fail(entry, reason_code(error), str(error), "storage")

    def broken(self, run_id: str, error: Exception) -> None:
        """What we believed impossible has happened."""
        for entry in self.of_run(run_id):
            self._break(entry, error)

    def end(self, entry: Entry, state: State, code: str = "", sentence: str = "") -> None:
        """This task is over, or rests, in this state. What is over stays as it is."""
        if entry.record.is_final:
            return
        self.refresh(entry)
        entry.record.state = state
        entry.record.reason, entry.record.sentence = code, sentence
        entry.record.seconds_left = None
        entry.record.session_delay_s_left = None
        entry.record.retry_s_left = None
        entry.record.rate_bps = 0.0
        entry.share = None
        tell_state(entry.record)
        if entry.record.is_final:
            entry.record.ended = self._wall()
            self.entries.ended(entry)
            self._on_final(entry)
        self.keep(entry)
        self._spread_news()

    # Out

    def of_run(self, run_id: str) -> list[Entry]:
        """The unfinished tasks that wait for this run."""
        return self.entries.of_run(run_id)

    def refresh(self, entry: Entry) -> TaskRecord:
        """The record as things stand now."""
        record, run = entry.record, self._runs.get(entry.run_id)
        if entry.is_waiting:
            record.seconds = self._clock() - entry.began_at
        if not entry.is_waiting or run is None or entry.share is None:
            return record
        task = self._look(entry.run_id)
        if task is not None:
            before = record.fallbacks
            see_task(record, task)
            tell_fallbacks(record, before)
        see_run(record, run, entry.share)
        if entry.is_delivering:
            record.state = "verifying"
        return record

    async def wait_for_news(self) -> None:
        """Return when something may have changed."""
        await self._news.wait()

    async def finish_deliveries(self) -> None:
        """Wait for the deliveries under way; there are none afterwards."""
        await asyncio.gather(*self._jobs)
        self._pool.shutdown()

    # Within

    async def _deliver(self, entry: Entry, package: OpenPackage) -> None:
        try:
            async with self._place(entry.request.dest):
                await asyncio.wrap_future(self._pool.submit(_hand_out, entry, package))
        except Withdrawn:
            pass  # cancelled meanwhile, and the record says so
        except StorageError as error:
            self._fail(entry, reason_code(error), str(error), "storage")
        except (DigestMismatch, UnavailableError) as error:
            await self._repair(entry, error)
        except McastdistError as error:
            self._fail(entry, reason_code(error), str(error), "content")
        except Exception as error:
            log.error("a delivery failed in an unexpected way", error, task=entry.record.id)
            self._break(entry, error)
        else:
            self.end(entry, "cached" if entry.request.dest is None else "delivered")

    def _place(self, dest: str | None) -> asyncio.Lock:
        """One delivery at a time into one folder: each clears up what it finds half made there."""
        if dest is None:
            return asyncio.Lock()
        return self._places.setdefault(dest, asyncio.Lock())

    async def _repair(self, entry: Entry, error: McastdistError) -> None:
        """The bytes here were damaged since they were verified: once, fetch them again."""
        if entry.was_repaired or self.repair is None or not entry.is_waiting:
            self._fail(entry, reason_code(error), str(error), "content")
            return
        log.warning("damage found while delivering", why=str(error), task=entry.record.id)
        entry.was_repaired, entry.is_delivering = True, False
        try:
            await self.repair(entry)
        except Exception as worse:
            log.error("the damage could not be repaired", worse, task=entry.record.id)
            self._fail(entry, reason_code(error), str(error), "content")

    def _fail(self, entry: Entry, code: str, sentence: str, failure: Failure) -> None:
        if not entry.record.is_final:
            entry.record.failure = failure
            self.end(entry, "failed", code, sentence)

    def _break(self, entry: Entry, error: Exception) -> None:
        sentence = f"something unexpected happened ({error!r:.200}); the agent's log shows where"
        self._fail(entry, "internal", sentence, "internal")

    def _start(self, work: Coroutine[None, None, None]) -> None:
        job = asyncio.create_task(work)
        self._jobs.add(job)
        job.add_done_callback(self._jobs.discard)

    def _spread_news(self) -> None:
        self._news.set()
        self._news = asyncio.Event()


def _hand_out(entry: Entry, package: OpenPackage) -> None:
    """In a worker thread."""
    hand_out(entry.request, package, is_wanted=lambda: not entry.record.is_final)
