"""What part do we play in the session for one locator, and who hears what of it?

The election decides (`candidacy.py`); its decisions become the side of a session that we hold
(`parts.py`), and what is heard goes to the one that it concerns. Where multicast is disabled we are
alone, hear nothing and say nothing.
"""

from __future__ import annotations

from mcastdist.election import AnnounceNow, AskLeader, Role, RoleChanged
from mcastdist.ids import NodeId
from mcastdist.wire import (
    BAN_S,
    LEASE_S,
    Announce,
    Claim,
    Dismiss,
    Handover,
    Message,
    Need,
    Report,
    Seek,
)

from .candidacy import Candidacy
from .commands import Address, Command, Package, Send, TaskSpec
from .config import NodeConfig
from .environment import Environment
from .parts import Parts


class Participation:
    """One node's part in the session for one locator. Does no I/O; see `wake_at`."""

    def __init__(self, *, spec: TaskSpec, config: NodeConfig, env: Environment, now: float) -> None:
        self._config = config
        self._began_at = now - spec.waited_s
        self._start_at: float | None = None  # when the stream may start, by whoever represents
        self._outputs: list[Command] = []
        self._env = env
        self._arrivals = env.arrivals  # as far as we have noticed
        self._candidacy = Candidacy(spec=spec, config=config, env=env, now=now)
        self._candidate = self._candidacy.candidate
        self.parts = Parts(spec=spec, config=config, env=env)

    # Within reach

    @property
    def role(self) -> Role:
        """This node's part in the election."""
        return self._candidate.role

    @property
    def leader(self) -> NodeId | None:
        """Whom this node follows."""
        return self._candidate.leader

    @property
    def succeeds(self) -> bool:
        """True if we represent, and another has before us."""
        return self.parts.representation is not None and self._candidate.standing.generation > 1

    @property
    def has_lost_leader(self) -> bool:
        """True if whom we followed is not heard any more, and nobody has taken its place."""
        return self.parts.reception is not None and self.leader is None

    @property
    def fetches_for_all(self) -> bool:
        """True if it is for us to ask the origin."""
        return self.parts.representation is not None or self.role is Role.ALONE

    # In: messages

    def receive(self, message: Message, sender: NodeId, address: Address, *, now: float) -> None:
        """A message that concerns this locator or one of its sessions, but for an Offer."""
        if not self._config.multicast_enabled:
            return
        if isinstance(message, Announce):
            self._hear_announce(message, sender, address, now)
        elif isinstance(message, Claim):
            self._answer(address, now)
            self._candidate.receive_claim(message, sender, now=now)
        elif isinstance(message, Handover):
            self._candidate.receive_handover(message, sender, now=now)
        elif isinstance(message, Seek):
            self._announce_soon(now)
            if message.again:
                self._answer(address, now)
            self._candidate.receive_seek(sender, now=now)
        elif self.parts.representation is not None:
            self._hear_as_representative(message, sender, address, now)
        else:
            self._hear_as_receiver(message, sender, now)

    def refuse(self, node: NodeId, *, now: float) -> None:
        """This node sent us something provably bad: we take nothing more of it."""
        self._candidate.refuse(node, until=now + BAN_S, now=now)
        if self.parts.reception is not None and self.parts.reception.leader == node:
            self.parts.end_reception()

    # In: decisions

    def holds(self, package: Package) -> None:
        """This is what speaks for us now."""
        self._candidacy.holds(package)

    def let_others_represent(self, reason: str, *, now: float) -> None:
        """We cannot supply those whom we represent; perhaps one of them can."""
        self.parts.hand_over(now=now)
        self._candidacy.give_up(reason, now=now)

    def rest(self, *, now: float) -> None:
        """Nobody supplies us for now. Whom we follow, we go on following."""
        if self.parts.reception is None:
            self.parts.close(now=now)
            self._candidacy.rest(now=now)

    def try_again(self, *, now: float) -> None:
        """The rest is over."""
        if self.role is Role.ALONE:
            self._candidacy.try_again(now=now)

    def apply_roles(self, now: float) -> None:
        """Become what the election says."""
        for output in self._candidate.drain():
            if isinstance(output, RoleChanged):
                self._change_role(output, now)
            elif isinstance(output, AnnounceNow):
                self._announce_soon(now)
            elif isinstance(output, AskLeader):
                self._ask_leader(output)
            else:
                self._say(output)

    def wake(self, *, now: float) -> None:
        """The moment of `wake_at` has come, or is long over: this machine may have slept."""
        ours = self.parts.representation
        if ours is not None and now - ours.wake_at() > LEASE_S:  # nobody follows it any more
            self._candidate.resign("overslept", now=now)
            self.apply_roles(now)
        if self._arrivals != self._env.arrivals:
            self._arrivals = self._env.arrivals
            self._meet_network(now)
        self._candidacy.wake(now=now)
        self.parts.wake(now=now)

    # Out

    def wake_at(self) -> float:
        """When to call `wake`."""
        return min(self._candidacy.wake_at(), self.parts.wake_at())

    def drain(self) -> list[Command]:
        """What is to be done, in order."""
        outputs, self._outputs = self._outputs, []
        return outputs + self.parts.drain()

    # Within: hearing

    def _hear_announce(
        self, announce: Announce, sender: NodeId, address: Address, now: float
    ) -> None:
        self._candidate.receive_announce(announce, sender, now=now)
        self.apply_roles(now)
        if self._candidate.leader != sender:
            return
        start_at = now + announce.delay_ms / 1000
        self._start_at = start_at if self._start_at is None else min(self._start_at, start_at)
        self.parts.follow(announce, sender, address, weight=self._candidacy.weight, now=now)

    def _hear_as_representative(
        self, message: Message, sender: NodeId, address: Address, now: float
    ) -> None:
        ours = self.parts.representation
        if ours is not None and isinstance(message, Report):
            ours.report(sender, address, message, now=now)
        elif ours is not None and isinstance(message, Need):
            ours.need(message, now=now)

    def _hear_as_receiver(self, message: Message, sender: NodeId, now: float) -> None:
        reception = self.parts.reception
        if reception is not None and isinstance(message, Need):
            reception.hear_need(message, now=now)
        elif reception is not None and isinstance(message, Dismiss) and sender == reception.leader:
            reception.dismissed(message.reason, now=now)
            self._candidacy.stand_back(now=now)

    def _meet_network(self, now: float) -> None:
        """One of several networks has come, or is back: others may have gone on there without us.

        Who is needed on another one represents on, and finds out by its announcement; who follows
        somebody hears by itself if that is not the only one.
        """
        ours = self.parts.representation
        if ours is not None and ours.audience.is_heard_since(now - LEASE_S):
            self._announce_soon(now)
        elif self.leader is None and self._config.multicast_enabled:
            self._candidate.resign("network_back", now=now)

    # Within: saying

    def _say(self, message: Seek | Claim) -> None:
        """To the group; and aside what a machine out of its reach must hear as well."""
        self._outputs.append(Send(message))
        if isinstance(message, Claim) or message.again:
            self._outputs.append(Send(message, aside=True))

    def _ask_leader(self, order: AskLeader) -> None:
        if self.parts.reception is not None:
            self._outputs.append(Send(order.question, self.parts.reception.address))

    def _answer(self, address: Address, now: float) -> None:
        if self.parts.representation is not None:
            self.parts.representation.answer(address, now)

    def _announce_soon(self, now: float) -> None:
        if self.parts.representation is not None:
            self.parts.representation.announce_soon(now)

    # Within: roles

    def _change_role(self, change: RoleChanged, now: float) -> None:
        if change.role is Role.LEADING:
            self.parts.represent(self._candidate.standing, start_at=self._starts_at(now), now=now)
        else:
            self.parts.cease(now=now)
        if change.role in (Role.SEEKING, Role.ALONE):
            self.parts.end_reception()

    def _starts_at(self, now: float) -> float:
        """PROTOCOL.md, 6: a successor keeps the start that its predecessor announced.

        But for one later than its own: who can speak here could put a stream off for weeks. The
        delay counts from our task's start: the election is a part of it, not an addition.
        """
        waits = self._config.start_wait_s_max if self._config.start_when_receivers else 0.0
        ours = self._began_at + (waits or self._config.session_start_delay_s)
        self._start_at = ours if self._start_at is None else min(self._start_at, ours)
        return self._start_at
