"""Who puts the agent together and takes it apart? Everything that has hands, opened in order.

    settings -> identity, store -> interfaces, HTTP for peers -> node and driver -> sockets, fetcher

Opening fails as a whole, with one sentence; closing is in the reverse order and always completes:
sessions are handed over first, then sockets are closed, then the store.
"""

from __future__ import annotations

import asyncio
import random
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from mcastdist.http_fetch.client import HttpClient
from mcastdist.ids import ContentId, cluster_tag
from mcastdist.node import Environment, Node
from mcastdist.store import Store
from mcastdist.tracing import Tracer, silent
from mcastdist.wire import control_group

from . import logs
from .checkup import trials_of
from .config import node_config
from .downloading import take_up
from .driver import Driver
from .entry import Entry
from .fetching import Fetcher
from .fetching_means import Means
from .holdings import held_packages, store_limits, whole_package
from .identity import Identity, trusted_keys
from .interfaces import Chosen, bindable, choose, read_inventory
from .library import Library
from .peers import PeerServer
from .runs import Runs
from .serving import Serving
from .settings import Settings, require
from .sockets import ControlTransport
from .stream_sockets import Group
from .streams import Streams
from .taskbook import TaskBook
from .trace_file import TraceFile
from .unmet import log_choice

GOODBYE_S = 0.1  # for the hand-over's datagram to leave before the sockets close
SEED_BITS = 64

log = logs.get("daemon")


@dataclass(slots=True)
class Agent:
    """A running agent; made by `open_agent`."""

    settings: Settings
    identity: Identity
    library: Library
    interfaces: list[Chosen]  # shared with the streams; changed in place
    driver: Driver
    transport: ControlTransport
    peers: PeerServer
    streams: Streams
    book: TaskBook
    client: HttpClient
    http_port: int
    trace: Tracer
    environment: Environment  # of the node
    wall: Callable[[], float] = time.time  # seconds since 1970; somebody may set it at any time
    opened_at: float = field(default_factory=time.monotonic)

    async def hold_what_is_here(self) -> None:
        """Offer every complete package of the store to who seeks it; none is opened for that."""
        for locator, package in await asyncio.to_thread(held_packages, self.library.store):
            self.driver.node.hold(locator, package)

    async def reconfigure(self) -> None:
        """Tell the node of settings or interfaces that have changed."""
        config = await asyncio.to_thread(
            node_config, self.settings, self.interfaces, http_port=self.http_port
        )
        self.driver.configure(config)

    def look_at_clock(self) -> None:
        """Download as the settings want it at this hour."""
        take_up(self.client, self.settings.download, time.localtime(self.wall()))

    def used(self) -> set[ContentId]:
        """The packages that a task works on, or delivers."""
        return {
            run.package.content
            for run_id, run in self.driver.runs.items()
            if run.package is not None and self._is_used(run_id)
        }

    def forget_runs(self) -> None:
        """Let go of the runs that are over."""
        for run_id in [one for one in self.driver.runs if not self._is_used(one)]:
            del self.driver.runs[run_id]

    async def leave(self) -> None:
        """Hand over what we represent, tell the others, and stop."""
        for run_id in list(self.driver.runs):
            self.driver.stop(run_id, "agent_stops")
        await asyncio.sleep(GOODBYE_S)

    def _is_used(self, run_id: str) -> bool:
        return self.driver.node.task(run_id) is not None or bool(self.book.of_run(run_id))


