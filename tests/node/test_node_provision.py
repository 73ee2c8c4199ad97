"""What is asked for in each part, and what follows when everybody has failed."""

from __future__ import annotations

from node_kit import (
    BLOCKS,
    LEADER,
    OTHER,
    PAYLOAD_URL,
    SPEC,
    URL,
    address,
    announce,
    configuration,
    environment,
    offer,
    package,
    report,
    said,
)

from mcastdist.election import Role
from mcastdist.ids import NodeId
from mcastdist.node import Command, GetBlocks, GetManifest, Package
from mcastdist.node.manifest_hunt import Verdict
from mcastdist.node.participation import Participation
from mcastdist.node.provision import GIVE_UPS_MAX, Provision
from mcastdist.ranges import RangeSet
from mcastdist.timers import NEVER
from mcastdist.wire import Announce, Handover, Message, Phase


class _Desk:
    """A provision and the participation it looks at, moved on by hand."""

    def __init__(self, here: Package | None = None, **changes: object) -> None:
        env, config = environment(), configuration(**changes)
        self.here = here
        self.part = Participation(spec=SPEC, config=config, env=env, now=0.0)
        self.provision = Provision(
            spec=SPEC, config=config, env=env, participation=self.part, now=0.0
        )
        if here is not None:
            self.part.parts.package_known(here, now=0.0)

    def lead(self) -> None:
        while self.part.parts.representation is None:
            self.part.wake(now=self.part.wake_at())
            self.part.apply_roles(0.5)

    def hear(self, told: Announce, now: float) -> None:
        was_ours = self.part.leader == LEADER
        self.part.receive(told, LEADER, address(LEADER), now=now)
        self.part.apply_roles(now)
        self.hear_of(told, LEADER, now, was_ours=was_ours)

    def hear_of(
        self, message: Message, sender: NodeId, now: float, *, was_ours: bool = False
    ) -> None:
        self.provision.receive(message, sender, address(sender), was_ours=was_ours, now=now)

    def settle(self, now: float) -> list[Command]:
        self.provision.note_part(now)
        self.provision.look(self.here, now)
        return self.provision.drain()

    def fail_all(self, now: float, *, permanent: bool = False) -> tuple[float, Verdict | None]:
        """Refuse whatever is asked until that is judged."""
        verdict = None
        while verdict is None and now < 60.0 and not self.provision.is_resting:
            for order in self.settle(now):
                if isinstance(order, GetManifest | GetBlocks):
                    self.provision.failed(
                        order.request, "refused", "no", now=now, permanent=permanent,
                        retry_after_s=None, ask_instead=(),
                    )  # fmt: skip
            self.settle(now)
            verdict = self.provision.judge(now)
            if self.part.parts.representation is None:
                break
            now = max(now, min(self.provision.wake_at(), 60.0))
            self.provision.wake(now)
        return now, verdict


def _asked(commands: list[Command]) -> list[str]:
    fetches = (one for one in commands if isinstance(one, GetManifest | GetBlocks))
    return [one.source.address for one in fetches]


def test_who_plays_no_part_yet_asks_only_those_that_offered() -> None:
    desk = _Desk()
    assert _asked(desk.settle(0.0)) == []
    desk.hear_of(offer(), OTHER, 0.1)
    assert _asked(desk.settle(0.1)) == ["10.0.0.3:8000"]


def test_a_representative_asks_the_origin_for_all_it_lacks() -> None:
    desk = _Desk(package(range(5)))
    desk.lead()
    (order,) = desk.settle(0.5)
    assert isinstance(order, GetBlocks)
    assert (order.source.address, order.first, order.count) == (PAYLOAD_URL, 5, BLOCKS - 5)


def test_a_receiver_asks_for_what_no_stream_will_bring() -> None:
    desk = _Desk(package())
    desk.hear(announce(Phase.STREAMING, position=3), 0.1)
    assert _asked(desk.settle(0.1)) == []
    desk.hear(announce(Phase.SERVING, position=3), 0.2)
    orders = [one for one in desk.settle(0.2) if isinstance(one, GetBlocks)]
    assert orders
    assert {one.source.address for one in orders} == {"10.0.0.2:8000"}
    assert {one.first for one in orders} <= {0, 1, 2}


def test_who_became_a_representative_asks_the_former_one_before_the_origin() -> None:
    """It may be alive and serve what it holds: that costs the WAN nothing."""
    desk = _Desk(package(), origin_fallback_delay_s=1_000.0)
    desk.hear(announce(Phase.SERVING, position=BLOCKS), 0.1)
    desk.settle(0.1)
    desk.hear(announce(Phase.CLOSED), 0.2)
    desk.lead()
    asked = []
    for tenth in range(5, 50):
        for order in desk.settle(tenth / 10):
            if isinstance(order, GetBlocks):
                asked.append(order.source.address)
                desk.provision.failed(
                    order.request, "refused", "no", now=tenth / 10, permanent=False,
                    retry_after_s=None, ask_instead=(),
                )  # fmt: skip
        desk.provision.wake(tenth / 10)
    assert asked[0] == "10.0.0.2:8000"
    assert PAYLOAD_URL in asked  # when that fails, and no sooner


