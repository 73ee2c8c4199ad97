"""What must be true of every simulated subnet, whatever was done to it?

    bytes     whoever is done holds exactly the published bytes
    once      the origin gives no block that somebody within reach of the asker could have given;
              a test that allows it says why in `segment.excuse`
    ends      every task ends: complete, failed with a reason, or resting until it tries again
    silence   when all tasks have ended, nothing is said

`conftest.py` asks this after every test in this folder, of every segment that the test made; the
time that this takes is simulated too.
"""

from __future__ import annotations

from segment import Segment
from segment_machine import Content, Fetch, Machine

END_S_MAX = 4 * 3_600.0  # asleep for an hour and put off for an hour are the longest waits
CLOSING_S = 120.0  # reports, announcements and leases are over by then
REST_S = 600.0
RETRY_S, RETRIES = 30.0, 5  # who is just trying again needs half a minute to find it in vain


def check(segment: Segment) -> None:
    """All four. AssertionError says which is broken, by whom."""
    segment.run(segment.now + END_S_MAX)
    segment.check_bytes()
    endless = _endless(segment)
    for _ in range(RETRIES if endless else 0):
        segment.run(segment.now + RETRY_S)
        endless = [task for task in _endless(segment) if task in endless]
    assert endless == [], f"tasks that do not end: {endless}\n{_story(segment)}"
    for content in segment.contents:
        again = fetched_in_vain(segment, content)
        assert segment.excuse or not again, f"paid for twice: {again[:5]}\n{_story(segment)}"
    if not _resting(segment):
        _check_silence(segment)


def fetched_in_vain(segment: Segment, content: Content) -> list[Fetch]:
    """What the origin gave again though a machine within reach had it."""
    return [fetch for fetch in content.fetches if fetch.holders]


def _check_silence(segment: Segment) -> None:
    segment.run_until(segment.now + CLOSING_S)
    said = segment.said.total(), segment.wire_bytes
    segment.run_until(segment.now + REST_S)
    assert (segment.said.total(), segment.wire_bytes) == said, "something is said at rest"
    engaged = [m.id for m in segment.machines.values() if _runs(m) and m.node.is_engaged]
    assert engaged == [], f"still engaged: {engaged}\n{_story(segment)}"


def _endless(segment: Segment) -> list[tuple[object, str]]:
    """Tasks that were started on machines that are up, and neither ended nor rest."""
    return [
        (machine.id, machine.node.task(name).state_word())  # type: ignore[union-attr]  # it is there
        for machine in segment.machines.values()
        for name, shelf in machine.shelves.items()
        if _runs(machine) and machine.node.task(name) is not None
        if shelf.done_at is None and shelf.failed is None
        if not _rests(machine, name)
    ]


def _resting(segment: Segment) -> bool:
    machines = segment.machines.values()
    return any(_rests(m, name) for m in machines if _runs(m) for name in m.shelves)


def _rests(machine: Machine, name: str) -> bool:
    """It waits to try again, and says why."""
    task = machine.node.task(name)
    if task is None or task.is_complete or task.state_word() != "waiting":
        return False
    return any(code.startswith("waits_to_retry:") for code in task.fallbacks)


def _runs(machine: Machine) -> bool:
    return machine.up and not machine.frozen


def _story(segment: Segment) -> str:
    return segment.story("election.role", "node.phase", "node.fallback", "node.complete")[-3_000:]
