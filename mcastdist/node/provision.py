"""Where does a task get what it lacks, and what if nobody supplies it?

`Fetching` asks by HTTP, `Patience` says when to turn to what costs more. Here it is decided what to
ask for and whether the origin may be asked, and what follows when everybody has failed: a receiver
waits for the origin, a representative lets a few others try, then the whole segment rests, or the
task is over. So an origin that is down is asked a few times by the segment, and then once in every
step of the back-off, however many machines stand there; and when it is back, one of them asks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from mcastdist.http_fetch import Source
from mcastdist.ids import NodeId, SessionId
from mcastdist.ranges import RangeSet
from mcastdist.wire import Announce, Handover, Message, Offer, Phase, Report

from .commands import Address, Command, Package, TaskSpec
from .config import NodeConfig
from .environment import Environment
from .fetching import Fetching
from .manifest_hunt import Verdict
from .participation import Participation
from .patience import Patience
from .representation import Representation

GIVE_UPS_MAX = 3  # one machine's WAN may be broken; when as many could not, it is the origin's


class Provision:
    """All that one task does to be supplied, but for the stream. Does no I/O; see `wake_at`."""

    def __init__(
        self,
        *,
        spec: TaskSpec,
        config: NodeConfig,
        env: Environment,
        participation: Participation,
        now: float,
    ) -> None:
        self._troubles: Counter[str] = Counter()  # reason code -> times
        self._config = config
        self._env = env
        self._participation = participation
        self._fetching = Fetching(spec=spec, config=config, env=env, now=now)
        self._patience = Patience(config=config, env=env)
        self._represented: Representation | None = None  # when we last looked
        self._session: SessionId | None = None
        self._give_ups = 0  # ours and others', since something came

    # In: what is heard

    def receive(
        self, message: Message, sender: NodeId, address: Address, *, was_ours: bool, now: float
    ) -> None:
        """Who can supply us? `was_ours`: it is from whom we followed, and we lack something."""
        if isinstance(message, Offer):
            self._fetching.neighbours.offered(message, sender, address)
        elif isinstance(message, Announce):
            if was_ours and message.phase is Phase.CLOSED:
                self._session_closed(now)
            self._announced(message, sender, address)
        elif isinstance(message, Report) and self._participation.parts.representation is not None:
            self._fetching.inheritance.reported(sender, address, message)
        elif isinstance(message, Handover) and was_ours:
            self._give_ups += 1  # perhaps; if it only left, what comes now will tell

    def refuse(self, node: NodeId) -> None:
        """This one sent something bad."""
        self._fetching.neighbours.refuse(node)

    # In: what became of it

    def manifest_known(self, now: float) -> None:
        """The manifest is here."""
        self._supplied()
        self._fetching.stop_hunt(now)

    def blocks_held(self, blocks: RangeSet, *, now: float) -> None:
        """These blocks are here, from wherever."""
        self._supplied()
        self._fetching.blocks_held(blocks, now=now)

    def finished(self, request: int, *, now: float) -> None:
        """A request came to its end."""
        self._fetching.finished(request, now=now)

    def failed(
        self,
        request: int,
        code: str,
        sentence: str,
        *,
        now: float,
        permanent: bool,
        retry_after_s: float | None,
        ask_instead: Sequence[Source],
    ) -> None:
        """A request failed."""
        self._troubles[code] += 1
        self._fetching.failed(
            request, code, sentence, now=now, permanent=permanent, retry_after_s=retry_after_s,
            ask_instead=ask_instead,
        )  # fmt: skip

    def stop(self, now: float) -> None:
        """Nothing is to be asked for any more."""
        self._patience.stop()
        self._fetching.stop(now)

    def wake(self, now: float) -> None:
        """The moment of `wake_at` has come."""
        self._fetching.wake(now)
        if self._patience.retry_is_due(now):
            self._env.trace("node.retries", at=now)
            self._participation.try_again(now=now)
        if self._patience.origin_is_due(now):
            self._count("no_peer_supplies", now)

    # In: decide

    def note_part(self, now: float) -> None:
        """The part we play may have changed: another one asks others for other things."""
        parts = self._participation.parts
        if parts.representation is not self._represented:
            self._represented = parts.representation
            self._fetching.stop_blocks(now)
            self._fetching.inheritance.begin(succeeds=self._participation.succeeds, now=now)
        if self._participation.has_lost_leader:
            self._fetching.neighbours.leader_lost()
        if parts.session not in (None, self._session):
            self._patience.renew()
        self._session = parts.session

    def look(self, package: Package | None, now: float) -> None:
        """Ask for what we lack."""
        if self._patience.is_resting:
            return
        if self._participation.parts.reception is not None:
            self._patience.follows(now)
        if package is None:
            self._fetching.look_for_manifest(
                from_origin=self._may_ask_origin, expected=self._expects_manifest, now=now
            )
        else:
            self._fetching.look_for_blocks(
                package, self._lacking(package, now), from_origin=self._may_ask_origin, now=now
            )

    def judge(self, now: float) -> Verdict | None:
        """Do what is to be done if everybody has failed; the verdict, if that ends the task."""
        verdict = self._fetching.verdict
        if verdict is None:
            return None
        if not (self._participation.fetches_for_all or self._patience.origin_is_open):
            self._patience.wait_for_origin(now)
            self._fetching.stop_hunt(now)
            return None
        self._fetching.stop(now)
        if verdict.final:
            return verdict
        if self._participation.parts.others_need_us and self._give_ups < GIVE_UPS_MAX:
            self._give_ups += 1
            self._count(f"gave_up_representing:{verdict.code}", now)
            self._participation.let_others_represent(verdict.code, now=now)
            return None
        if not self._patience.can_retry:
            return verdict
        self._rest(verdict.code, now)
        return None

    # Out

    @property
    def fallbacks(self) -> Counter[str]:
        """What failed, and what costlier way was taken: reason code -> times."""
        return self._troubles + self._fetching.fallbacks + self._patience.fallbacks

    @property
    def retry_at(self) -> float:
        """When a rest is over; NEVER while there is none."""
        return self._patience.retry_at

    @property
    def is_resting(self) -> bool:
        """True while nobody is asked for anything, until all is tried again."""
        return self._patience.is_resting

    def wake_at(self) -> float:
        """When to call `wake`; NEVER while nothing is waited for."""
        return min(self._fetching.wake_at(), self._patience.wake_at())

    def drain(self) -> list[Command]:
        """The orders, in order."""
        return self._fetching.drain()

    # Within

    def _announced(self, announce: Announce, sender: NodeId, address: Address) -> None:
        """A peer is whom we follow; without multicast, whomever we happen to hear of."""
        reception = self._participation.parts.reception
        follows = reception is not None and reception.leader == sender
        if follows or not self._config.multicast_enabled:
            self._fetching.neighbours.announced(announce, sender, address)

    def _session_closed(self, now: float) -> None:
        """If that is because nobody could supply it, we rest too."""
        if self._give_ups >= GIVE_UPS_MAX and self._patience.can_retry:
            self._fetching.stop(now)
            self._rest("nobody_could_represent", now)

    @property
    def _may_ask_origin(self) -> bool:
        """The origin is for the representative, and for whom no peer has helped for long."""
        ours = self._participation.fetches_for_all or self._patience.origin_is_open
        return ours and self._config.allow_origin

    @property
    def _expects_manifest(self) -> bool:
        """True if somebody must have it: whom we may ask, or the representative that names it."""
        reception = self._participation.parts.reception
        told = reception is not None and bool(reception.announce.content)
        return told or self._participation.fetches_for_all

    def _lacking(self, package: Package, now: float) -> RangeSet:
        reception = self._participation.parts.reception
        if self._participation.fetches_for_all or self._patience.is_starved:
            return package.missing
        return reception.from_peers(now) if reception is not None else RangeSet()

    def _supplied(self) -> None:
        self._patience.supplied()
        self._give_ups = 0

    def _rest(self, code: str, now: float) -> None:
        self._count(f"waits_to_retry:{code}", now)
        self._patience.wait_to_retry(now)
        self._participation.rest(now=now)

    def _count(self, code: str, now: float) -> None:
        self._troubles[code] += 1
        self._env.trace("node.fallback", at=now, code=code)
