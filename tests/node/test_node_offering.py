"""Offers of what is held, without a node around them (`test_node_node.py` has one)."""

from __future__ import annotations

from node_kit import BLOCKS, CONTENT, LOCATOR, environment, offer, package

from mcastdist.ids import ContentId, Locator
from mcastdist.node.offering import Offering
from mcastdist.timers import NEVER
from mcastdist.tracing import EventLog
from mcastdist.wire import OFFER_WAIT_S, OFFERS_ENOUGH

ELSEWHERE = Locator.of_url("http://origin.example/other.mcd")


def _holder(log: EventLog | None = None) -> Offering:
    holder = Offering(environment(log=log))
    holder.hold(LOCATOR, package(range(BLOCKS)))
    return holder


def test_what_is_asked_for_is_offered_once_and_not_at_once() -> None:
    holder = _holder()
    holder.asked(LOCATOR, aside=False, now=5.0)
    holder.asked(LOCATOR, aside=False, now=5.1)

    assert 5.0 < holder.wake_at() < 5.0 + OFFER_WAIT_S
    assert holder.due(5.0, http_port=1, busy=False) == []
    (made,) = holder.due(6.0, http_port=8_000, busy=True)
    assert (made.message.content, made.message.http_port) == (CONTENT, 8_000)
    assert made.message.busy
    assert not made.aside
    assert holder.wake_at() == NEVER


def test_who_asked_aside_is_answered_so_once() -> None:
    holder = _holder()
    holder.asked(LOCATOR, aside=True, now=5.0)
    assert [one.aside for one in holder.due(6.0, http_port=1, busy=False)] == [False, True]
    holder.asked(LOCATOR, aside=False, now=7.0)
    assert [one.aside for one in holder.due(8.0, http_port=1, busy=False)] == [False]


def test_only_offers_that_come_while_ours_waits_count() -> None:
    log = EventLog()
    holder = _holder(log)
    holder.hear(offer(), now=1.0)
    for turn in (5.0, 7.0):
        holder.asked(LOCATOR, aside=False, now=turn)
        for _ in range(OFFERS_ENOUGH - 1):
            holder.hear(offer(), now=turn)
        assert holder.wake_at() < NEVER
    holder.hear(offer(), now=7.0)

    assert holder.wake_at() == NEVER
    assert [event.at for event in log.named("node.offer_suppressed")] == [7.0]


def test_what_is_not_here_is_neither_held_nor_offered() -> None:
    holder = _holder()
    holder.asked(ELSEWHERE, aside=False, now=1.0)
    holder.drop(ContentId(bytes(32)))
    assert holder.holds(LOCATOR)
    assert not holder.holds(ELSEWHERE)
    assert holder.wake_at() == NEVER

    holder.asked(LOCATOR, aside=False, now=1.0)
    holder.drop(CONTENT)
    assert not holder.holds(LOCATOR)
    assert holder.due(9.0, http_port=1, busy=False) == []
