"""The turns of a node: nothing stops the timer, and what breaks is blamed."""

from __future__ import annotations

import asyncio
import threading
import time
from dataclasses import dataclass, field

import pytest
from agent_kit import until
from fake_node import FakeNode, fake_task

from mcastdist.agent.turns import BROKEN_WAIT_S, Turns
from mcastdist.node import Complete
from mcastdist.timers import NEVER


@dataclass
class Table:
    """A node at its turns, and what came of them."""

    node: FakeNode = field(default_factory=FakeNode)
    done: list[object] = field(default_factory=list)
    broken: list[tuple[str, str]] = field(default_factory=list)
    poison: object = None

    def __post_init__(self) -> None:
        self.turns = Turns(
            self.node,
            carry_out=self.carry_out,
            before_wake=lambda: self.done.append("look"),
            on_broken=lambda task, error: self.broken.append((task, str(error))),
        )

    def carry_out(self, command: object) -> None:
        if command == self.poison:
            raise ZeroDivisionError("command")
        self.done.append(command)

    @property
    def timer_at(self) -> float:
        timer = self.turns._timer
        return NEVER if timer is None else timer.when()


async def test_what_the_node_wants_is_done_until_it_wants_nothing() -> None:
    table = Table()
    table.node.commands = [Complete("a")]
    table.turns.take(["a"], lambda: table.node.commands.append(Complete("b")))

    assert table.done == [Complete("a"), Complete("b")]
    assert table.timer_at == NEVER


async def test_it_is_woken_while_something_always_comes_in() -> None:
    """Each turn stands before the timer, as what sockets bring does on the loop."""
    table = Table()
    loop = asyncio.get_running_loop()

    def comes_in() -> None:
        table.turns.take(["a"], lambda: None)
        if not table.node.named("wake") and len(table.done) < 1_000:
            table.done.append("came")
            loop.call_soon(comes_in)

    table.node.wakes_at = time.monotonic()
    comes_in()
    await until(lambda: table.node.named("wake") or len(table.done) >= 1_000)

    assert table.node.named("wake")
    assert table.done.count("came") < 10


async def test_it_is_woken_when_it_wants_to_be() -> None:
    table = Table()
    table.node.wakes_at = time.monotonic()
    table.turns.settle()
    await until(lambda: table.node.named("wake"))
    table.turns.close()

    assert table.done[0] == "look"
    assert table.timer_at == NEVER


async def test_a_bug_in_a_turn_ends_its_task_and_arms_the_timer(
    caplog: pytest.LogCaptureFixture,
) -> None:
    table = Table()
    table.node.wakes_at = time.monotonic() + 50
    table.turns.take(["a"], lambda: table.node.note("x") or 1 / 0)

    assert table.broken == [("a", "division by zero")]
    assert table.node.named("stop") == [("a", "internal")]
    assert table.timer_at == pytest.approx(table.node.wakes_at)
    assert "Traceback" in caplog.text
    table.turns.close()


async def test_a_bug_in_one_command_leaves_the_others_to_be_done() -> None:
    table = Table(poison=Complete("a"))
    table.node.commands = [Complete("a"), Complete("b")]
    table.turns.settle()

    assert table.done == [Complete("b")]
    assert table.broken == [("a", "command")]


async def test_a_task_that_cannot_be_stopped_either_is_still_told_of() -> None:
    table = Table(FakeNode(breaks_at="stop"))
    table.turns.blame(["a", None, "b"], ValueError("why"))

    assert table.broken == [("a", "why"), ("b", "why")]


async def test_a_bug_in_waking_ends_the_tasks_that_were_due_and_does_not_spin() -> None:
    table = Table(FakeNode(breaks_at="wake"))
    table.node.tasks |= {"due": fake_task(wakes_at=0.0), "later": fake_task()}
    table.node.wakes_at = began = time.monotonic()
    table.turns.settle()
    await until(lambda: table.broken)

    assert table.broken == [("due", "wake")]
    assert table.timer_at >= began + BROKEN_WAIT_S
    table.turns.close()


async def test_a_thread_may_call_and_a_loop_that_ended_is_let_be() -> None:
    table = Table()
    thread = threading.Thread(target=table.turns.call_from_thread, args=(table.done.append, 7))
    thread.start()
    await until(lambda: table.done)
    thread.join()
    assert table.done == [7]


def test_nobody_calls_into_a_closed_loop() -> None:
    loop = asyncio.new_event_loop()

    async def make() -> Table:
        return Table()

    table = loop.run_until_complete(make())
    loop.close()
    table.turns.call_from_thread(table.done.append, 7)
    assert table.done == []
