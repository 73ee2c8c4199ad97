"""Does this node represent its subnet for one locator, or whom does it follow?

              no announcement        claim stands
    SEEKING ----------------> BACKING OFF --> CLAIMING --> LEADING
       |                         |   ^           |            |
       | announcement            |   | silence   | stronger   | stronger announcement,
       v                         v   |           v            v or the heir took over
    FOLLOWING <----------------- SILENCED <------+        FOLLOWING
       |  lease ends
       +-------> BACKING OFF (with one generation more)

Who FOLLOWS and misses an announcement asks its leader directly: the group may not reach us, and a
leader that answers is none to replace.

A node of weight 0 waits in ABSTAINING where others back off; if nobody ever volunteers it ends
ALONE, and so does one that has failed and rests. Who is ALONE follows the first to announce.

The rules are PROTOCOL.md, section 5; the lease is Gray and Cheriton's (SOSP 1989), the back-off by
strength the suppression idea of SRM (Floyd et al. 1997).
"""

from __future__ import annotations

from random import Random

from mcastdist.ids import NodeId
from mcastdist.timers import NEVER
from mcastdist.tracing import Tracer, silent
from mcastdist.wire import (
    DOUBT_S,
    LEASE_S,
    VOLUNTEER_S_MAX,
    Announce,
    Claim,
    Handover,
    Phase,
    Seek,
    Standing,
)

from .allegiance import Allegiance
from .campaign import SILENCED_S, Campaign
from .roles import AnnounceNow, AskLeader, Role, RoleChanged
from .strength import Credentials, back_off_s

DOUBT_JITTER_S = 0.2  # the first to ask is answered before the group, which silences the others
ASK_AGAIN_S = 0.35
HANDOVER_LEASE_S = 0.5  # the heir announces at once; if it cannot, nobody waits a whole lease
SILENCED_S_MAX = 3.0  # a claim that stands is announced in a fraction of it
LONELY_HEARD_MAX = 10  # so often we wait for somebody who says that it fetches alone
STANDING = (Role.SEEKING, Role.BACKING_OFF, Role.CLAIMING)


