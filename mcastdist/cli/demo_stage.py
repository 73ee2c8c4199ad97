"""How is the demo's stage set? An origin in this process, agents in their own, all on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import filecmp
import random
import socket
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, TypedDict

from mcastdist.agent.control import ControlClient
from mcastdist.agent.origin_server import OriginServer, start_origin
from mcastdist.errors import UnavailableError

from .demo_actor import Actor
from .demo_package import Package, make_package

START_DELAY_S = 3.0
LATE_S = 0.8  # after the stream's start: the late one misses the beginning
STARTS_AT_ONCE = 4  # each is a second of a processor, and little else
RATE_BPS = 300_000_000  # all agents share this machine's cores
DATAGRAM_BYTES = 1_472  # as on a LAN, although loopback takes more
PORTS = range(20_000, 40_000)
PORT_TRIES = 50
RESULT_KEYS = ("state", "role", "seconds", "bytes_by_source", "reason", "sentence")


class Result(TypedDict):
    """The table as data, with what the origin says it served."""

    agents: int
    payload_bytes: int
    origin_bytes: int
    origin_copies: float
    seconds: float
    complete: bool
    equal: bool
    results: list[dict[str, object]]


class Stage:
    """All that is running, and the result."""

    def __init__(self, *, actors: list[Actor], origin: OriginServer, package: Package) -> None:
        self.actors = actors
        self.origin = origin
        self.package = package
        self.delay_s = START_DELAY_S
        self._started = time.monotonic()
        self._ended: float | None = None

    @property
    def title(self) -> str:
        """What is distributed."""
        return self.package.title

    @property
    def files(self) -> int:
        """How many files it has."""
        return self.package.files

    @property
    def payload_bytes(self) -> int:
        """Their bytes together."""
        return self.package.payload_bytes

    @property
    def seconds(self) -> float:
        """Since the first task, until the last was over."""
        return (self._ended or time.monotonic()) - self._started

    @property
    def origin_bytes(self) -> int:
        """What the origin has served so far."""
        return self.origin.stats()["bytes"]

    @property
    def is_over(self) -> bool:
        """True if every agent is done."""
        over = all(actor.is_over for actor in self.actors)
        if over and self._ended is None:
            self._ended = time.monotonic()
        return over

    async def pause(self, seconds: float, seconds_max: float) -> None:
        """Let time pass. Raises UnavailableError if it takes too long altogether."""
        if self.seconds > seconds_max:
            raise UnavailableError(f"the demo was not done in {seconds_max:.0f} s")
        await asyncio.sleep(seconds)

    def result(self) -> Result:
        """What came of it; compares all files, so not for the event loop."""
        served = self.origin_bytes
        equal = all(self._is_equal(actor) for actor in self.actors)
        return {
            "agents": len(self.actors),
            "payload_bytes": self.payload_bytes,
            "origin_bytes": served,
            "origin_copies": served / max(1, self.payload_bytes),
            "seconds": round(self.seconds, 2),
            "complete": equal,
            "equal": equal,
            "results": [_shown(actor) for actor in self.actors],
        }

    def _is_equal(self, actor: Actor) -> bool:
        if actor.record is None or actor.record.state != "delivered":
            return False
        source = self.package.source
        names = [str(path.relative_to(source)) for path in source.rglob("*") if path.is_file()]
        same, _, _ = filecmp.cmpfiles(source, actor.delivered, names, shallow=False)
        return len(same) == len(names)


@asynccontextmanager
async def open_stage(
    folder: Path, agents: int, given: Path | None, *, tell: Callable[[str], None]
) -> AsyncIterator[Stage]:
    """Make the package, start everything, give the tasks; end everything at the end."""
    package = await make_package(folder, agents, given)
    tell(f"starting {agents} agents ...")
    async with AsyncExitStack() as stack:
        origin = await start_origin(folder / "origin", "127.0.0.1", 0)
        stack.push_async_callback(origin.close)
        actors = [Actor(n, folder, is_late=n == agents) for n in range(1, agents + 1)]
        stack.push_async_callback(_stop_all, actors)
        settings = stage_settings(folder)
        clients = await _start_all(actors, settings, stack)
        stage = Stage(actors=actors, origin=origin, package=package)
        tasks = [
            asyncio.create_task(_act(actor, client, origin.package_urls()[0]))
            for actor, client in zip(actors, clients, strict=True)
        ]
        stack.push_async_callback(_cancel, tasks)
        yield stage


async def _start_all(
    actors: list[Actor], settings: dict[str, object], stack: AsyncExitStack
) -> list[ControlClient]:
    """A few at a time: all at once, none would be ready soon on a busy machine."""
    turn = asyncio.Semaphore(STARTS_AT_ONCE)

    async def start(actor: Actor) -> ControlClient:
        async with turn:
            await actor.start(settings)
            return await actor.ready(stack)

    starts = [asyncio.create_task(start(actor)) for actor in actors]
    stack.push_async_callback(_cancel, starts)
    return await asyncio.gather(*starts)


async def _act(actor: Actor, client: ControlClient, url: str) -> None:
    if actor.is_late:
        await asyncio.sleep(START_DELAY_S + LATE_S)
    await actor.fetch(client, url)


async def _cancel(tasks: Sequence[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _stop_all(actors: list[Actor]) -> None:
    await asyncio.gather(*(actor.stop() for actor in actors))


def stage_settings(folder: Path) -> dict[str, object]:
    """What all agents of the demo have in common."""
    return {
        "cluster.id": "demo",
        "cluster.key_file": folder / "keys" / "cluster.key",
        "cluster.trusted_keys": [str(folder / "keys" / "signing.pub")],
        "multicast.loopback": True,
        "multicast.interfaces": ["lo"],
        "multicast.port": _free_port(),
        "multicast.session_start_delay_s": START_DELAY_S,
        "multicast.rate_limit_bps": RATE_BPS,
        "multicast.datagram_bytes_max": DATAGRAM_BYTES,
        "cache.free_bytes_min": 0,
        "cache.bytes_max": 1 << 40,
        "election.never_on": "",
        "log.level": "info",
    }


def _free_port() -> int:
    """A UDP port that nobody has on 127.0.0.2; another demo may run beside this one."""
    for _ in range(PORT_TRIES):
        port = random.choice(PORTS)
        with contextlib.suppress(OSError), socket.socket(type=socket.SOCK_DGRAM) as udp:
            udp.bind(("127.0.0.2", port))
            return port
    raise UnavailableError("no free UDP port on 127.0.0.2 for the demo")


def _shown(actor: Actor) -> dict[str, object]:
    shown: dict[str, object] = {"agent": actor.name, "late": actor.is_late}
    if actor.record is not None:
        shown |= {key: getattr(actor.record, key) for key in RESULT_KEYS}
    if actor.trouble:
        shown |= {"state": "failed", "sentence": actor.trouble}
    return shown
