"""Whose turn is it next? A line that forgets nobody and in which nobody waits twice."""

from __future__ import annotations

from mcastdist.agent.waiting_line import WaitingLine


def drained(line: WaitingLine) -> list[str]:
    order = []
    while (first := line.first()) is not None:
        line.take(first, now=0.0)
        order.append(first)
    return order


def test_the_more_urgent_go_first_then_the_older() -> None:
    line = WaitingLine()
    for run_id, turn in (("a", (1, 1)), ("b", (2, 2)), ("c", (0, 3)), ("d", (1, 4))):
        line.put(run_id, turn, now=0.0)

    assert drained(line) == ["c", "a", "d", "b"]
    assert len(line) == 0


def test_who_becomes_more_or_less_urgent_moves_and_has_waited_all_the_same() -> None:
    line = WaitingLine()
    line.put("a", (1, 1), now=1.0)
    line.put("b", (1, 2), now=2.0)
    line.put("b", (0, 3), now=3.0)
    assert line.first() == "b"

    line.put("b", (2, 4), now=4.0)
    assert line.first() == "a"
    assert line.take("b", now=5.0) == 3.0
    assert drained(line) == ["a"]


def test_who_leaves_is_not_called_and_may_come_again() -> None:
    line = WaitingLine()
    line.put("a", (1, 1), now=0.0)
    line.put("b", (1, 2), now=0.0)
    line.take("a", now=1.0)
    assert ("a" in line, "b" in line) == (False, True)
    assert line.first() == "b"

    line.put("a", (1, 1), now=7.0)
    assert line.take("a", now=9.0) == 2.0
    assert line.take("a", now=9.0) == 0.0


def test_a_line_of_a_thousand_costs_few_steps_each() -> None:
    looks = 0

    class Counted(tuple[int, int]):
        __slots__ = ()

        def __lt__(self, other: object) -> bool:
            nonlocal looks
            looks += 1
            return tuple(self) < other  # type: ignore[operator]  # turns meet only turns

    line = WaitingLine()
    for number in range(1_000):
        line.put(f"run{number}", Counted((number % 3, number)), now=0.0)
    assert len(drained(line)) == 1_000
    assert looks < 30 * 1_000
