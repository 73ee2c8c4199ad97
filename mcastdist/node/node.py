"""What does one machine do? The rooms put together, complete, and still without I/O.

`Node` routes: messages to tasks by locator and session, orders out by `drain`. It also answers
for what this machine holds without a task: an Offer to who seeks it (PROTOCOL.md, section 5).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager

from mcastdist.http_fetch import Source
from mcastdist.ids import ContentId, Locator, NodeId, SessionId
from mcastdist.ranges import RangeSet
from mcastdist.wire import Claim, Dismiss, Message, Need, Offer, Report, Seek

from .commands import Address, Command, Package, TaskId, TaskSpec
from .config import NodeConfig
from .environment import Environment
from .offering import Offering
from .roll import Roll
from .task import Task


class Node:
    """One machine on its subnet. Does no I/O; see `wake_at`."""

    def __init__(self, *, config: NodeConfig, env: Environment) -> None:
        self._config = config
        self._env = env
        env.is_connected = config.is_connected
        self._roll = Roll()
        self._offering = Offering(env)
        self._outputs: list[Command] = []
        self.uploads_busy = False  # the agent says so: all upload slots are taken

    # In: what the machine's people and its agent say

    def configure(self, config: NodeConfig, *, now: float) -> None:
        """Other settings, for what begins now; whether others can be heard, also for tasks."""
        self._env.arrivals += bool(config.networks - self._config.networks)
        self._config, self._env.is_connected = config, config.is_connected
        tasks = self._roll.all()
        with self._turn(tasks):
            for task in tasks:
                task.wake(now=now)

    def start(
        self, spec: TaskSpec, *, package: Package | None, config: NodeConfig | None, now: float
    ) -> None:
        """Bring this locator here; `package` is what the store already knows of it.

        Must not be called again for a task that is under way. `config` overrides the node's.
        """
        assert self._roll.get(spec.id) is None, "one locator is one task on a node"
        self._env.trace("node.task", at=now, locator=spec.locator, task=spec.id)
        task = Task(
            spec=spec, config=config or self._config, env=self._env, package=package, now=now
        )
        with self._turn([task]):
            self._roll.add(task)

    def hold(self, locator: Locator, package: Package) -> None:
        """The store has this content, complete: offer it to who seeks it."""
        self._offering.hold(locator, package)

    def drop(self, content: ContentId) -> None:
        """The store has let go of this content."""
        self._offering.drop(content)

    def stop(self, task: TaskId, reason: str, *, now: float) -> None:
        """Suspended, cancelled, or the agent goes: leave in good order, hand over."""
        self._tell(task, lambda one: one.leave(reason, now=now))

    # In: what the network and the hands report

    def receive(self, message: Message, sender: NodeId, address: Address, *, now: float) -> None:
        """An authentic message of another node of the cluster."""
        concerned = self._concerned(message)
        with self._turn(concerned):
            for task in concerned:
                task.receive(message, sender, address, now=now)
            if isinstance(message, Seek):
                self._asked(message, aside=message.again, now=now)
            elif isinstance(message, Claim):
                self._asked(message, aside=True, now=now)
            elif isinstance(message, Offer):
                self._offering.hear(message, now=now)

    def package_known(self, task: TaskId, package: Package, *, now: float) -> None:
        """GetManifest has succeeded."""
        self._tell(task, lambda one: one.package_known(package, now=now))

    def blocks_held(self, task: TaskId, held: RangeSet, sound: RangeSet, *, now: float) -> None:
        """Blocks were written, and some of them are now wholly verified."""
        self._tell(task, lambda one: one.blocks_held(held, sound, now=now))

    def blocks_lost(self, task: TaskId, blocks: RangeSet, *, now: float) -> None:
        """Blocks were found to be wrong."""
        self._tell(task, lambda one: one.blocks_lost(blocks, now=now))

    def request_finished(self, task: TaskId, request: int, *, now: float) -> None:
        """GetBlocks came to its end."""
        self._tell(task, lambda one: one.request_finished(request, now=now))

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
        self._tell(
            task,
            lambda one: one.request_failed(
                request, code, sentence, now=now, permanent=permanent,
                retry_after_s=retry_after_s, ask_instead=ask_instead,
            ),
        )  # fmt: skip

    def refuse(self, task: TaskId, node: NodeId, *, now: float) -> None:
        """What this node sent was provably bad."""
        if self._roll.get(task) is not None:
            self._env.trace("node.refused", at=now, node=node)
            self._tell(task, lambda one: one.refuse(node, now=now))

    def wake(self, *, now: float) -> None:
        """The moment of `wake_at` has come."""
        due = self._roll.due(now)
        with self._turn(due):
            for task in due:
                task.wake(now=now)
            self._outputs += self._offering.due(
                now, http_port=self._config.http_port, busy=self.uploads_busy
            )

    # Out

    def wake_at(self) -> float:
        """When to call `wake`; NEVER at rest."""
        return min(self._roll.wake_at(), self._offering.wake_at())

    def due(self, now: float) -> list[TaskId]:
        """The tasks that `wake` would wake."""
        return [task.spec.id for task in self._roll.due(now)]

    def drain(self) -> list[Command]:
        """What is to be done, in order."""
        outputs, self._outputs = self._outputs, []
        return outputs

    def task(self, task: TaskId) -> Task | None:
        """One task, to look at."""
        return self._roll.get(task)

    @property
    def is_engaged(self) -> bool:
        """True while a session of ours is still going on."""
        return len(self._roll) > 0

    # Within

    def _tell(self, task: TaskId, tell: Callable[[Task], None]) -> None:
        """`tell` this task something, unless it is over."""
        found = self._roll.get(task)
        if found is not None:
            with self._turn([found]):
                tell(found)

    @contextmanager
    def _turn(self, tasks: Collection[Task]) -> Iterator[None]:
        """Something happens to these tasks. If one breaks, what the others want still goes out."""
        try:
            yield
        finally:
            for task in tasks:
                self._outputs.extend(task.drain())
                self._roll.note(task)

    def _concerned(self, message: Message) -> list[Task]:
        if isinstance(message, Report | Need | Dismiss):
            return self._roll.of_session(SessionId(message.session))
        locator: Locator | None = getattr(message, "locator", None)
        return self._roll.of_locator(locator) if locator is not None else []

    def _asked(self, question: Seek | Claim, *, aside: bool, now: float) -> None:
        """PROTOCOL.md, 5: a holder offers after a random wait, unless a representative answers.

        Who claims may never have asked: it slept, say, while its session came to its end.
        """
        locator = Locator(question.locator)
        if not (self._may_answer and self._offering.holds(locator)):
            return
        if not any(one.is_in_session for one in self._roll.of_locator(locator)):
            self._offering.asked(locator, aside=aside, now=now)

    @property
    def _may_answer(self) -> bool:
        """Weight 0 never answers (PROTOCOL.md, 5), nor does who serves no peers, or is silent."""
        config = self._config
        return config.multicast_enabled and config.http_port > 0 and config.merits.weight > 0
