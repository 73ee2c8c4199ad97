"""One task: what it says of itself, whom it asks, and when it gives up."""

from __future__ import annotations

from collections.abc import Callable

import pytest
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
    of_kind,
    offer,
    package,
    report,
    said,
    to_group,
)

from mcastdist.election import Merits, Role
from mcastdist.node import (
    CancelRequest,
    Command,
    Complete,
    GetBlocks,
    GetManifest,
    Package,
    Task,
    TaskFailed,
)
from mcastdist.ranges import RangeSet
from mcastdist.timers import NEVER
from mcastdist.wire import Announce, Handover, Message, Phase, ReceiverState, Report, Seek

Answer = Callable[[Task, GetManifest | GetBlocks, float], None]


def _task(here: Package | None = None, **changes: object) -> Task:
    return Task(
        spec=SPEC, config=configuration(**changes), env=environment(), package=here, now=0.0
    )


def _run(task: Task, until: float, answer: Answer | None = None) -> list[Command]:
    """Wake it whenever it wants to be woken; `answer` is the agent's fetching."""
    commands: list[Command] = []
    now = 0.0
    while True:
        fresh = task.drain()
        commands += fresh
        for order in fresh if answer is not None else ():
            if isinstance(order, GetManifest | GetBlocks):
                assert answer is not None
                answer(task, order, now)
        if fresh:
            continue
        if task.wake_at() > until:
            return commands
        now = max(now, task.wake_at())
        task.wake(now=now)


def _hear(task: Task, message: Message, now: float, *, sender: int = LEADER) -> None:
    node = type(LEADER)(sender)  # type: ignore[operator]  # NewType is the identity
    task.receive(message, node, address(node), now=now)


def _supply(task: Task, order: GetManifest | GetBlocks, now: float) -> None:
    if isinstance(order, GetManifest):
        task.package_known(package(), now=now)
        return
    blocks = RangeSet([(order.first, order.first + order.count)])
    task.blocks_held(blocks, blocks, now=now)
    task.request_finished(order.request, now=now)


def _refuse(task: Task, order: GetManifest | GetBlocks, now: float) -> None:
    task.request_failed(order.request, "refused", "no answer", now=now)


def _refuse_for_good(task: Task, order: GetManifest | GetBlocks, now: float) -> None:
    task.request_failed(order.request, "status_404", "gone", now=now, permanent=True)


def _asked(commands: list[Command]) -> list[str]:
    fetches = (one for one in commands if isinstance(one, GetManifest | GetBlocks))
    return [one.source.address for one in fetches]


# --- the good way --------------------------------------------------------------------------------


def test_what_is_here_already_is_complete_without_a_word() -> None:
    task = _task(package(range(BLOCKS)))
    commands = _run(task, 60.0)
    assert commands == [Complete("task")]
    assert task.is_retired
    assert task.wake_at() == NEVER


def test_alone_on_the_segment_it_represents_downloads_and_stays_until_the_end() -> None:
    task = _task()
    commands = _run(task, 60.0, _supply)
    assert _asked(commands) == [URL, PAYLOAD_URL]
    assert len(of_kind(commands, Complete)) == 1
    assert said(commands, Announce)[-1].phase is Phase.CLOSED
    assert task.is_retired


def test_it_follows_and_asks_its_representative_for_the_manifest() -> None:
    task = _task()
    _hear(task, announce(), 0.001)
    commands = _run(task, 1.0, _supply)
    assert _asked(commands) == ["10.0.0.2:8000"]
    assert task.reception is not None


def test_state_words() -> None:
    task = _task()
    assert task.state_word() == "seeking"
    _hear(task, announce(), 0.001)
    assert task.state_word() == "waiting"
    task.package_known(package(), now=0.1)
    assert task.state_word() == "waiting"
    _hear(task, announce(Phase.STREAMING), 0.2)
    assert task.state_word() == "receiving"
    assert task.reception is not None
    task.reception.dismissed("slow_receiver", now=0.3)
    assert task.state_word() == "repairing"
    everything = RangeSet([(0, BLOCKS)])
    task.blocks_held(everything, everything, now=0.4)
    assert task.state_word() == "verifying"


