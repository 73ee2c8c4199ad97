"""When a stream pays, and for whom."""

from __future__ import annotations

import pytest
from node_kit import BLOCK_BYTES, BLOCKS, address, configuration, package, report

from mcastdist.ids import NodeId
from mcastdist.node.audience import Audience
from mcastdist.node.worth import ROUNDS_MAX, first_round, further_round, may_start
from mcastdist.ranges import RangeSet
from mcastdist.wire import ReceiverState

HERE = package(range(BLOCKS))
NOTHING, ALL = RangeSet(), RangeSet([(0, BLOCKS)])


def _audience(*reports: object) -> Audience:
    audience = Audience(idle_timeout_s=30.0)
    for number, each in enumerate(reports, 2):
        audience.report(NodeId(number), address(NodeId(number)), each, now=0.0)  # type: ignore[arg-type]
    return audience


def test_the_delay_decides_unless_enough_have_come() -> None:
    two = _audience(report(), report())
    assert not may_start(configuration(), two, start_at=60.0, now=59.9)
    assert may_start(configuration(), two, start_at=60.0, now=60.0)
    assert may_start(configuration(start_when_receivers=2), two, start_at=60.0, now=1.0)
    assert not may_start(configuration(start_when_receivers=3), two, start_at=60.0, now=1.0)


@pytest.mark.parametrize(("receivers", "blocks"), [(1, NOTHING), (2, ALL), (9, ALL)])
def test_too_few_receivers_are_served(receivers: int, blocks: RangeSet) -> None:
    assert first_round(configuration(), _audience(*[report()] * receivers), HERE) == blocks


def test_who_lacks_nothing_or_hears_nothing_does_not_count() -> None:
    full = report(held_blocks=BLOCKS)
    deaf = report(ReceiverState.DEAF)
    assert first_round(configuration(), _audience(report(), full, deaf), HERE) == NOTHING


def test_a_small_payload_is_served() -> None:
    config = configuration(min_package_bytes=BLOCKS * BLOCK_BYTES + 1)
    assert first_round(config, _audience(report(), report()), HERE) == NOTHING


def test_only_what_somebody_lacks_is_streamed() -> None:
    some = report(held_blocks=6, missing=((3, 2),))
    assert first_round(configuration(), _audience(some, some), HERE) == RangeSet([(3, 5)])


def test_a_further_round_is_for_what_three_lack() -> None:
    some = report(held_blocks=6, missing=((3, 2),))
    more = report(held_blocks=4, missing=((1, 4),))
    assert further_round(configuration(), _audience(some, more), HERE) == NOTHING
    assert further_round(configuration(), _audience(some, more, some), HERE) == RangeSet([(3, 5)])


def test_nobody_is_streamed_to_for_ever() -> None:
    """Three whose multicast is broken, and who do not know it."""
    audience = _audience(*[report()] * 3)
    for listener in audience.all():
        listener.rounds = ROUNDS_MAX
    assert further_round(configuration(), audience, HERE) == NOTHING
    assert first_round(configuration(), audience, HERE) == NOTHING
