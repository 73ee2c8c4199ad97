"""When does a fault strike? The moments of a session, found on a simulated segment as it runs.

before the delay   the representative downloads, and the stream has not begun
first second       the stream has just begun
half-way           every receiver holds half of it
repair             the round is over, and somebody lacks something
"""

from __future__ import annotations

from collections.abc import Callable

from segment import Segment
from segment_machine import Machine

from mcastdist.ids import NodeId
from mcastdist.wire import Phase

LOOK_S = 0.02
GIVE_UP_S = 60.0
MOMENTS = ("before_the_delay", "first_second", "half_way", "repair")


def session(seed: int, moment: str, *, nodes: int = 5, **config: object) -> Segment:
    """A segment whose stream lasts two seconds, started; for the repair it loses something, and
    nothing of the stream comes to two machines."""
    loss = 0.02 if moment == "repair" else 0.0
    segment = Segment(
        nodes=nodes, seed=seed, blocks=48, loss=loss, delay_s=1.2, wan_bps=3e6,
        stream_bps=900_000, **config,  # type: ignore[arg-type]  # settings, by name
    )  # fmt: skip
    if moment == "repair":
        segment.deaf_to_stream |= {NodeId(1), NodeId(2)}
        segment.excuse = "a report that says what is held may be lost"
    segment.start()
    return segment


def run_to(segment: Segment, moment: str) -> NodeId:
    """Let time pass to this moment of the session, when the fault comes; who represents then."""
    wait_until(segment, lambda: _is_at(segment, moment))
    segment.struck_at = segment.now
    return segment.representatives[0]


def wait_until(segment: Segment, holds: Callable[[], bool]) -> None:
    """Let time pass until something holds. AssertionError if it never does."""
    give_up_at = segment.now + GIVE_UP_S
    while not holds():
        assert segment.now < give_up_at, "the moment has not come"
        segment.run_until(segment.now + LOOK_S)


def receivers(segment: Segment) -> list[Machine]:
    """All that are up and do not represent."""
    leading = set(segment.representatives)
    return [one for one in segment.machines.values() if one.up and one.id not in leading]


def goes_on_after(segment: Segment, since: float, *, but: NodeId) -> float | None:
    """How long after `since` another than `but` began to represent; None if nobody did."""
    led = [
        event.at
        for event in segment.events
        if event.name == "election.role" and event.fields["new"] == "leading"
        if event.at > since and event.fields["node"] != but
    ]
    return min(led) - since if led else None


def streams_after(segment: Segment, since: float) -> float | None:
    """How long after `since` a round was begun; None if there was none."""
    begun = [event.at for event in segment.events if event.name == "node.round"]
    later = [at for at in begun if at > since]
    return min(later) - since if later else None


def _is_at(segment: Segment, moment: str) -> bool:
    if len(segment.representatives) != 1:
        return False
    machine = segment.machines[segment.representatives[0]]
    task = machine.node.task(machine.shelf.content.task)
    assert task is not None
    assert task.representation is not None
    phase, blocks = task.representation.phase, machine.shelf.content.block_count
    if moment == "before_the_delay":
        return phase is Phase.WAITING and len(machine.disk) >= blocks / 4
    if moment == "first_second":
        return phase is Phase.STREAMING
    if moment == "half_way":
        return min(len(one.disk) for one in receivers(segment)) >= blocks / 2
    assert moment == "repair"
    return phase is Phase.REPAIRING and len(segment.unfinished()) > 0