def test_state_words_of_a_representative() -> None:
    task = _task()
    _run(task, 1.0)
    assert task.role is Role.LEADING
    assert task.state_word() == "representing"
    task.package_known(package(), now=1.0)
    assert task.state_word() == "downloading"


def test_a_follower_is_complete_once_and_retires_when_the_session_closes() -> None:
    task = _task(package())
    _hear(task, announce(Phase.STREAMING), 0.1)
    everything = RangeSet([(0, BLOCKS)])
    task.blocks_held(everything, everything, now=0.5)
    task.blocks_held(everything, everything, now=0.6)
    assert len(of_kind(task.drain(), Complete)) == 1
    assert not task.is_retired
    _hear(task, announce(Phase.CLOSED), 1.0)
    assert task.is_retired
    assert said(task.drain(), Seek) == []


def test_held_is_not_yet_sound() -> None:
    """A block is here, but a chunk that reaches into it is not: it does not count."""
    task = _task(package())
    everything = RangeSet([(0, BLOCKS)])
    task.blocks_held(everything, RangeSet([(0, BLOCKS - 1)]), now=0.5)
    assert not task.is_complete
    task.blocks_held(RangeSet(), RangeSet([(BLOCKS - 1, BLOCKS)]), now=0.6)
    assert task.is_complete


def test_blocks_that_turn_out_to_be_wrong_are_fetched_again() -> None:
    task = _task(package())
    _run(task, 1.0)
    assert task.role is Role.LEADING
    everything = RangeSet([(0, BLOCKS)])
    task.blocks_held(everything, RangeSet([(1, BLOCKS)]), now=1.0)
    task.blocks_lost(RangeSet([(0, 1)]), now=1.0)
    orders = of_kind(_run(task, 3.0), GetBlocks)
    assert [(one.first, one.count) for one in orders if isinstance(one, GetBlocks)][-1] == (0, 1)
    assert not task.is_complete


def test_complete_is_said_again_after_damage_was_repaired() -> None:
    task = _task(package())
    _hear(task, announce(Phase.STREAMING), 0.1)
    everything = RangeSet([(0, BLOCKS)])
    task.blocks_held(everything, everything, now=0.5)
    task.blocks_lost(RangeSet([(2, 3)]), now=0.6)
    task.blocks_held(RangeSet([(2, 3)]), RangeSet([(2, 3)]), now=0.7)
    assert len(of_kind(task.drain(), Complete)) == 2


# --- who yields ----------------------------------------------------------------------------------


def test_who_yields_stops_its_download() -> None:
    task = _task(package())
    _run(task, 1.0)
    (order,) = of_kind(_run(task, 1.0) + task.drain(), GetBlocks) or [None]
    assert order is None  # it has been asked for already
    _hear(task, announce(standing=type(announce().standing)(9, 50)), 1.5)
    cancelled = of_kind(task.drain(), CancelRequest)
    assert task.reception is not None
    assert len(cancelled) == 1


def test_who_yields_while_it_waits_for_the_manifest_stops_that_too() -> None:
    """Of a plain file that request is the whole download."""
    task = _task()
    commands = _run(task, 1.0)
    (order,) = of_kind(commands, GetManifest)
    assert isinstance(order, GetManifest)
    _hear(task, announce(standing=type(announce().standing)(9, 50), content=b""), 1.5)
    assert CancelRequest("task", order.request) in task.drain()


# --- nobody supplies us --------------------------------------------------------------------------


