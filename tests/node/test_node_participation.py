"""What a node makes of what it hears, in each part it can play."""

from __future__ import annotations

from dataclasses import replace

from node_kit import (
    BLOCKS,
    LEADER,
    LOCATOR,
    ME,
    OTHER,
    SESSION,
    SPEC,
    address,
    announce,
    configuration,
    environment,
    package,
    report,
    said,
    said_aside,
    seek,
    sends,
    to_group,
)

from mcastdist.election import Role
from mcastdist.node import Command
from mcastdist.node.participation import Participation
from mcastdist.timers import NEVER
from mcastdist.wire import (
    CLAIM_COUNT,
    LEASE_S,
    Announce,
    Claim,
    Dismiss,
    Handover,
    Message,
    Phase,
    ReceiverState,
    Report,
    Seek,
    Standing,
)


def _participation(**changes: object) -> Participation:
    return Participation(spec=SPEC, config=configuration(**changes), env=environment(), now=0.0)


def _run(ours: Participation, until: float) -> list[Command]:
    ours.apply_roles(0.0)
    commands = ours.drain()
    while ours.wake_at() <= until:
        now = ours.wake_at()
        ours.wake(now=now)
        ours.apply_roles(now)
        commands += ours.drain()
    return commands


def _hear(ours: Participation, message: Message, now: float, *, sender: int = LEADER) -> None:
    node = type(LEADER)(sender)  # type: ignore[operator]  # NewType is the identity
    ours.receive(message, node, address(node), now=now)
    ours.apply_roles(now)


def _meets_a_network(ours: Participation, now: float) -> Role:
    """The part it plays once another network has come."""
    ours._env.arrivals += 1
    ours.wake(now=now)
    ours.apply_roles(now)
    return ours.role


def test_who_is_alone_on_its_networks_asks_anew_when_one_comes() -> None:
    ours = _participation()
    _run(ours, 1.0)
    assert ours.role is Role.LEADING
    assert _meets_a_network(ours, 1.0) is Role.SEEKING
    _run(ours, 3.0)
    assert ours.role is Role.LEADING


def test_who_is_needed_on_another_network_announces_and_represents_on() -> None:
    ours = _participation()
    _run(ours, 1.0)
    ours.parts.package_known(package(range(BLOCKS)), now=1.0)
    session = ours.parts.session
    assert session is not None
    _hear(ours, report(session=session), 1.5)
    ours.drain()
    assert _meets_a_network(ours, 2.0) is Role.LEADING
    assert said(_run(ours, 2.2), Announce)
    _run(ours, 6.0)
    assert _meets_a_network(ours, 6.0) is Role.SEEKING  # nobody was heard since


def test_who_follows_or_does_without_multicast_takes_no_notice_of_networks() -> None:
    ours = _participation()
    _hear(ours, announce(), 0.1)
    assert _meets_a_network(ours, 0.2) is Role.FOLLOWING
    alone = _participation(multicast_enabled=False)
    alone.apply_roles(0.0)
    assert _meets_a_network(alone, 0.2) is Role.ALONE


def test_who_hears_nobody_represents() -> None:
    ours = _participation()
    commands = _run(ours, 1.0)
    assert ours.role is Role.LEADING
    assert ours.fetches_for_all
    assert [type(one) for one in to_group(commands)][:4] == [Seek, Seek, Claim, Claim]
    assert said(commands, Announce)


def test_who_hears_an_announcement_follows_and_says_nothing_to_the_group() -> None:
    ours = _participation()
    _run(ours, 0.0)
    _hear(ours, announce(), 0.001)
    commands = _run(ours, 1.0)
    assert ours.leader == LEADER
    assert not ours.fetches_for_all
    assert to_group(commands) == []
    assert len(said(commands, Report)) == 1