def test_only_whom_we_follow_is_a_peer_of_ours() -> None:
    desk = _Desk(package())
    desk.hear(announce(Phase.SERVING, position=BLOCKS), 0.1)
    desk.hear_of(announce(Phase.SERVING, position=BLOCKS), OTHER, 0.1)
    assert set(_asked(desk.settle(0.1))) == {"10.0.0.2:8000"}


def test_a_receiver_that_nobody_supplies_waits_for_the_origin() -> None:
    desk = _Desk()
    desk.hear(announce(http_port=0), 0.1)
    assert _asked(desk.settle(0.1)) == []
    assert desk.provision.judge(0.1) is None
    assert 10.0 <= desk.provision.wake_at() <= 21.0
    desk.provision.wake(desk.provision.wake_at())
    assert desk.provision.fallbacks == {"no_peer_supplies": 1}
    assert _asked(desk.settle(30.0)) == [URL]


def test_a_new_session_closes_the_origin_again() -> None:
    desk = _Desk()
    desk.hear(announce(http_port=0), 0.1)
    desk.settle(0.1)
    desk.provision.judge(0.1)
    desk.provision.wake(30.0)
    desk.hear(announce(session=99), 30.0)
    assert _asked(desk.settle(30.0)) == ["10.0.0.2:8000"]


def test_a_representative_alone_rests_or_fails() -> None:
    resting = _Desk(package(), retry_backoff_s=(100.0,))
    resting.lead()
    now, verdict = resting.fail_all(0.5)
    assert verdict is None
    assert resting.provision.is_resting
    assert resting.settle(now) == []
    assert 80.0 < resting.provision.retry_at - now < 120.0

    failing = _Desk(package())
    failing.lead()
    _, verdict = failing.fail_all(0.5)
    assert verdict is not None
    assert (verdict.code, verdict.final) == ("origin_refused", False)


def test_a_representative_of_others_lets_them_try() -> None:
    desk = _Desk(package(), retry_backoff_s=(100.0,))
    desk.lead()
    session = desk.part.parts.session
    desk.part.receive(report(session=session), OTHER, address(OTHER), now=0.5)
    _, verdict = desk.fail_all(0.5)
    assert verdict is None
    assert desk.part.parts.representation is None
    assert not desk.provision.is_resting
    assert desk.provision.fallbacks["gave_up_representing:origin_refused"] == 1


def _given_up(**changes: object) -> _Desk:
    """Three representatives, one after the other, could not supply the content."""
    desk = _Desk(**changes)  # type: ignore[arg-type]
    for number in range(GIVE_UPS_MAX):
        desk.hear(announce(content=b"", session=100 + number), number * 5.0)
        desk.hear_of(Handover(SPEC.locator, 100 + number, OTHER), LEADER, 1.0, was_ours=True)
    return desk


def test_when_several_have_given_up_and_the_session_is_closed_the_others_rest_too() -> None:
    desk = _given_up(retry_backoff_s=(100.0,))
    desk.hear(announce(Phase.CLOSED, content=b"", session=102), 12.0)
    desk.part.apply_roles(12.0)
    assert desk.provision.is_resting
    assert desk.part.role is Role.ALONE
    assert desk.settle(12.0) == []


def test_the_last_of_several_closes_the_session_instead_of_handing_it_over() -> None:
    desk = _given_up(retry_backoff_s=(100.0,))
    desk.lead()
    session = desk.part.parts.session
    desk.part.receive(report(session=session), OTHER, address(OTHER), now=15.0)
    _, verdict = desk.fail_all(15.0)
    assert verdict is None
    assert desk.provision.is_resting
    told = desk.part.drain()
    assert said(told, Announce)[-1].phase is Phase.CLOSED
    assert said(told, Handover) == []


def test_a_block_that_comes_in_between_lets_others_try_again() -> None:
    desk = _given_up(retry_backoff_s=(100.0,))
    desk.provision.blocks_held(RangeSet([(0, 1)]), now=11.0)
    desk.hear(announce(Phase.CLOSED, content=b"", session=102), 12.0)
    assert not desk.provision.is_resting


def test_a_session_that_is_closed_after_others_only_left_is_no_reason_to_rest() -> None:
    desk = _Desk(retry_backoff_s=(100.0,))
    desk.hear(announce(content=b""), 0.1)
    desk.hear(announce(Phase.CLOSED, content=b""), 1.0)
    assert not desk.provision.is_resting


def test_what_fails_for_good_ends_the_task_even_for_a_representative_of_others() -> None:
    desk = _Desk(package(), retry_backoff_s=(100.0,))
    desk.lead()
    session = desk.part.parts.session
    desk.part.receive(report(session=session), OTHER, address(OTHER), now=0.5)
    _, verdict = desk.fail_all(0.5, permanent=True)
    assert verdict is not None
    assert verdict.final


def test_when_stopped_nothing_is_waited_for() -> None:
    desk = _Desk(package())
    desk.lead()
    desk.settle(0.5)
    desk.provision.stop(1.0)
    desk.provision.drain()
    assert desk.provision.wake_at() == NEVER
