"""What does a receiver of one session say and do? (PROTOCOL.md, sections 6 to 8)

It reports (`reporting.py`), listens to the stream as soon as it knows the content (`listening.py`),
and knows which blocks no stream will bring any more (`leftovers.py`): those that passed before it
came and are not streamed again, those it asked for in vain, and all of them if the stream does not
reach it.
"""

from __future__ import annotations

from mcastdist.ids import NodeId, SessionId
from mcastdist.ranges import RangeSet
from mcastdist.reasons import REASONS
from mcastdist.wire import Announce, Need, Phase, ReceiverState

from .commands import Address, Command, Package, Send, Stream, TaskId
from .config import NodeConfig
from .environment import Environment
from .leftovers import is_of, left_for_peers
from .listening import Listening
from .reporting import Reporter

LISTENING = (Phase.WAITING, Phase.STREAMING, Phase.REPAIRING, Phase.SERVING)


class Reception:
    """The control side of one session we follow. Does no I/O; see `wake_at`."""

    def __init__(
        self,
        *,
        task: TaskId,
        leader: NodeId,
        address: Address,
        announce: Announce,
        config: NodeConfig,
        env: Environment,
        weight: int,
        now: float,
    ) -> None:
        self.leader = leader
        self.address = address
        self.announce = announce
        self.session = SessionId(announce.session)
        self.state = ReceiverState.JOINED
        self.reason = ""
        self.falls: list[str] = []  # why we left the stream for peers, each time
        self.weight = weight  # with which we would stand for election now
        self._env = env
        self._package: Package | None = None
        self._listening = Listening(announce, task=task, env=env, now=now)
        self._reporter = Reporter(announce, config=config, env=env, now=now)
        self._is_dismissed = False
        self._outputs: list[Command] = []

    # In

    def receive_announce(self, announce: Announce, address: Address, *, now: float) -> None:
        """Our representative tells where the session stands."""
        self.announce, self.address = announce, address
        self._listening.announced(announce, now=now)
        self._listen(now)

    def package_known(self, package: Package, *, now: float) -> None:
        """The manifest is here, and what the store already holds."""
        self._package = package
        self._listen(now)
        self._reporter.soon(self.announce.receivers, now)

    def hear_need(self, need: Need, *, now: float) -> None:
        """Another receiver complains."""
        self._listening.hear(need, now=now)

    def dismissed(self, reason: str, *, now: float) -> None:
        """We are too slow for this stream: the rest comes from peers."""
        self._is_dismissed = True
        self._listening.close()
        known = reason if reason in REASONS else "slow_receiver"  # a newer one may say more
        self._fall_to_peers(known, ReceiverState.REPAIRING, now)

    def blocks_held(self, blocks: RangeSet) -> None:
        """These blocks are here: nothing more of them is needed."""
        if self._listening.intake is not None:
            self._listening.intake.forget(blocks)

    def blocks_lost(self, blocks: RangeSet, *, now: float) -> None:
        """These blocks are not here any more: a chunk was not what the manifest promises."""
        if self._listening.intake is not None:
            self._listening.intake.lost(blocks)
        if self.state is ReceiverState.DONE:
            self._enter(ReceiverState.REPAIRING, now)

    def kernel_drops(self, per_million: int) -> None:
        """The share of datagrams that this machine's kernel dropped since the last report."""
        self._reporter.kernel_drops(per_million)

    def complete(self, *, now: float) -> None:
        """Everything is here."""
        self._listening.close()
        self._enter(ReceiverState.DONE, now)

    def end(self) -> None:
        """We follow this session no more: it is over, or its representative is not there."""
        self._listening.close()
        self._reporter.stop()

    def leave(self, reason: str, *, now: float) -> None:
        """Stop receiving, and say so: suspended, cancelled, or going away."""
        self._listening.close()
        self.state, self.reason = ReceiverState.LEFT, reason
        self._say_report(now)

    def wake(self, *, now: float) -> None:
        """The moment of `wake_at` has come."""
        is_heard = self._listening.wake(now)
        if self._listening.intake is not None:
            self._follow_stream(is_heard, now)
        if self._reporter.is_due(self.announce.receivers, now):
            self._say_report(now)

    # Out

    @property
    def stream(self) -> Stream | None:
        """The stream, while it is open."""
        return self._listening.stream

    def wake_at(self) -> float:
        """When to call `wake`."""
        return min(self._listening.wake_at(), self._reporter.due_at)

    def drain(self) -> list[Command]:
        """What is to be done, in order."""
        outputs, self._outputs = self._outputs, []
        return self._listening.drain() + outputs

    def from_peers(self, now: float) -> RangeSet:
        """The blocks that no stream will bring us any more, as far as a peer can have them."""
        package = self._package
        if package is None or self.state is ReceiverState.DONE:
            return RangeSet()
        return left_for_peers(
            package,
            self.announce,
            hearing=self._listening.hearing,
            intake=self._listening.intake,
            is_cut_off=self._is_cut_off,
            now=now,
        )

    # Within: the stream

    @property
    def _is_cut_off(self) -> bool:
        return self._is_dismissed or self.state is ReceiverState.DEAF

    def _listen(self, now: float) -> None:
        """Have the stream open, if it can be of use and we know how it is cut."""
        package, announce = self._package, self.announce
        if package is None or announce.phase not in LISTENING or self._is_dismissed:
            return
        if self.state is ReceiverState.DONE:
            return
        if is_of(package, announce):
            self._listening.open(package, now)
        elif self.state is not ReceiverState.DEAF:
            self._listening.close()
            self._fall_to_peers("other_content", ReceiverState.DEAF, now)

    def _follow_stream(self, is_heard: bool, now: float) -> None:
        """PROTOCOL.md, 7: a stream that is announced and not heard does not reach us."""
        hearing = self._listening.hearing
        is_new = self.state is ReceiverState.JOINED or self.announce.phase is Phase.STREAMING
        if is_heard and is_new:
            self.reason = ""
            self._enter(ReceiverState.RECEIVING, now)
        elif hearing.is_deaf(now) and self.state is not ReceiverState.DEAF:
            reason = "group_not_heard" if hearing.is_out_of_reach else "stream_not_heard"
            self._fall_to_peers(reason, ReceiverState.DEAF, now)
        elif self.state is ReceiverState.RECEIVING and hearing.round_is_over:
            self._enter(ReceiverState.REPAIRING, now)

    def _fall_to_peers(self, reason: str, state: ReceiverState, now: float) -> None:
        self.reason = reason
        self.falls.append(reason)
        self._env.trace("node.falls_to_peers", at=now, session=self.session, why=reason)
        self._enter(state, now)

    # Within: reports

    def _say_report(self, now: float) -> None:
        intake = self._listening.intake
        if intake is not None:
            self._reporter.measure(intake, now)
        report = self._reporter.report(
            self.state, reason=self.reason, weight=self.weight, package=self._package,
            intake=intake, receivers=self.announce.receivers, now=now,
        )  # fmt: skip
        self._outputs.append(Send(report, self.address))

    def _enter(self, state: ReceiverState, now: float) -> None:
        if state is self.state:
            return
        self._env.trace(
            "node.receiver", at=now, session=self.session, old=self.state.name, new=state.name
        )
        self.state = state
        self._reporter.soon(self.announce.receivers, now)