def test_another_query_asks_for_us_too() -> None:
    ours = _participation()
    ours.apply_roles(0.0)
    _hear(ours, seek(), 0.0)
    _hear(ours, seek(), 0.1)
    assert said(_run(ours, 0.24), Seek) == []


def test_who_may_be_out_of_the_groups_reach_is_answered_alone_and_by_broadcast() -> None:
    ours = _participation()
    _run(ours, 2.0)
    _hear(ours, seek(), 2.0, sender=OTHER)
    assert all(one.to is None for one in sends(_run(ours, 2.1)))

    _hear(ours, seek(again=True), 3.0, sender=OTHER)
    commands = _run(ours, 3.2)
    assert [one.to for one in sends(commands) if one.to is not None] == [address(OTHER)]
    assert [one.aside for one in said_aside(commands) if isinstance(one, Announce)] == [True]


def test_a_claim_is_said_by_broadcast_too_and_answered_like_that() -> None:
    ours = _participation()
    claims = [one for one in said_aside(_run(ours, 1.0)) if isinstance(one, Claim)]
    assert len(claims) == CLAIM_COUNT
    _hear(ours, Claim(LOCATOR, Standing(1, 1)), 3.0, sender=OTHER)
    commands = _run(ours, 3.2)
    assert [one.to for one in sends(commands) if one.to is not None] == [address(OTHER)]


def test_a_representative_that_falls_silent_is_asked_where_it_was_heard() -> None:
    ours = _participation()
    _hear(ours, announce(), 0.1)
    commands = _run(ours, 0.1 + LEASE_S - 0.01)
    asked = [one.to for one in sends(commands) if isinstance(one.message, Seek)]
    assert len(asked) >= 2
    assert set(asked) == {address(LEADER)}


def test_when_the_representative_seeks_it_has_forgotten_that_it_represents() -> None:
    """It was restarted within its lease: the others go on at once, by a higher generation."""
    ours = _participation()
    _hear(ours, announce(Phase.STREAMING, standing=Standing(3, 50)), 0.1)
    _hear(ours, seek(), 0.5)
    assert ours.leader is None
    claims = said(_run(ours, 1.0), Claim)
    assert [claim.standing.generation for claim in claims] == [4, 4]
    assert ours.role is Role.LEADING


def test_a_successor_keeps_the_start_its_predecessor_announced() -> None:
    ours = _participation(session_start_delay_s=60.0)
    _hear(ours, announce(delay_ms=5_000), 1.0)
    _hear(ours, announce(delay_ms=4_000), 2.0)
    _run(ours, 6.0)
    assert ours.parts.representation is not None
    assert ours.parts.representation.start_at == 6.0


def test_a_start_at_the_very_beginning_of_time_is_a_start() -> None:
    ours = _participation(session_start_delay_s=60.0)
    _hear(ours, announce(delay_ms=0), 0.0)
    _run(ours, 6.0)
    assert ours.parts.representation is not None
    assert ours.parts.representation.start_at == 0.0


def test_with_a_number_of_receivers_to_wait_for_the_wait_has_its_own_bound() -> None:
    ours = _participation(start_when_receivers=5, start_wait_s_max=7.0, session_start_delay_s=60.0)
    _run(ours, 1.0)
    assert ours.parts.representation is not None
    assert ours.parts.representation.start_at == 7.0


def test_the_time_in_the_queue_counts_as_start_delay() -> None:
    spec = replace(SPEC, waited_s=50.0)
    config = configuration(session_start_delay_s=60.0)
    ours = Participation(spec=spec, config=config, env=environment(), now=0.0)
    _run(ours, 1.0)
    assert ours.parts.representation is not None
    assert ours.parts.representation.start_at == 10.0


def test_a_representative_that_slept_for_longer_than_its_lease_seeks_again() -> None:
    ours = _participation()
    _run(ours, 1.0)
    assert ours.role is Role.LEADING
    ours.wake(now=ours.wake_at() + LEASE_S + 0.1)
    ours.apply_roles(ours.wake_at())

    assert ours.role is Role.SEEKING
    assert ours.parts.representation is None


