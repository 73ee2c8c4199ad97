r"""Where does one task stand on this machine, and who hands what to whom for it?

    seeking --> leading: manifest, download, stream -----+--> complete --> holding
        \-----> following: manifest, stream, repair -----/
         \----> alone: manifest, download --------------/

`Participation` says what part we play and does the talking, `Provision` gets by HTTP what no stream
brings. A complete task goes on for as long as its session lasts, so that others are served.
"""

from __future__ import annotations

from collections.abc import Sequence

from mcastdist.election import Role
from mcastdist.http_fetch import Source
from mcastdist.ids import NodeId, SessionId
from mcastdist.ranges import RangeSet
from mcastdist.timers import NEVER
from mcastdist.wire import Message, Phase, ReceiverState

from .commands import Address, Command, Complete, Package, TaskFailed, TaskSpec
from .config import NodeConfig
from .environment import Environment
from .participation import Participation
from .provision import Provision
from .reception import Reception
from .representation import Representation


class Task:
    """One locator on one node. Does no I/O; see `wake_at`."""

    def __init__(
        self,
        *,
        spec: TaskSpec,
        config: NodeConfig,
        env: Environment,
        package: Package | None,
        now: float,
    ) -> None:
        self.spec = spec
        self.package: Package | None = None
        self.is_retired = False
        self._env = env
        self._participation = Participation(spec=spec, config=config, env=env, now=now)
        self._provision = Provision(
            spec=spec, config=config, env=env, participation=self._participation, now=now
        )
        self._said_complete = False
        self._outputs: list[Command] = []
        if package is not None:
            self.package_known(package, now=now)
        else:
            self._settle(now)

    # Within reach

    @property
    def is_complete(self) -> bool:
        """True if every block is here and lies in verified chunks."""
        return self.package is not None and self.package.is_complete

    @property
    def role(self) -> Role:
        """This node's part in the election."""
        return self._participation.role

    @property
    def representation(self) -> Representation | None:
        """The session we represent, if we do."""
        return self._participation.parts.representation

    @property
    def reception(self) -> Reception | None:
        """The session we follow, if we do."""
        return self._participation.parts.reception

    @property
    def session(self) -> SessionId | None:
        """The session we represent or follow, if there is one."""
        return self._participation.parts.session

    @property
    def is_in_session(self) -> bool:
        """True if who seeks this locator hears of a session from us, or from whom we follow."""
        return self._participation.parts.is_live

    @property
    def fallbacks(self) -> dict[str, int]:
        """What went wrong, and what costlier way was taken: reason code -> times."""
        return dict(self._provision.fallbacks + self._participation.parts.fallbacks)

    @property
    def retry_at(self) -> float:
        """When it tries all again; NEVER while it does not rest."""
        return self._provision.retry_at

    def state_word(self) -> str:
        """Where the task stands, in the administrator's words (`agent.api.State`)."""
        if self.is_complete:
            return "verifying"
        if self._provision.is_resting:
            return "waiting"
        if self._participation.fetches_for_all:
            return "downloading" if self.package is not None else "representing"
        return self._receiving_word(self.reception) if self.reception is not None else "seeking"

    # In

    def receive(self, message: Message, sender: NodeId, address: Address, *, now: float) -> None:
        """A message that concerns this locator or one of its sessions."""
        was_ours = self._participation.leader == sender and not self.is_complete
        self._participation.receive(message, sender, address, now=now)
        self._provision.receive(message, sender, address, was_ours=was_ours, now=now)
        self._settle(now)

    def package_known(self, package: Package, *, now: float) -> None:
        """The manifest is here and trusted, and the store is open for it."""
        self.package = package
        self._provision.manifest_known(now)
        self._participation.holds(package)
        self._participation.parts.package_known(package, now=now)
        self._settle(now)

    def blocks_held(self, held: RangeSet, sound: RangeSet, *, now: float) -> None:
        """These blocks have come (from wherever), these are wholly verified now."""
        assert self.package is not None
        for start, stop in held:
            self.package.held.add(start, stop)
        for start, stop in sound:
            self.package.sound.add(start, stop)
        self._provision.blocks_held(held, now=now)
        self._participation.holds(self.package)
        self._participation.parts.blocks_held(held, sound)
        self._settle(now)

    def blocks_lost(self, blocks: RangeSet, *, now: float) -> None:
        """These blocks turned out to be wrong or damaged: they are missing again."""
        assert self.package is not None
        for start, stop in blocks:
            self.package.held.remove(start, stop)
            self.package.sound.remove(start, stop)
        self._participation.holds(self.package)
        self._participation.parts.blocks_lost(blocks, now=now)
        self._said_complete = False
        self._settle(now)

    def request_finished(self, request: int, *, now: float) -> None:
        """A fetch came to its end."""
        self._provision.finished(request, now=now)
        self._settle(now)

    def request_failed(
        self,
        request: int,
        code: str,
        sentence: str,
        *,
        now: float,
        permanent: bool = False,
        retry_after_s: float | None = None,
        ask_instead: Sequence[Source] = (),
    ) -> None:
        """A fetch failed."""
        self._provision.failed(
            request, code, sentence, now=now, permanent=permanent, retry_after_s=retry_after_s,
            ask_instead=ask_instead,
        )  # fmt: skip
        self._settle(now)

    def refuse(self, node: NodeId, *, now: float) -> None:
        """This node sent us something provably bad."""
        self._provision.refuse(node)
        self._participation.refuse(node, now=now)
        self._settle(now)

    def leave(self, reason: str, *, now: float) -> None:
        """Stop taking part, in good order."""
        self._participation.parts.leave(reason, now=now)
        self._retire(now)

    def wake(self, *, now: float) -> None:
        """The moment of `wake_at` has come."""
        self._participation.wake(now=now)
        self._provision.wake(now)
        self._settle(now)

    # Out

    def wake_at(self) -> float:
        """When to call `wake`; NEVER once it is retired."""
        if self.is_retired:
            return NEVER
        return min(self._participation.wake_at(), self._provision.wake_at())

    def drain(self) -> list[Command]:
        """What is to be done, in order."""
        outputs, self._outputs = self._outputs, []
        return outputs

    # Within

    def _settle(self, now: float) -> None:
        """Hand everything on until nothing new comes out."""
        self._participation.apply_roles(now)
        self._provision.note_part(now)
        if not self.is_complete and not self.is_retired:
            self._provision.look(self.package, now)
        self._collect()
        verdict = self._provision.judge(now)
        if verdict is not None:
            self._outputs.append(TaskFailed(self.spec.id, verdict.code, verdict.sentence))
            self.leave(verdict.code, now=now)
        if self.is_complete and not self._said_complete:
            self._finish(now)
        if self.is_complete and self._is_over and not self.is_retired:
            self._participation.parts.end(now=now)
            self._retire(now)
        self._collect()

    def _collect(self) -> None:
        self._outputs.extend(self._participation.drain())
        self._outputs.extend(self._provision.drain())

    def _finish(self, now: float) -> None:
        self._said_complete = True
        self._provision.stop(now)
        self._participation.parts.complete(now=now)
        self._env.trace("node.complete", at=now, locator=self.spec.locator)
        self._outputs.append(Complete(self.spec.id))

    @property
    def _is_over(self) -> bool:
        """The session we represented is closed, or there is nobody to be in a session with."""
        nobody = self.role in (Role.SEEKING, Role.ABSTAINING, Role.ALONE)
        return nobody or self._participation.parts.is_over

    def _retire(self, now: float) -> None:
        self._provision.stop(now)
        self._collect()
        self.is_retired = True

    def _receiving_word(self, reception: Reception) -> str:
        if self.package is None or reception.announce.phase < Phase.STREAMING:
            return "waiting"
        if reception.state in (ReceiverState.REPAIRING, ReceiverState.DEAF):
            return "repairing"
        return "receiving"
