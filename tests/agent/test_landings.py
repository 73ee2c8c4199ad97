"""Blocks of streams are told together, soon, and those that are not well by themselves."""

from __future__ import annotations

import asyncio
import threading

from mcastdist.agent.landings import Landing, Landings
from mcastdist.agent.package import SEVERAL, Landed
from mcastdist.ranges import RangeSet

Told = list[tuple[str, RangeSet, Landed, dict[str, int]]]
NONE = RangeSet()


def landing(block: int, *, task: str = "a", lost: RangeSet = NONE, culprit: str = "") -> Landing:
    sound = NONE if lost else RangeSet([(block, block + 1)])
    landed = Landed(sound, lost, 1000, *([culprit] if culprit else []))
    return Landing(task, block, landed, {"multicast": 900, "parity": 100})


def told_of(*landings: Landing, wait_s: float = 0.2) -> Told:
    """What the loop is told of what a thread adds."""
    told: Told = []

    async def run() -> None:
        gathering = Landings(lambda *told_now: told.append(told_now))
        thread = threading.Thread(target=lambda: [gathering.add(one) for one in landings])
        thread.start()
        thread.join()
        assert told == []
        await asyncio.sleep(wait_s)
        gathering.tell_all()

    asyncio.run(run())
    return told


def test_blocks_of_one_task_are_told_together() -> None:
    ((task, blocks, landed, shares),) = told_of(landing(3), landing(4), landing(9))

    assert task == "a"
    assert blocks == landed.sound == RangeSet([(3, 5), (9, 10)])
    assert landed.new_bytes == 3000
    assert shares == {"multicast": 2700, "parity": 300}


def test_each_task_is_told_of_its_own() -> None:
    told = told_of(landing(1), landing(2, task="b"), landing(3))

    assert [(task, blocks) for task, blocks, _, _ in told] == [
        ("a", RangeSet([(1, 2), (3, 4)])),
        ("b", RangeSet([(2, 3)])),
    ]


def test_what_takes_blocks_back_or_accuses_somebody_is_told_by_itself() -> None:
    bad = landing(7, lost=RangeSet([(7, 8)]), culprit="node 00000001")

    told = told_of(landing(1), bad, landing(2))

    assert [(blocks, landed.lost, landed.culprit) for _, blocks, landed, _ in told] == [
        (RangeSet([(7, 8)]), RangeSet([(7, 8)]), "node 00000001"),
        (RangeSet([(1, 3)]), NONE, SEVERAL),
    ]


def test_who_cannot_wait_is_told_at_once_and_nobody_twice() -> None:
    assert len(told_of(landing(1), wait_s=0.0)) == 1
    assert len(told_of(landing(1), wait_s=0.2)) == 1


def test_a_loop_that_has_ended_is_told_nothing() -> None:
    async def make() -> Landings:
        return Landings(lambda *told: None)

    asyncio.run(make()).add(landing(1))
