"""One machine: messages to tasks, and offers of what it holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from node_kit import (
    BLOCKS,
    CONTENT,
    LEADER,
    LOCATOR,
    OTHER,
    OTHER_CONTENT,
    SESSION,
    SPEC,
    THIRD,
    address,
    announce,
    configuration,
    environment,
    need,
    of_kind,
    offer,
    package,
    report,
    said,
    said_aside,
    seek,
    sends,
)

from mcastdist.election import Merits, Role
from mcastdist.ids import ContentId, Locator
from mcastdist.node import Command, Complete, Node, Task, TaskSpec
from mcastdist.ranges import RangeSet
from mcastdist.timers import NEVER
from mcastdist.wire import (
    OFFER_WAIT_S,
    OFFERS_ENOUGH,
    Claim,
    Message,
    Offer,
    Phase,
    Report,
    Seek,
    Standing,
)

OTHER_LOCATOR = Locator.of_url("http://origin.example/other.mcd")
OTHER_SPEC = TaskSpec(id="other", locator=OTHER_LOCATOR, urls=("http://origin.example/other.mcd",))


def _node(**changes: object) -> Node:
    return Node(config=configuration(**changes), env=environment())


def _holder(**changes: object) -> Node:
    node = _node(**changes)
    node.hold(LOCATOR, package(range(BLOCKS)))
    return node


def _hear(node: Node, message: Message, now: float, *, sender: int = LEADER) -> None:
    who = type(LEADER)(sender)  # type: ignore[operator]  # NewType is the identity
    node.receive(message, who, address(who), now=now)


def _run(node: Node, until: float) -> list[Command]:
    commands = node.drain()
    while node.wake_at() <= until:
        node.wake(now=node.wake_at())
        commands += node.drain()
    return commands


# --- offers --------------------------------------------------------------------------------------


def test_a_holder_offers_what_is_sought_after_a_short_wait() -> None:
    node = _holder()
    _hear(node, seek(), 5.0)
    assert 5.0 <= node.wake_at() <= 5.0 + OFFER_WAIT_S
    (made,) = said(_run(node, 6.0), Offer)
    assert (made.locator, made.content, made.held_blocks) == (LOCATOR, CONTENT, BLOCKS)
    assert (made.complete, made.busy, made.http_port) == (True, False, 8_000)
    assert node.wake_at() == NEVER


def test_a_holder_offers_to_who_claims_without_having_asked() -> None:
    """It slept while its session came to its end, and its lease is over."""
    node = _holder()
    _hear(node, Claim(LOCATOR, Standing(1, 50)), 5.0)
    offers = sends(_run(node, 6.0))
    assert [(type(one.message), one.aside) for one in offers] == [(Offer, False), (Offer, True)]


def test_who_serves_no_peers_offers_nothing() -> None:
    node = _holder(http_port=0)
    _hear(node, seek(), 1.0)
    assert said(_run(node, 2.0), Offer) == []


def test_who_had_no_interface_offers_once_there_is_one() -> None:
    node = _holder(multicast_enabled=False)
    _hear(node, seek(), 1.0)
    assert said(_run(node, 2.0), Offer) == []
    node.configure(configuration(), now=0.0)
    _hear(node, seek(), 5.0)
    assert len(said(_run(node, 6.0), Offer)) == 1


def test_whether_others_can_be_heard_is_noticed_by_tasks_under_way() -> None:
    node = _node()
    node.start(SPEC, package=None, config=None, now=0.0)
    task = node.task(SPEC.id)
    assert task is not None
    roles = []
    for until, is_connected in ((1.0, False), (5.0, True), (7.0, True)):
        _run(node, until)
        roles.append(task.role)
        node.configure(configuration(is_connected=is_connected), now=until)
    assert roles == [Role.LEADING, Role.ABSTAINING, Role.LEADING]


def test_a_network_that_comes_is_noticed_by_tasks_under_way_and_one_that_goes_is_not() -> None:
    node = _node(networks=frozenset({"eth0", "eth1"}))
    node.start(SPEC, package=None, config=None, now=0.0)
    task = node.task(SPEC.id)
    assert task is not None
    roles = []
    for until, networks in ((1.0, {"eth1"}), (2.0, {"eth0", "eth1"}), (2.1, {"eth0"})):
        _run(node, until)
        roles.append(task.role)
        node.configure(configuration(networks=frozenset(networks)), now=until)
    roles.append(task.role)
    assert roles == [Role.LEADING, Role.LEADING, Role.SEEKING, Role.SEEKING]


def test_a_busy_holder_says_so() -> None:
    node = _holder()
    node.uploads_busy = True
    _hear(node, seek(), 5.0)
    assert said(_run(node, 6.0), Offer)[0].busy


def test_who_asked_in_vain_is_offered_it_by_broadcast_too() -> None:
    node = _holder()
    _hear(node, seek(), 5.0)
    assert said_aside(_run(node, 6.0)) == []
    _hear(node, seek(again=True), 7.0)
    (made,) = said_aside(_run(node, 8.0))
    assert isinstance(made, Offer)
    _hear(node, seek(), 9.0)
    assert said_aside(_run(node, 10.0)) == []


def test_when_enough_have_offered_it_keeps_quiet() -> None:
    node = _holder()
    _hear(node, seek(), 5.0)
    for number in range(OFFERS_ENOUGH):
        assert node.wake_at() < NEVER
        _hear(node, offer(), 5.0, sender=10 + number)
    assert node.wake_at() == NEVER
    assert _run(node, 6.0) == []


@pytest.mark.parametrize("changes", [{"merits": Merits(weight=0)}, {"multicast_enabled": False}])
def test_some_never_answer(changes: dict[str, object]) -> None:
    node = _holder(**changes)
    _hear(node, seek(), 5.0)
    assert _run(node, 60.0) == []


def test_what_is_not_held_any_more_is_not_offered() -> None:
    node = _holder()
    _hear(node, seek(), 5.0)
    node.drop(CONTENT)
    assert _run(node, 6.0) == []
    _hear(node, seek(), 7.0)
    assert _run(node, 8.0) == []


def test_what_was_not_asked_for_is_not_offered() -> None:
    node = _holder()
    _hear(node, Seek(OTHER_LOCATOR), 5.0)
    assert _run(node, 6.0) == []


def test_who_is_in_a_session_leaves_the_answer_to_its_representative() -> None:
    node = _holder()
    node.start(SPEC, package=package(), config=None, now=0.0)
    _hear(node, announce(Phase.STREAMING), 0.1)
    _run(node, 1.0)
    _hear(node, seek(), 1.0, sender=OTHER)
    assert said(_run(node, 1.9), Offer) == []


def test_who_has_closed_its_session_offers_again() -> None:
    """Or who comes in that moment would hear nobody, and pay the WAN once more."""
    node = _node(session_start_delay_s=0.0)
    node.start(SPEC, package=package(), config=None, now=0.0)
    _run(node, 1.0)
    everything = RangeSet([(0, BLOCKS)])
    node.blocks_held("task", everything, everything, now=1.0)
    node.hold(LOCATOR, package(range(BLOCKS)))
    task = node.task("task")
    assert task is not None
    assert task.representation is not None
    representation = task.representation
    while representation.phase is not Phase.CLOSED:
        node.wake(now=node.wake_at())
    closed_at = node.wake_at()
    _hear(node, seek(), closed_at, sender=OTHER)
    assert len(said(_run(node, closed_at + 0.2), Offer)) == 1


# --- tasks ---------------------------------------------------------------------------------------


def test_messages_go_to_the_task_they_are_about() -> None:
    node = _node()
    node.start(SPEC, package=None, config=None, now=0.0)
    node.start(OTHER_SPEC, package=None, config=None, now=0.0)
    _hear(node, announce(), 0.01)
    mine, other = node.task("task"), node.task("other")
    assert mine is not None
    assert other is not None
    assert mine.session == SESSION
    assert other.session is None


def test_two_tasks_live_side_by_side_and_end_each_on_its_own() -> None:
    node = _node()
    node.start(SPEC, package=package(), config=None, now=0.0)
    theirs = package(content=ContentId(bytes(OTHER_CONTENT)))
    node.start(OTHER_SPEC, package=theirs, config=None, now=0.0)
    _hear(node, announce(Phase.STREAMING), 0.01)
    other = announce(
        Phase.STREAMING, locator=OTHER_LOCATOR, session=SESSION + 1, content=OTHER_CONTENT
    )
    _hear(node, other, 0.01)
    everything = RangeSet([(0, BLOCKS)])
    node.blocks_held("task", everything, everything, now=0.5)
    assert [one.task for one in of_kind(node.drain(), Complete) if isinstance(one, Complete)] == [
        "task"
    ]
    _hear(node, announce(Phase.CLOSED), 1.0)
    assert node.task("task") is None
    assert node.task("other") is not None
    assert node.is_engaged


def test_settings_of_one_task_are_its_own() -> None:
    node = _node()
    lonely = configuration(multicast_enabled=False)
    node.start(SPEC, package=None, config=lonely, now=0.0)
    assert said(_run(node, 1.0), Seek) == []


def test_what_is_here_already_is_complete_at_once_and_nothing_remains() -> None:
    node = _node()
    node.start(SPEC, package=package(range(BLOCKS)), config=None, now=0.0)
    assert node.drain() == [Complete("task")]
    assert not node.is_engaged
    assert node.wake_at() == NEVER


def test_reports_about_tasks_that_are_gone_are_ignored() -> None:
    node = _node()
    everything = RangeSet([(0, BLOCKS)])
    node.blocks_held("task", everything, everything, now=1.0)
    node.blocks_lost("task", everything, now=1.0)
    node.package_known("task", package(), now=1.0)
    node.request_finished("task", 1, now=1.0)
    node.request_failed("task", 1, "refused", "no", now=1.0)
    node.refuse("task", LEADER, now=1.0)
    node.stop("task", "cancelled", now=1.0)
    assert node.drain() == []


def test_stopping_says_goodbye_and_frees_the_task() -> None:
    node = _node()
    node.start(SPEC, package=package(), config=None, now=0.0)
    _hear(node, announce(Phase.STREAMING), 0.01)
    node.stop("task", "suspended", now=0.5)
    assert said(node.drain(), Report)[-1].reason == "suspended"
    assert not node.is_engaged
    node.start(SPEC, package=package(), config=None, now=1.0)  # resumed
    assert node.is_engaged


def test_messages_of_sessions_nobody_knows_do_no_harm() -> None:
    node = _node()
    node.start(SPEC, package=None, config=None, now=0.0)
    for message in (need((0, 1)), report(), announce(locator=OTHER_LOCATOR), offer()):
        _hear(node, message, 0.01, sender=THIRD)
    task = node.task("task")
    assert task is not None
    assert task.session is None


# --- a thousand tasks ----------------------------------------------------------------------------


def _many(count: int) -> tuple[Node, list[Locator]]:
    """A node with so many tasks, all of them seeking."""
    node, urls = _node(), [f"http://origin.example/{number}.mcd" for number in range(count)]
    locators = [Locator.of_url(url) for url in urls]
    for url, locator in zip(urls, locators, strict=True):
        spec = TaskSpec(id=locator.hex(), locator=locator, urls=(url,))
        node.start(spec, package=None, config=None, now=0.0)
    node.drain()
    return node, locators


def test_of_a_thousand_tasks_an_event_touches_those_that_it_concerns(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    node, locators = _many(1_000)
    touched: set[str] = set()
    for name in ("receive", "wake", "drain", "wake_at", "package_known"):
        monkeypatch.setattr(Task, name, _noting(getattr(Task, name), touched))

    _hear(node, announce(locator=locators[7]), 0.01)
    assert touched == {locators[7].hex()}
    touched.clear()
    _hear(node, report(), 0.02)  # of the session that this one follows now
    assert touched == {locators[7].hex()}
    touched.clear()
    node.package_known(locators[8].hex(), package(), now=0.03)
    assert touched == {locators[8].hex()}
    touched.clear()
    due = node.due(node.wake_at())
    assert touched == set()
    node.wake(now=node.wake_at())
    assert touched == set(due)
    assert 0 < len(due) < 5


def _noting(method: Callable[..., Any], touched: set[str]) -> Callable[..., Any]:
    def noted(task: Task, *arguments: Any, **named: Any) -> Any:
        touched.add(task.spec.id)
        return method(task, *arguments, **named)

    return noted


def test_if_one_task_breaks_the_others_are_woken_at_their_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    node, locators = _many(3)
    broken = node.task(locators[0].hex())
    late = max(one.wake_at() for one in map(node.task, (one.hex() for one in locators)) if one)
    monkeypatch.setattr(broken, "wake", lambda *, now: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        node.wake(now=late)

    assert node.due(late) == [one.hex() for one in locators]
    node.stop(locators[0].hex(), "internal", now=late)
    node.drain()
    node.wake(now=late)
    assert {one.locator for one in said(node.drain(), Seek)} == set(locators[1:])
