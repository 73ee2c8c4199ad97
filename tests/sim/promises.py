"""What do all tests of whole subnets do at the end? The promise that stands in each of them."""

from __future__ import annotations

import os
from math import ceil

from observed import note
from segment import Segment

# Seeds for promises that never failed differently, and for those that failed first on rare seeds.
# MCASTDIST_SIM_SEEDS=1000 tries as many cases of every scenario; the run says at its end how many.
ASKED = int(os.environ.get("MCASTDIST_SIM_SEEDS", "0"))
EACH, FEW, SOME, MANY = (range(ASKED or usual) for usual in (4, 12, 30, 120))
# What is tried at each of a session's four moments, and there for up to five lengths of time, comes
# to as many cases as everything else with fewer seeds.
AT_EACH, AT_EACH_FOR = (range(ceil(ASKED / cases) or 4) for cases in (4, 20))
# For what takes many seconds each: a thousand machines, a thousand tasks.
ONCE = range(max(1, ASKED // 100))


def finish(segment: Segment, until: float = 90.0, *, packages: int = 1) -> None:
    """All who are up complete, and whoever is done holds exactly the published bytes."""
    segment.run(until)
    segment.check_bytes()
    for package in range(packages):
        left = segment.unfinished(package)
        assert left == [], segment.story("election.role", "node.phase", "node.fallback")[-3_000:]
    note_outcome(segment, packages)


def note_outcome(segment: Segment, packages: int = 1) -> None:
    """Write down what it cost, and how long after the fault the last was done."""
    note("copies", max(segment.wan_copies_of(package) for package in range(packages)))
    shelves = [shelf for m in segment.machines.values() if m.up for shelf in m.shelves.values()]
    done = [shelf.done_at for shelf in shelves if shelf.done_at is not None]
    if segment.struck_at is not None and done:
        note("all done after, s", max(0.0, max(done) - segment.struck_at))


def held_by_others(segment: Segment, leaver: int) -> set[int]:
    """The blocks that would still be on the segment without this machine."""
    return set().union(*(m.disk for m in segment.machines.values() if m.id != leaver))


def fetched_again(segment: Segment, before: dict[int, int]) -> set[int]:
    """What the origin served since `before` was noted."""
    return {block for block, n in segment.wan_blocks.items() if n > before.get(block, 0)}


def stream_bytes(segment: Segment) -> int:
    """What came to all machines by the streams, in payload bytes."""
    return sum(machine.source_bytes["stream"] for machine in segment.machines.values())


def peer_bytes(segment: Segment) -> int:
    """What came to all machines from peers by HTTP."""
    return sum(machine.source_bytes["peer"] for machine in segment.machines.values())
