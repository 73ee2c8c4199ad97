"""At most one side of a session, and what goes to it."""

from __future__ import annotations

from node_kit import (
    BLOCKS,
    LEADER,
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
)

from mcastdist.node.parts import Parts
from mcastdist.timers import NEVER
from mcastdist.wire import Phase, ReceiverState, Report, Standing


def _parts() -> Parts:
    return Parts(spec=SPEC, config=configuration(), env=environment())


def _follow(parts: Parts, *, session: int = SESSION, now: float = 0.0) -> None:
    told = announce(session=session)
    parts.follow(told, LEADER, address(LEADER), weight=7, now=now)


def test_at_first_there_is_neither() -> None:
    parts = _parts()
    assert (parts.session, parts.is_live, parts.is_over, parts.others_need_us) == (
        None, False, False, False,
    )  # fmt: skip
    assert parts.wake_at() == NEVER
    parts.leave("task_cancelled", now=0.0)
    parts.cease(now=0.0)
    assert parts.drain() == []


def test_who_represents_follows_nobody_any_more() -> None:
    parts = _parts()
    _follow(parts)
    parts.represent(Standing(2, 50), start_at=1.0, now=0.5)
    assert parts.reception is None
    assert parts.representation is not None
    assert parts.session == parts.representation.session
    assert parts.is_live


def test_the_same_session_is_followed_on_and_another_anew() -> None:
    parts = _parts()
    _follow(parts)
    first = parts.reception
    _follow(parts, now=1.0)
    assert parts.reception is first
    _follow(parts, session=SESSION + 1, now=2.0)
    assert parts.reception is not first
    assert said(parts.drain(), Report) == []


def test_what_is_known_of_the_package_is_told_to_whoever_comes() -> None:
    parts = _parts()
    parts.package_known(package(range(BLOCKS - 1)), now=0.0)
    _follow(parts)
    assert parts.reception is not None
    assert parts.reception.stream is not None
    parts.represent(Standing(2, 50), start_at=1.0, now=0.5)
    assert parts.representation is not None
    assert parts.representation.phase is Phase.WAITING


def test_who_follows_with_everything_here_says_so_and_listens_to_nothing() -> None:
    parts = _parts()
    parts.package_known(package(range(BLOCKS)), now=0.0)
    _follow(parts)
    parts.wake(now=parts.wake_at())
    assert [one.state for one in said(parts.drain(), Report)] == [ReceiverState.DONE]
    assert parts.reception is not None
    assert parts.reception.stream is None


def test_reports_carry_the_weight_with_which_we_would_stand_now() -> None:
    parts = _parts()
    _follow(parts)
    parts.wake(now=parts.wake_at())
    assert [one.weight for one in said(parts.drain(), Report)] == [7]


def test_receivers_in_need_are_told_from_those_that_are_done() -> None:
    parts = _parts()
    parts.represent(Standing(2, 50), start_at=1.0, now=0.0)
    assert parts.representation is not None
    parts.representation.report(OTHER, address(OTHER), report(), now=0.1)
    assert parts.others_need_us
    done = report(ReceiverState.DONE)
    parts.representation.report(OTHER, address(OTHER), done, now=0.2)
    assert not parts.others_need_us


def test_what_the_departed_had_to_say_is_still_said() -> None:
    parts = _parts()
    _follow(parts)
    parts.leave("agent_stops", now=0.5)
    assert parts.session is None
    assert [one.reason for one in said(parts.drain(), Report)] == ["agent_stops"]


def test_a_closed_session_is_over_when_that_has_been_said() -> None:
    parts = _parts()
    parts.package_known(package(range(BLOCKS)), now=0.0)
    parts.represent(Standing(2, 50), start_at=0.0, now=0.0)
    while parts.wake_at() < 60.0:
        parts.wake(now=parts.wake_at())
    assert parts.is_over
    assert not parts.is_live


def test_why_streams_were_left_is_counted_over_all_sessions() -> None:
    parts = _parts()
    assert parts.fallbacks == {}
    for session in (1, 2):
        _follow(parts, session=session)
        assert parts.reception is not None
        parts.reception.dismissed("slow_receiver", now=0.5)
    assert parts.fallbacks == {"slow_receiver": 2}
    parts.end_reception()
    assert parts.fallbacks == {"slow_receiver": 2}
