"""The roll of tasks: whom a message concerns, and who is to be woken."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any, cast

from mcastdist.ids import Locator, SessionId
from mcastdist.node import Task, TaskSpec
from mcastdist.node.roll import STALE_MAX, Roll
from mcastdist.timers import NEVER


@dataclass(eq=False)
class Player:
    """Looks like a task, and counts how often it is asked."""

    name: str
    locator: Locator = field(default_factory=lambda: Locator(bytes(32)))
    session: SessionId | None = None
    at: float = NEVER
    is_retired: bool = False
    asked: int = 0

    @property
    def spec(self) -> TaskSpec:
        return TaskSpec(id=self.name, locator=self.locator, urls=())

    def wake_at(self) -> float:
        self.asked += 1
        return NEVER if self.is_retired else self.at


def tell(roll: Roll, player: Player, **changes: Any) -> None:
    """The player changes, and the roll takes note."""
    for name, value in changes.items():
        setattr(player, name, value)
    roll.note(cast(Task, player))


def rolled(*players: Player) -> Roll:
    roll = Roll()
    for player in players:
        roll.add(cast(Task, player))
        tell(roll, player)
    return roll


def names(tasks: list[Task]) -> list[str]:
    return [task.spec.id for task in tasks]


def test_tasks_are_found_by_what_they_bring_and_by_their_session() -> None:
    one, two, three = Player("1"), Player("2", Locator(b"2" * 32)), Player("3", Locator(b"2" * 32))
    roll = rolled(one, two, three)
    tell(roll, three, session=SessionId(7))
    tell(roll, two, session=SessionId(7))

    assert names(roll.all()) == ["1", "2", "3"]
    assert names(roll.of_locator(one.locator)) == ["1"]
    assert names(roll.of_locator(two.locator)) == ["2", "3"]
    assert names(roll.of_session(SessionId(7))) == ["2", "3"]  # as they began
    tell(roll, two, session=SessionId(8))
    assert names(roll.of_session(SessionId(7))) == ["3"]
    assert names(roll.of_session(SessionId(8))) == ["2"]
    assert roll.of_session(SessionId(9)) == []
    assert roll.of_locator(Locator(b"9" * 32)) == []


def test_who_is_due_is_told_in_the_order_in_which_tasks_began() -> None:
    one, two, three = (Player(name, at=at) for name, at in (("1", 3.0), ("2", 1.0), ("3", 2.0)))
    roll = rolled(one, two, three)

    assert roll.wake_at() == 1.0
    assert names(roll.due(0.5)) == []
    assert names(roll.due(2.0)) == ["2", "3"]
    assert names(roll.due(2.0)) == ["2", "3"]  # as long as nothing happened to them
    tell(roll, two, at=9.0)
    tell(roll, three, at=NEVER)
    assert roll.wake_at() == 3.0
    assert names(roll.due(3.0)) == ["1"]


def test_a_task_that_is_over_is_not_there_any_more() -> None:
    one, two = Player("1", at=1.0, session=SessionId(7)), Player("2", at=2.0)
    roll = rolled(one, two)
    tell(roll, one, is_retired=True)
    tell(roll, one)  # a late word of it

    assert roll.get("1") is None
    assert roll.get("2") is two
    assert len(roll) == 1
    assert roll.of_session(SessionId(7)) == []
    assert names(roll.of_locator(two.locator)) == ["2"]
    assert roll.wake_at() == 2.0
    assert names(roll.due(5.0)) == ["2"]


def test_another_task_of_the_same_name_is_another() -> None:
    first = Player("1", at=1.0)
    roll = rolled(first)
    tell(roll, first, is_retired=True)
    again = Player("1", at=4.0)
    roll.add(cast(Task, again))
    tell(roll, again)

    assert roll.wake_at() == 4.0
    assert roll.due(3.0) == []


def test_deadlines_are_right_however_often_they_change_and_old_ones_do_not_pile_up() -> None:
    rng = Random(1)
    players = [Player(str(number)) for number in range(20)]
    roll = rolled(*players)
    for _ in range(5_000):
        player = rng.choice(players)
        tell(roll, player, at=rng.choice((NEVER, 1.0, rng.random() * 100)))
        now = rng.random() * 100
        assert roll.wake_at() == min(one.at for one in players)
        assert names(roll.due(now)) == [one.name for one in players if one.at <= now]
        assert len(roll._heap) <= 2 * len(players) + STALE_MAX


def test_nobody_is_asked_but_who_something_happened_to() -> None:
    players = [Player(str(number), at=float(number)) for number in range(1_000)]
    roll = rolled(*players)
    for player in players:
        player.asked = 0
    tell(roll, players[7], at=0.5)

    assert roll.wake_at() == 0.0
    assert names(roll.due(1.0)) == ["0", "1", "7"]
    assert [player.name for player in players if player.asked] == ["7"]
