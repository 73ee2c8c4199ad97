"""What does one machine do? The rooms put together, complete, and still without I/O.

`Node` routes: messages to tasks by locator and session, orders out by `drain`. It also answers
for what this machine holds without a task: an Offer to who seeks it (PROTOCOL.md, section 5).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mcastdist.http_fetch import Source
from mcastdist.ids import ContentId, Locator, NodeId
from mcastdist.ranges import RangeSet
from mcastdist.timers import NEVER, Timers
from mcastdist.wire import (
    OFFER_WAIT_S,
    OFFERS_ENOUGH,
    Claim,
    Dismiss,
    Message,
    Need,
    Offer,
    Report,
    Seek,
)

from .commands import Address, Command, Package, Send, TaskId, TaskSpec
from .config import NodeConfig
from .environment import Environment
from .task import Task


@dataclass(slots=True)
class _Holding:
    """Content that is here and can be served."""

    locator: Locator
    package: Package
    offers_heard: int = 0
    asked_aside: bool = False  # by one who may be out of the group's reach


class Node:
    """One machine on its subnet. Does no I/O; see `wake_at`."""

    def __init__(self, *, config: NodeConfig, env: Environment) -> None:
        self._config = config
        self._env = env
        env.is_connected = config.is_connected
        self._tasks: dict[TaskId, Task] = {}
        self._holdings: dict[Locator, _Holding] = {}
        self._timers: Timers[Locator] = Timers()  # offers that wait
        self._outputs: list[Command] = []
        self.uploads_busy = False  # the agent says so: all upload slots are taken

    # In: what the machine's people and its agent say

    def configure(self, config: NodeConfig, *, now: float) -> None:
        """Other settings, for what begins now; whether others can be heard, also for tasks."""
        self._config, self._env.is_connected = config, config.is_connected
        for task in list(self._tasks.values()):
            task.wake(now=now)
        self._settle()

    def start(
        self, spec: TaskSpec, *, package: Package | None, config: NodeConfig | None, now: float
    ) -> None:
        """Bring this locator here; `package` is what the store already knows of it.

        Must not be called again for a task that is under way. `config` overrides the node's.
        """
        assert spec.id not in self._tasks, "one locator is one task on a node"
        self._env.trace("node.task", at=now, locator=spec.locator, task=spec.id)
        self._tasks[spec.id] = Task(
            spec=spec, config=config or self._config, env=self._env, package=package, now=now
        )
        self._settle()

    def hold(self, locator: Locator, package: Package) -> None:
        """The store has this content, complete: offer it to who seeks it."""
        self._holdings[locator] = _Holding(locator, package)

    def drop(self, content: ContentId) -> None:
        """The store has let go of this content."""
        gone = [key for key, one in self._holdings.items() if one.package.content == content]
        for locator in gone:
            del self._holdings[locator]
            self._timers.stop(locator)

    def stop(self, task: TaskId, reason: str, *, now: float) -> None:
        """Suspended, cancelled, or the agent goes: leave in good order, hand over."""
        if task in self._tasks:
            self._tasks[task].leave(reason, now=now)
            self._settle()

    # In: what the network and the hands report

    def receive(self, message: Message, sender: NodeId, address: Address, *, now: float) -> None:
        """An authentic message of another node of the cluster."""
        for task in self._concerned(message):
            task.receive(message, sender, address, now=now)
        if isinstance(message, Seek):
            self._asked(message, aside=message.again, now=now)
        elif isinstance(message, Claim):
            self._asked(message, aside=True, now=now)
        elif isinstance(message, Offer):
            self._hear_offer(message, now)
        self._settle()

    def package_known(self, task: TaskId, package: Package, *, now: float) -> None:
        """GetManifest has succeeded."""
        if task in self._tasks:
            self._tasks[task].package_known(package, now=now)
            self._settle()

    def blocks_held(self, task: TaskId, held: RangeSet, sound: RangeSet, *, now: float) -> None:
        """Blocks were written, and some of them are now wholly verified."""
        if task in self._tasks:
            self._tasks[task].blocks_held(held, sound, now=now)
            self._settle()

    def blocks_lost(self, task: TaskId, blocks: RangeSet, *, now: float) -> None:
        """Blocks were found to be wrong."""
        if task in self._tasks:
            self._tasks[task].blocks_lost(blocks, now=now)
            self._settle()

    def request_finished(self, task: TaskId, request: int, *, now: float) -> None:
        """GetBlocks came to its end."""
        if task in self._tasks:
            self._tasks[task].request_finished(request, now=now)
            self._settle()

    def request_failed(
        self,
        task: TaskId,
        request: int,
        code: str,
        sentence: str,
        *,
        now: float,
        permanent: bool = False,
        retry_after_s: float | None = None,
        ask_instead: Sequence[Source] = (),
    ) -> None:
        """GetManifest or GetBlocks failed."""
        if task in self._tasks:
            self._tasks[task].request_failed(
                request, code, sentence, now=now, permanent=permanent,
                retry_after_s=retry_after_s, ask_instead=ask_instead,
            )  # fmt: skip
            self._settle()

    def refuse(self, task: TaskId, node: NodeId, *, now: float) -> None:
        """What this node sent was provably bad."""
        if task in self._tasks:
            self._env.trace("node.refused", at=now, node=node)
            self._tasks[task].refuse(node, now=now)
            self._settle()

    def wake(self, *, now: float) -> None:
        """The moment of `wake_at` has come."""
        for task in list(self._tasks.values()):
            if task.wake_at() <= now:
                task.wake(now=now)
        for locator in self._timers.due(now):
            self._offer(self._holdings[locator], now)
        self._settle()

    # Out

    def wake_at(self) -> float:
        """When to call `wake`; NEVER at rest."""
        tasks = min((task.wake_at() for task in self._tasks.values()), default=NEVER)
        return min(tasks, self._timers.wake_at())

    def drain(self) -> list[Command]:
        """What is to be done, in order."""
        outputs, self._outputs = self._outputs, []
        return outputs

    def task(self, task: TaskId) -> Task | None:
        """One task, to look at."""
        return self._tasks.get(task)

    @property
    def is_engaged(self) -> bool:
        """True while a session of ours is still going on."""
        return bool(self._tasks)

    # Within

    def _settle(self) -> None:
        for task in list(self._tasks.values()):
            self._outputs.extend(task.drain())
            if task.is_retired:
                del self._tasks[task.spec.id]

    def _concerned(self, message: Message) -> list[Task]:
        if isinstance(message, Report | Need | Dismiss):
            return [one for one in self._tasks.values() if one.session == message.session]
        locator = getattr(message, "locator", None)
        return [one for one in self._tasks.values() if one.spec.locator == locator]

    def _asked(self, question: Seek | Claim, *, aside: bool, now: float) -> None:
        """PROTOCOL.md, 5: a holder offers after a random wait, unless a representative answers.

        Who claims may never have asked: it slept, say, while its session came to its end.
        """
        holding = self._holdings.get(Locator(question.locator))
        if holding is None or not self._may_answer:
            return
        if any(one.is_in_session for one in self._concerned(question)):
            return
        holding.offers_heard = 0
        holding.asked_aside |= aside
        self._timers.set_if_earlier(holding.locator, now + self._env.rng.random() * OFFER_WAIT_S)

    @property
    def _may_answer(self) -> bool:
        """Weight 0 never answers (PROTOCOL.md, 5), nor does who says nothing to the group."""
        return self._config.multicast_enabled and self._config.merits.weight > 0

    def _hear_offer(self, offer: Offer, now: float) -> None:
        holding = self._holdings.get(Locator(offer.locator))
        if holding is None or not self._timers.is_set(holding.locator):
            return
        holding.offers_heard += 1
        if holding.offers_heard >= OFFERS_ENOUGH:
            self._timers.stop(holding.locator)
            self._env.trace("node.offer_suppressed", at=now, locator=holding.locator)

    def _offer(self, holding: _Holding, now: float) -> None:
        package = holding.package
        self._env.trace("node.offer", at=now, locator=holding.locator)
        offer = Offer(
            locator=holding.locator,
            content=package.content,
            http_port=self._config.http_port,
            held_blocks=package.held.count,
            complete=True,
            busy=self.uploads_busy,
        )
        self._outputs.append(Send(offer))
        if holding.asked_aside:
            self._outputs.append(Send(offer, aside=True))
            holding.asked_aside = False