class Candidate:
    """One node's part in the election for one locator. Does no I/O; see `wake_at`."""

    def __init__(
        self,
        *,
        credentials: Credentials,
        alone_after_s: float,
        rng: Random,
        now: float,
        trace: Tracer = silent,
    ) -> None:
        self.credentials = credentials
        self._allegiance = Allegiance()
        self._campaign = Campaign(credentials, rng)
        self._alone_after_s = alone_after_s
        self._rng = rng
        self._trace = trace
        self._standing: Standing | None = None
        self._outputs: list[Seek | Claim | RoleChanged | AnnounceNow | AskLeader] = []
        self._lease_ends_at = NEVER
        self._heeds_until = NEVER  # claims that nothing follows silence us no longer than this
        self._lonely_left = LONELY_HEARD_MAX
        self._role, self._wake_at = Role.SEEKING, NEVER
        self._seek(now, "task")

    # Within reach

    @property
    def role(self) -> Role:
        """What this node is now."""
        return self._role

    @property
    def leader(self) -> NodeId | None:
        """Whom this node follows; None unless FOLLOWING."""
        return self._allegiance.leader

    @property
    def standing(self) -> Standing:
        """What to announce with while LEADING."""
        assert self._standing is not None, "only a leader has a standing to announce"
        return self._standing

    # In

    def refuse(self, node: NodeId, *, until: float, now: float) -> None:
        """Do not follow this node: what it sent was bad, or it cannot be reached."""
        self._allegiance.refuse(node, until=until)
        if self.leader == node:
            self._stand(now, "refused")

    def receive_announce(self, announce: Announce, sender: NodeId, *, now: float) -> None:
        """An announcement for our locator was heard."""
        if self._allegiance.refuses(sender, now=now):
            return
        self.credentials.heard(announce.standing.generation)
        if announce.phase is Phase.CLOSED:
            if sender == self.leader:
                self._seek(now, "session_closed")
        elif self._role is Role.LEADING:
            self._meet_rival(announce, sender, now)
        elif self._allegiance.prefers(sender, announce.standing):
            self._follow(announce.standing, sender, now, "announced")

    def receive_claim(self, claim: Claim, sender: NodeId, *, now: float) -> None:
        """A claim for our locator was heard."""
        self.credentials.heard(claim.standing.generation - 1)
        if self._role is Role.LEADING:
            self._outputs.append(AnnounceNow())
        elif claim.standing.weight and self._role in STANDING:
            self._weigh(claim.standing, sender, now)
        elif self._role is Role.ABSTAINING and self._lonely_left:
            self._lonely_left -= 1
            self._wake_at = now + self._alone_wait_s()
            self._trace("election.waits_for_lonely", at=now)

    def receive_seek(self, sender: NodeId, *, now: float) -> None:
        """A query was heard: it asks for us too, for answers go to the group.

        If it comes from whom we follow, that one has lost its memory and represents no more.
        """
        if sender == self.leader:
            self._stand(now, "leader_restarted")
        elif self._role is Role.SEEKING and self._campaign.seeks_left:
            self._wake_at = self._campaign.seek_heard(now)
            self._trace("election.seek_suppressed", at=now, left=self._campaign.seeks_left)

    def receive_handover(self, handover: Handover, sender: NodeId, *, now: float) -> None:
        """Our representative leaves; perhaps we are the heir."""
        if sender != self.leader:
            return
        if handover.heir == self.credentials.node and self.credentials.may_stand:
            self._lead(now, "heir")
        else:
            self._wake_at = self._lease_ends_at = now + HANDOVER_LEASE_S

    def go_alone(self, reason: str, *, now: float) -> None:
        """Neither represent nor look for anybody; follow who announces."""
        self._become(Role.ALONE, now, reason, until=NEVER)

    def resign(self, reason: str, *, now: float) -> None:
        """Stop leading: seek again, as an ordinary candidate."""
        self._seek(now, reason)

    def wake(self, *, now: float) -> None:
        """The moment of `wake_at` has come."""
        if now < self._wake_at:
            return
        if self._role is Role.SEEKING and self._campaign.seeks_left:
            self._outputs.append(self._campaign.seek())
            self._wake_at = self._campaign.answered_at(now)
        elif self._role is Role.BACKING_OFF:
            self._claim(now)
        elif self._role is Role.CLAIMING:
            self._stand_by_claim(now)
        elif self._role is Role.FOLLOWING:
            self._doubt(now)
        elif self._role is Role.ABSTAINING:
            self._say_claim(now)
            self.go_alone("nobody_volunteered", now=now)
        else:
            self._stand(now, "no_answer")

    # Out

    def wake_at(self) -> float:
        """When to call `wake`; NEVER while there is nothing to wait for."""
        return self._wake_at

    def drain(self) -> list[Seek | Claim | RoleChanged | AnnounceNow | AskLeader]:
        """What is to be said and what has changed, in order."""
        outputs, self._outputs = self._outputs, []
        return outputs

    # Within

    def _seek(self, now: float, reason: str) -> None:
        self._become(Role.SEEKING, now, reason, until=self._campaign.begin_seeking(now))

    def _stand(self, now: float, reason: str) -> None:
        """Nobody represents: become a candidate, if this machine may."""
        if self.credentials.may_stand:
            until = now + back_off_s(self.credentials.standing())
            self._become(Role.BACKING_OFF, now, reason, until=until)
        else:
            until = now + VOLUNTEER_S_MAX + self._alone_wait_s()
            self._become(Role.ABSTAINING, now, reason, until=until)

    def _claim(self, now: float) -> None:
        self._become(Role.CLAIMING, now, "back_off_over", until=now)
        self._campaign.begin_claiming()
        self._stand_by_claim(now)

    def _stand_by_claim(self, now: float) -> None:
        """Claim again, so that one lost datagram does not make two representatives; then lead."""
        if self._campaign.claims_left == 0:
            self._lead(now, "claim_stood")
            return
        self._campaign.claims_left -= 1
        self._say_claim(now)
        self._wake_at = self._campaign.claim_stands_at(now)

    def _say_claim(self, now: float) -> None:
        self._outputs.append(self._campaign.claim(now))

    def _weigh(self, theirs: Standing, sender: NodeId, now: float) -> None:
        mine = self.credentials.standing()
        is_stronger = (theirs, sender) > (mine, self.credentials.node)
        if (is_stronger or not self.credentials.may_stand) and self._heeds(now):
            self._become(Role.SILENCED, now, "stronger_claim", until=now + SILENCED_S)
        elif self._role is Role.BACKING_OFF:
            self._claim(now)
        elif self._role is Role.CLAIMING and self._campaign.may_object(now):
            self._say_claim(now)
        else:
            self._trace("election.weaker_claim_ignored", at=now, role=self._role.value)

    def _heeds(self, now: float) -> bool:
        """Whoever claims and claims and never announces keeps nobody from representing."""
        if self._heeds_until == NEVER:
            self._heeds_until = now + SILENCED_S_MAX
        return now < self._heeds_until

    def _lead(self, now: float, reason: str) -> None:
        self._standing = self.credentials.standing()
        self.credentials.heard(self._standing.generation)
        self._become(Role.LEADING, now, reason, until=NEVER)

    def _meet_rival(self, announce: Announce, sender: NodeId, now: float) -> None:
        if (announce.standing, sender) > (self.standing, self.credentials.node):
            self._follow(announce.standing, sender, now, "yielded")
        else:
            self._outputs.append(AnnounceNow())

    def _follow(self, standing: Standing, sender: NodeId, now: float, reason: str) -> None:
        is_new = sender != self.leader
        self._allegiance.follow(sender, standing)
        doubt_at = now + DOUBT_S + self._rng.random() * DOUBT_JITTER_S
        self._wake_at, self._lease_ends_at = doubt_at, now + LEASE_S
        if is_new:
            self._become(Role.FOLLOWING, now, reason, until=doubt_at)

    def _doubt(self, now: float) -> None:
        """No announcement for longer than one takes: ask, until the lease ends."""
        if now >= self._lease_ends_at:
            self._stand(now, "lease_ended")
            return
        self._trace("election.asks_leader", at=now, leader=self.leader)
        self._outputs.append(AskLeader(self._campaign.question(again=True)))
        self._wake_at = min(now + ASK_AGAIN_S, self._lease_ends_at)

    def _alone_wait_s(self) -> float:
        return self._alone_after_s * (1.0 + self._rng.random())

    def _become(self, role: Role, now: float, reason: str, *, until: float) -> None:
        if role is not Role.FOLLOWING:
            self._allegiance.end()
        if role is not Role.LEADING:
            self._standing = None
        if role in (Role.LEADING, Role.FOLLOWING, Role.ALONE):
            self._heeds_until, self._lonely_left = NEVER, LONELY_HEARD_MAX
        self._trace(
            "election.role", at=now, old=self._role.value, new=role.value, leader=self.leader,
            why=reason,
        )  # fmt: skip
        self._role, self._wake_at = role, until
        self._outputs.append(RoleChanged(role, self.leader, reason))