def test_a_receiver_turns_to_the_origin_after_a_while_and_not_before() -> None:
    task, asked, now = _task(), [], 0.0
    while now < 30.0:
        _hear(task, announce(), now)
        before = len(asked)
        asked += [
            (now, one) for one in _asked(_run(task, now + 0.9, _refuse)) if one == URL
        ]  # fmt: skip
        now += 1.0
        if len(asked) > before:
            break
    assert asked
    assert asked[0][0] >= 10.0
    assert task.fallbacks["no_peer_supplies"] == 1


def test_a_peer_that_supplies_in_time_keeps_us_from_the_origin() -> None:
    task, now = _task(), 0.0
    while now < 60.0:
        _hear(task, announce(), now)
        answer = _refuse if now < 5.0 else _supply
        assert URL not in _asked(_run(task, now + 0.9, answer))
        now += 1.0
    assert "no_peer_supplies" not in task.fallbacks


def test_a_representative_that_serves_nothing_is_not_waited_for_for_ever() -> None:
    """It announces the content, but no port to fetch the manifest from."""
    task, asked, now = _task(), [], 0.0
    while now < 30.0:
        _hear(task, announce(http_port=0), now)
        asked += _asked(_run(task, now + 0.9, _supply))
        now += 1.0
    assert asked == [URL]


def test_with_no_steps_to_wait_it_fails_and_says_why() -> None:
    task = _task()
    (failed,) = of_kind(_run(task, 60.0, _refuse), TaskFailed)
    assert isinstance(failed, TaskFailed)
    assert failed.code == "refused"
    assert task.is_retired


def test_what_is_gone_for_good_is_not_waited_for() -> None:
    task = _task(retry_backoff_s=(180.0,))
    (failed,) = of_kind(_run(task, 60.0, _refuse_for_good), TaskFailed)
    assert isinstance(failed, TaskFailed)
    assert failed.code == "status_404"


def test_a_payload_that_is_wrong_for_good_is_not_waited_for_either() -> None:
    def wrong(task: Task, order: GetManifest | GetBlocks, now: float) -> None:
        if isinstance(order, GetManifest):
            task.package_known(package(), now=now)
        else:
            task.blocks_held(RangeSet([(0, 1)]), RangeSet(), now=now)
            task.blocks_lost(RangeSet([(0, 1)]), now=now)
            task.request_failed(order.request, "wrong_bytes", "no", now=now, permanent=True)

    task = _task(retry_backoff_s=(180.0,))
    (failed,) = of_kind(_run(task, 60.0, wrong), TaskFailed)
    assert isinstance(failed, TaskFailed)
    assert failed.code == "origin_wrong_bytes"


def test_with_steps_it_rests_silently_and_tries_again() -> None:
    task = _task(retry_backoff_s=(100.0,))
    _run(task, 50.0, _refuse)
    assert task.state_word() == "waiting"
    assert _run(task, 95.0, _refuse) == []  # not even an announcement

    commands = _run(task, 200.0, _supply)
    assert len(of_kind(commands, Complete)) == 1


def test_it_rests_longer_each_time() -> None:
    task = _task(retry_backoff_s=(10.0, 100.0))
    asked = _asked(_run(task, 140.0, _refuse))
    assert 10 <= len(asked) <= 15  # three times a round of five, or a little less


def test_who_rests_joins_a_session_it_hears_of_at_once() -> None:
    task = _task(retry_backoff_s=(1_000.0,))
    _run(task, 50.0, _refuse)
    _hear(task, announce(), 60.0)
    assert _asked(_run(task, 61.0, _supply)) == ["10.0.0.2:8000"]
    assert task.state_word() == "waiting"  # for the stream


def test_a_successor_does_not_ask_the_dead() -> None:
    """It would learn of it by a time-out, while the whole segment waits."""
    task = _task(package())
    _hear(task, announce(Phase.STREAMING), 0.1)
    assert _asked(_run(task, 5.0)) == [PAYLOAD_URL]
    assert task.role is Role.LEADING


