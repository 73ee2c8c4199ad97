"""How is an agent run? As a daemon, inside one command, or not at all but for its store."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import msgspec

from mcastdist.errors import McastdistError
from mcastdist.store import Store
from mcastdist.tracing import Tracer
from mcastdist.wire import ClusterKey

from . import logs
from .api import CheckupRequest, Finding
from .cache import Cache
from .checkup import cannot_run, examine_machine, in_order, of_the_real_places, usable_places
from .chores import start, start_chores, start_daemons_chores
from .control import serve
from .controller import AgentController
from .daemon import Agent, open_agent
from .holdings import store_limits
from .interfaces import Chosen, bindable, choose, read_inventory
from .library import Library
from .netlink import InterfaceWatch
from .notify import Notifier
from .settings import LogSettings, Settings
from .task_journal import FILE as JOURNAL_FILE
from .task_journal import TaskJournal

KEY_OF_NOBODY = ClusterKey(bytes(16))  # a store that is only looked after seals nothing

log = logs.get("daemon")


@asynccontextmanager
async def embedded_agent(
    settings: Settings, *, trace: Tracer | None = None, wall: Callable[[], float] = time.time
) -> AsyncIterator[AgentController]:
    """An agent in this process: a full member of the segment, for one command.

    A task that nobody can supply now fails at once, since somebody waits for the command.
    """
    _log_only_what_is_wrong(settings)
    impatient = msgspec.structs.replace(settings.download, retry_backoff_min=())
    settings = msgspec.structs.replace(settings, download=impatient)
    async with AsyncExitStack() as stack:
        agent = await open_agent(settings, stack, trace=trace, wall=wall)
        controller = AgentController(agent)
        start_chores(agent, stack)
        start(stack, controller.dispatch.tend())
        _watch_interfaces(agent, stack)
        yield controller


def _log_only_what_is_wrong(settings: Settings) -> None:
    """A command shows its own progress: unless more is asked for, the log adds only what broke."""
    if logging.getLogger().handlers:
        return  # whoever embeds us has a log of his own
    default = LogSettings().level
    level = "error" if settings.log.level == default else settings.log.level
    logs.set_up(msgspec.structs.replace(settings.log, level=level))


async def examine_alone(settings: Settings, request: CheckupRequest) -> list[Finding]:
    """What an agent finds that lives only for that; if none can run, what can be seen without."""
    try:
        with usable_places(settings) as usable:
            async with embedded_agent(usable) as agent:
                found = await agent.checkup(request)
    except McastdistError as error:
        seen = await asyncio.to_thread(examine_machine, settings)
        return in_order([cannot_run(str(error)), *seen])
    if usable is settings:
        return found
    return in_order(await asyncio.to_thread(of_the_real_places, settings, found))


@asynccontextmanager
async def offline_cache(settings: Settings) -> AsyncIterator[Cache]:
    """The store of an agent that does not run. Raises StoreBusy if it does."""
    store = await asyncio.to_thread(Store, Path(settings.cache.dir), store_limits(settings))
    library = Library(store, key=KEY_OF_NOBODY, trusted=None)
    try:
        yield Cache(library)
    finally:
        await asyncio.to_thread(library.close_all)


def run_agent(settings: Settings) -> int:
    """Be the daemon until SIGTERM or SIGINT; SIGHUP reads the settings again."""
    logs.set_up(settings.log)
    asyncio.run(_daemon(settings))
    return 0


async def _daemon(settings: Settings) -> None:
    notifier = Notifier(os.environ)
    ended = asyncio.Event()
    asyncio.get_running_loop().set_exception_handler(_log_unexpected)
    journal = TaskJournal(Path(settings.node.state_dir) / JOURNAL_FILE)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(journal.close)
        agent = await open_agent(settings, stack, trace=None)
        controller = AgentController(agent)
        await controller.remember(journal)
        stack.callback(controller.keep_all)
        control = settings.control
        server = await serve(
            controller,
            listen=control.listen or None,
            unix_socket=Path(control.socket) if control.socket else None,
            token_file=Path(control.token_file),
        )
        stack.push_async_callback(server.close)
        start_chores(agent, stack)
        start(stack, controller.dispatch.tend())
        start_daemons_chores(controller, notifier, stack)
        _watch_interfaces(agent, stack)
        _handle_signals(ended, controller)
        notifier.ready(f"cluster {settings.cluster.id}, {len(agent.interfaces)} interfaces")
        log.info("ready", control=server.address, udp_port=settings.multicast.port)
        await ended.wait()
        notifier.stopping()
        log.info("stops")


def _handle_signals(ended: asyncio.Event, controller: AgentController) -> None:
    loop = asyncio.get_running_loop()
    jobs: set[asyncio.Task[None]] = set()

    def hang_up() -> None:
        job = loop.create_task(_reload(controller))
        jobs.add(job)
        job.add_done_callback(jobs.discard)

    if hasattr(signal, "SIGHUP"):
        loop.add_signal_handler(signal.SIGHUP, hang_up)
    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):  # Windows: Ctrl-C raises instead
            loop.add_signal_handler(number, ended.set)


async def _reload(controller: AgentController) -> None:
    try:
        outcome = await controller.reload()
    except McastdistError as error:
        log.error("settings not taken up", why=str(error))
    except Exception as error:
        log.error("settings not taken up", error)
    else:
        log.info("settings read again", **outcome)


def _watch_interfaces(agent: Agent, stack: AsyncExitStack) -> None:
    changes = asyncio.Event()
    used = {one.name for one in agent.interfaces}  # at any time
    watch = InterfaceWatch(changes.set, is_in_a_hurry=lambda: lacks_interface(agent, used))
    stack.callback(watch.close)
    follow = asyncio.create_task(_follow_interfaces(agent, changes, used))
    stack.callback(follow.cancel)


def lacks_interface(agent: Agent, used: set[str]) -> bool:
    """True if there is none, or one that was in use is gone: who has many may lack one for ever."""
    return not agent.interfaces or not used <= {one.name for one in agent.interfaces}


async def _follow_interfaces(agent: Agent, changes: asyncio.Event, used: set[str]) -> None:
    try:
        missed = await asyncio.to_thread(_chosen_now, agent.settings) != agent.interfaces
    except Exception as error:
        log.error("the interfaces could not be looked at", error)
        missed = True
    if missed:
        changes.set()  # between our first look and the watch: likely while a machine starts
    while True:
        await changes.wait()
        changes.clear()
        try:
            await refresh_interfaces(agent)
            used.update(one.name for one in agent.interfaces)
        except Exception as error:
            log.error("the interfaces could not be looked at again", error)


async def refresh_interfaces(agent: Agent) -> None:
    """Use the interfaces as they are now; a stream under way keeps those it began with."""
    chosen = await asyncio.to_thread(_chosen_now, agent.settings)
    gone = {one.address for one in agent.interfaces} - {one.address for one in chosen}
    agent.interfaces[:] = chosen
    for refusal in agent.transport.refresh(chosen):
        log.warning("interface cannot be used", why=refusal)
    if agent.http_port:
        await agent.peers.listen(bindable(chosen), agent.http_port)
    if gone:
        await agent.driver.hands.fetcher.renew_connections()
    await agent.reconfigure()
    log.info("interfaces looked at again", used=[one.name for one in chosen])


def _chosen_now(settings: Settings) -> list[Chosen]:
    return choose(settings, read_inventory()).chosen


def _log_unexpected(_loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
    """What nobody caught: asyncio would print it where no administrator looks."""
    error = context.get("exception")
    log.error(
        str(context.get("message", "something unexpected happened")),
        error if isinstance(error, BaseException) else None,
    )
