"""What is done again and again while an agent runs? Commits, letting go, tidying, a heartbeat.

A chore that fails is tried again at its next turn: nothing here may end in silence. Commits have a
turn only when something was written, so that an agent at rest is not woken for them.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from functools import partial

from mcastdist.errors import McastdistError

from . import logs
from .cache import Cache
from .daemon import Agent
from .freed_memory import give_back
from .notify import Notifier
from .package import OpenPackage
from .runs import Run

COMMIT_S = 1.0  # what a crash may cost: a second of what was received
IDLE_LOOK_S = 10.0
IDLE_S = 60.0  # a package nobody asked for in this time is closed, and may be evicted
CLOCK_LOOK_S = 5.0  # how late business hours may begin and end; also when somebody sets the clock
HOUSEKEEPING_S = 3_600.0

log = logs.get("daemon")

Chore = Callable[[], Awaitable[None]]


def start_chores(agent: Agent, stack: AsyncExitStack) -> None:
    """What every agent does, also one that lives only for a command."""
    start(stack, every(COMMIT_S, partial(commit, agent), after=agent.driver.written))
    start(stack, every(IDLE_LOOK_S, partial(close_idle, agent)))
    start(stack, every(CLOCK_LOOK_S, partial(look_at_clock, agent)))


def start_daemons_chores(cache: Cache, notifier: Notifier, stack: AsyncExitStack) -> None:
    """What only one does that lives on."""
    start(stack, every(HOUSEKEEPING_S, partial(keep_house, cache)))
    if notifier.watchdog_s:
        start(stack, every(notifier.watchdog_s / 2, partial(beat, notifier)))


async def every(seconds: float, chore: Chore, *, after: asyncio.Event | None = None) -> None:
    """Do this again and again, `seconds` between two times, whatever it raises.

    `after`: only when this has been set, and so long after it; it is cleared each time.
    """
    while True:
        if after is not None:
            await after.wait()
        await asyncio.sleep(seconds)
        if after is not None:
            after.clear()  # before the chore, which may wait: what comes meanwhile is its next turn
        try:
            await chore()
        except McastdistError as error:
            log.warning("a chore failed", why=str(error))
        except Exception as error:
            log.error("a chore failed in an unexpected way", error)


def start(stack: AsyncExitStack, work: Awaitable[None]) -> None:
    """Run something beside the agent until the agent ends."""
    task = asyncio.ensure_future(work)

    async def stop() -> None:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    stack.push_async_callback(stop)


async def commit(agent: Agent) -> None:
    """Make what was received durable; one disk that refuses is not in the way of the others."""
    refused: Exception | None = None
    for run in list(agent.driver.runs.values()):
        package = run.package
        if package is None or not (run.dirty_bytes or package.holding.has_lost_bytes):
            continue
        dirty_bytes, run.dirty_bytes = run.dirty_bytes, 0
        try:
            await asyncio.to_thread(package.holding.commit)
        except Exception as error:
            run.dirty_bytes += dirty_bytes
            refused = error
        tell_losses(agent, run, package)
    if refused is not None:
        agent.driver.written.set()
        raise refused


def tell_losses(agent: Agent, run: Run, package: OpenPackage) -> None:
    """After a sync that failed the node counts on blocks that are not here: they are fetched again.

    At each commit from then on, for what was being written at that moment is told of later.
    """
    task = agent.driver.node.task(run.spec.id)
    if not package.holding.has_lost_bytes or task is None or task.package is None:
        return
    lost = package.blocks_gone(task.package.held)
    if lost:
        log.warning("the disk lost what it could not sync: fetched again", blocks=lost.count)
        agent.driver.lost(run.spec.id, lost)


async def close_idle(agent: Agent) -> None:
    """Let go of runs that are over, of packages that nobody uses any more, and of their memory."""
    runs = len(agent.driver.runs)
    agent.forget_runs()
    closed = await asyncio.to_thread(agent.library.close_idle, agent.used(), idle_s=IDLE_S)
    if closed or len(agent.driver.runs) < runs:
        await asyncio.to_thread(give_back)


async def look_at_clock(agent: Agent) -> None:
    """Keep to the business hours."""
    agent.look_at_clock()


async def keep_house(cache: Cache) -> None:
    """Remove what is too old."""
    report = await cache.cache_gc()
    if report.removed:
        log.info("cache cleaned", removed=len(report.removed), freed_bytes=report.freed_bytes)


async def beat(notifier: Notifier) -> None:
    """Tell the service manager that the loop is alive."""
    notifier.watchdog()
