"""How a subnet is examined."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import pytest

from mcastdist.agent.checkup import asking
from mcastdist.agent.checkup.asking import LATELY_S, TIMES, TIMES_MORE, examine_subnet, heard_lately
from mcastdist.agent.checkup.examination import ALL_TRIALS
from mcastdist.agent.checkup.trials import Heard, Trials
from mcastdist.ids import NodeId
from mcastdist.wire import Echo, Way

THERE = ("10.0.0.9", 7447)
FORMER = ("10.0.0.8", 7447)


class FakeTrials(Trials):
    """A subnet with one neighbour, who answers at once whatever reaches it."""

    def __init__(self) -> None:
        super().__init__(seal=Any, carrier=Any, settings=Any, about=Any, rng=Any)  # type: ignore[arg-type]  # nothing of it is used
        self.sent: list[Any] = []
        self.deaf_to: set[Way] = set()

    def send(self, message: Any, trial: Any, to: Any = None) -> None:
        self.sent.append((trial, to, message.back))
        if to in (None, THERE) and trial.way not in self.deaf_to:
            for way, full in sorted(ALL_TRIALS) if message.back else [(Way.ALONE, False)]:
                echo = Echo(
                    message.token, message.number, way, full, 0, 0, 7447, 1472, "0.1.0", "h9"
                )
                for listener in list(self._listeners):
                    listener(echo, NodeId(9), THERE, time.time())


@pytest.fixture
def trials(monkeypatch: pytest.MonkeyPatch) -> FakeTrials:
    monkeypatch.setattr(asking, "GAP_S", 0.0)
    monkeypatch.setattr(asking, "ANSWER_S", 0.0)
    return FakeTrials()


async def test_everybody_is_probed_and_then_who_answered(trials: FakeTrials) -> None:
    book = await examine_subnet(trials)

    [neighbour] = book.examined
    assert neighbour.heard_there == neighbour.heard_here == ALL_TRIALS
    assert len(trials.sent) == TIMES * (4 + 2)
    assert {to for trial, to, _ in trials.sent if trial.way is Way.ALONE} == {THERE}
    assert all(
        back == (trial.way is Way.ALONE and not trial.full) for trial, _, back in trials.sent
    )
    assert trials._listeners == []


async def test_what_is_missing_is_tried_again_and_then_given_up(trials: FakeTrials) -> None:
    trials.deaf_to = {Way.GROUP}
    book = await examine_subnet(trials)

    [neighbour] = book.examined
    assert {trial.way for trial in neighbour.heard_there} == {Way.ASIDE, Way.ALONE}
    assert len(trials.sent) == (TIMES + TIMES_MORE) * (4 + 2)


async def test_what_this_subnet_does_not_have_is_not_tried_again(trials: FakeTrials) -> None:
    trials.deaf_to = {Way.ASIDE}
    await examine_subnet(trials, aside=False)

    assert len(trials.sent) == TIMES * (4 + 2)


async def test_who_was_heard_lately_is_probed_too(trials: FakeTrials) -> None:
    trials.heard[NodeId(8)] = Heard(FORMER, time.monotonic())
    trials.heard[NodeId(7)] = Heard(("10.0.0.7", 7447), time.monotonic() - 2 * LATELY_S)
    book = await examine_subnet(trials)

    assert [one for _, one, _ in trials.sent].count(FORMER) == 2 * TIMES
    assert list(heard_lately(trials)) == [NodeId(8)]
    assert list(book.neighbours) == [NodeId(9)]


def test_the_last_heard_come_first() -> None:
    now = time.monotonic()
    heard = {NodeId(number): Heard(THERE, now) for number in range(100)}
    lately: Any = heard_lately(SimpleNamespace(heard=heard))

    assert list(lately)[:2] == [NodeId(99), NodeId(98)]
    assert len(lately) == asking.NEIGHBOURS_MAX