def test_a_representative_without_wan_hands_over_to_those_who_need_it() -> None:
    task = _task(package(range(2)))
    _run(task, 1.0, _refuse)
    assert task.session is not None
    _hear(task, report(session=task.session), 1.0, sender=OTHER)
    commands = _run(task, 20.0, _refuse)
    assert [one.heir for one in said(commands, Handover)] == [OTHER]
    assert not of_kind(commands, TaskFailed)
    assert task.fallbacks["gave_up_representing:origin_refused"] == 1


def test_who_may_not_ask_the_origin_does_not_and_fails_in_the_end() -> None:
    task = _task(allow_origin=False)
    commands = _run(task, 120.0, _supply)
    assert _asked(commands) == []
    (failed,) = of_kind(commands, TaskFailed)
    assert isinstance(failed, TaskFailed)
    assert failed.code == "no_source"


def test_who_may_not_ask_the_origin_still_takes_from_peers() -> None:
    task = _task(allow_origin=False)
    _hear(task, offer(), 0.05, sender=OTHER)
    commands = _run(task, 120.0, _supply)
    assert set(_asked(commands)) == {"10.0.0.3:8000"}
    assert len(of_kind(commands, Complete)) == 1


def test_weight_zero_asks_the_origin_only_when_nobody_volunteers() -> None:
    task = _task(merits=Merits(weight=0))
    assert _asked(_run(task, 10.0, _supply)) == []
    commands = _run(task, 60.0, _supply)
    assert _asked(commands) == [URL, PAYLOAD_URL]
    assert task.is_retired


# --- without multicast ---------------------------------------------------------------------------


def test_without_multicast_it_just_fetches() -> None:
    task = _task(multicast_enabled=False)
    commands = _run(task, 60.0, _supply)
    assert _asked(commands) == [URL, PAYLOAD_URL]
    assert to_group(commands) == []
    assert len(of_kind(commands, Complete)) == 1
    assert task.is_retired


def test_without_multicast_it_takes_from_peers_it_happens_to_hear_of() -> None:
    task = _task(multicast_enabled=False)
    _hear(task, announce(Phase.REPAIRING), 0.0)
    commands = _run(task, 60.0, _supply)
    assert set(_asked(commands)) == {URL, "10.0.0.2:8000"}  # it had asked for the manifest before
    assert to_group(commands) == []


def test_without_multicast_it_retries_by_itself() -> None:
    task = _task(multicast_enabled=False, retry_backoff_s=(100.0,))
    assert to_group(_run(task, 90.0, _refuse)) == []
    commands = _run(task, 200.0, _supply)
    assert len(of_kind(commands, Complete)) == 1


# --- leaving -------------------------------------------------------------------------------------


@pytest.mark.parametrize("complete", [False, True])
def test_who_leaves_tells_its_representative(complete: bool) -> None:
    task = _task(package())
    _hear(task, announce(Phase.STREAMING), 0.1)
    if complete:
        everything = RangeSet([(0, BLOCKS)])
        task.blocks_held(everything, everything, now=0.2)
    task.leave("cancelled", now=0.5)
    assert said(task.drain(), Report)[-1].state is ReceiverState.LEFT
    assert task.is_retired


def test_who_leaves_cancels_what_it_asked_for() -> None:
    task = _task()
    commands = _run(task, 1.0)
    (order,) = of_kind(commands, GetManifest)
    assert isinstance(order, GetManifest)
    task.leave("cancelled", now=1.0)
    assert CancelRequest("task", order.request) in task.drain()


def test_who_sent_something_bad_is_neither_followed_nor_asked() -> None:
    task = _task()
    _hear(task, announce(), 0.1)
    task.drain()
    task.refuse(LEADER, now=0.2)
    _hear(task, announce(), 0.3)
    assert task.role is not Role.FOLLOWING
    assert "10.0.0.2:8000" not in _asked(_run(task, 2.0, _refuse))