def test_only_the_representative_can_dismiss_us() -> None:
    ours = _participation()
    ours.parts.package_known(package(), now=0.0)
    _hear(ours, announce(Phase.STREAMING), 0.1)
    _hear(ours, Dismiss(SESSION, "slow_receiver"), 0.2, sender=OTHER)
    assert ours.parts.reception is not None
    assert ours.parts.reception.state is ReceiverState.JOINED
    _hear(ours, Dismiss(SESSION, "slow_receiver"), 0.2, sender=LEADER)
    assert ours.parts.reception.state is ReceiverState.REPAIRING


def test_the_heir_goes_on_at_once() -> None:
    ours = _participation()
    _hear(ours, announce(), 0.1)
    _hear(ours, Handover(LOCATOR, SESSION, ME), 0.5)
    assert ours.role is Role.LEADING
    assert ours.parts.reception is None


def test_when_the_session_is_closed_who_lacks_something_seeks_again() -> None:
    ours = _participation()
    _hear(ours, announce(), 0.1)
    ours.drain()
    _hear(ours, announce(Phase.CLOSED), 0.5)
    assert ours.role is Role.SEEKING
    assert ours.parts.reception is None


def test_who_is_refused_is_followed_no_more() -> None:
    ours = _participation()
    _hear(ours, announce(), 0.1)
    ours.refuse(LEADER, now=0.2)
    ours.apply_roles(0.2)
    _hear(ours, announce(standing=Standing(9, 50)), 0.3)
    assert ours.leader is None


def test_who_cannot_supply_others_hands_over_and_does_not_stand_again() -> None:
    ours = _participation()
    _run(ours, 1.0)
    _hear(ours, report(session=ours.parts.session), 1.0, sender=OTHER)
    ours.let_others_represent("wan_lost", now=1.5)
    ours.apply_roles(1.5)
    commands = ours.drain()
    assert [one.heir for one in said(commands, Handover)] == [OTHER]
    assert {claim.standing.weight for claim in said(_run(ours, 30.0), Claim)} <= {0}


def test_who_is_too_slow_for_the_stream_does_not_take_its_representatives_place() -> None:
    ours = _participation()
    _hear(ours, announce(Phase.STREAMING), 0.1)
    _hear(ours, Dismiss(SESSION, "slow_receiver"), 0.5)
    assert said(_run(ours, 12.0), Claim) == []
    assert ours.role is Role.ABSTAINING
    _hear(ours, announce(Phase.STREAMING), 12.0)
    assert ours.leader == LEADER


def test_who_rests_is_silent_and_follows_who_announces() -> None:
    ours = _participation()
    _run(ours, 1.0)
    ours.rest(now=1.5)
    ours.apply_roles(1.5)
    closed = said(ours.drain(), Announce)
    assert [one.phase for one in closed] == [Phase.CLOSED]
    assert to_group(_run(ours, 600.0)) == []
    assert ours.wake_at() == NEVER

    _hear(ours, announce(), 600.0)
    assert ours.leader == LEADER


def test_who_follows_need_not_rest_from_representing() -> None:
    ours = _participation()
    _hear(ours, announce(), 0.1)
    ours.rest(now=0.5)
    assert ours.leader == LEADER


def test_without_multicast_nothing_is_said_whatever_is_heard() -> None:
    ours = _participation(multicast_enabled=False)
    commands = _run(ours, 60.0)
    for message in (
        seek(), announce(), announce(Phase.STREAMING), Claim(LOCATOR, Standing(1, 1)),
        Handover(LOCATOR, SESSION, ME), report(), Dismiss(SESSION, "slow"),
    ):  # fmt: skip
        _hear(ours, message, 60.0)
    commands += _run(ours, 600.0)
    assert commands == []
    assert ours.role is Role.ALONE
    assert ours.fetches_for_all