async def open_agent(
    settings: Settings,
    stack: AsyncExitStack,
    *,
    trace: Tracer | None,
    wall: Callable[[], float] = time.time,
) -> Agent:
    """Open an agent; `stack` closes it. Raises UsageError or StorageError."""
    require(settings, "cluster.id", "cluster.key_file")
    identity = await asyncio.to_thread(Identity.read, settings)
    library = await asyncio.to_thread(_library, settings, identity)
    stack.push_async_callback(asyncio.to_thread, library.close_all)
    tracer = trace or _tracer(settings, stack)
    choice = choose(settings, read_inventory())
    interfaces = list(choice.chosen)
    opener, http_opener = (identity.opener(settings.cluster.id) for _ in range(2))
    voice = identity.voice(settings.cluster.id, (opener, http_opener))
    streams = Streams(
        settings=settings,
        cluster=cluster_tag(settings.cluster.id),
        interfaces=interfaces,
        port=settings.multicast.port,
    )
    stack.push_async_callback(streams.close_all)
    runs: Runs = {}
    serving = Serving(library, runs, rng=random.Random(secrets.randbits(SEED_BITS)), wall=wall)
    peers = PeerServer(
        opener=http_opener,
        find=serving.find,
        expected=serving.expects,
        random_bytes=secrets.token_bytes,
        uploads_max=settings.repair.uploads_max,
    )
    peers.is_open = settings.download.allow_peers
    peers.others = serving.others
    stack.push_async_callback(peers.close)
    http_port = await peers.listen(bindable(interfaces), settings.multicast.port)
    config = await asyncio.to_thread(node_config, settings, interfaces, http_port=http_port)
    environment = _environment(settings, identity, tracer)
    node = Node(config=config, env=environment)
    serving.node = node
    book = TaskBook(runs, node.task, lambda entry: _on_final(node, runs, entry, tracer), wall=wall)
    driver = Driver(
        node=node,
        own=identity.node,
        voice=voice,
        opener=opener,
        streams=streams,
        runs=runs,
        listener=book,
        is_busy=lambda: peers.is_busy,
        on_twin=lambda: _draw_another(identity),
    )
    stack.callback(driver.close)
    transport = _transport(settings, interfaces, driver)
    driver.trials = trials_of(settings, interfaces, http_port, voice=voice, carrier=transport)
    stack.callback(transport.close)
    client = await stack.enter_async_context(HttpClient(ca_file=settings.download.ca_file or None))
    peer_client = await stack.enter_async_context(HttpClient(proxies=False, redirects_max=0))
    fetcher = Fetcher(Means(client, peer_client, library, identity.key, voice, driver, clock=wall))
    stack.push_async_callback(fetcher.close)
    driver.hands.transport, driver.hands.fetcher = transport, fetcher
    agent = Agent(
        settings, identity, library, interfaces, driver, transport, peers, streams, book, client,
        http_port, tracer, environment, wall,
    )  # fmt: skip
    agent.look_at_clock()
    stack.push_async_callback(book.finish_deliveries)
    stack.push_async_callback(agent.leave)
    await agent.hold_what_is_here()
    log_choice(settings, choice)
    return agent


# Within: one thing each


def _library(settings: Settings, identity: Identity) -> Library:
    trusted = trusted_keys(settings.cluster.trusted_keys)
    store = Store(Path(settings.cache.dir), store_limits(settings))
    revoked = settings.cluster.revoked_keys
    return Library(store, key=identity.key, trusted=trusted, revoked=revoked)


def _tracer(settings: Settings, stack: AsyncExitStack) -> Tracer:
    if not settings.trace.file:
        return silent
    tracer = TraceFile(Path(settings.trace.file))
    stack.callback(tracer.close)
    return tracer


def _environment(settings: Settings, identity: Identity, trace: Tracer) -> Environment:
    return Environment(
        node=identity.node,
        cluster=cluster_tag(settings.cluster.id),
        key=identity.key,
        rng=random.Random(secrets.randbits(SEED_BITS)),
        trace=trace,
        locks=threading.Lock,
        other_keys=tuple(identity.keys[1:]),
    )


def _transport(
    settings: Settings, interfaces: Sequence[Chosen], driver: Driver
) -> ControlTransport:
    multicast = settings.multicast
    tag = cluster_tag(settings.cluster.id)
    group = Group(
        v4=control_group(tag, multicast.group_v4),
        v6=control_group(tag, multicast.group_v6),
        port=multicast.port,
    )
    return ControlTransport(interfaces, group, ttl=multicast.ttl, on_datagram=driver.ear.hear)


def _draw_another(identity: Identity) -> None:
    """PROTOCOL.md, 3.1: for the next start; a session under way keeps its name."""
    identity.state.renew_node_id()


def _on_final(node: Node, runs: Runs, entry: Entry, trace: Tracer) -> None:
    """A task has ended: offer what is here to others."""
    record = entry.record
    trace(
        "agent.task_ended", at=time.monotonic(), task=record.id, state=record.state,
        reason=record.reason or None,
    )  # fmt: skip
    run = runs.get(entry.run_id)
    if run is None or run.package is None or entry.record.failure == "content":
        return
    if run.package.holding.complete:
        package = run.package
        node.hold(run.locator, whole_package(package.content, package.manifest.payload_bytes))
