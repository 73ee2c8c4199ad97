"""What the orders and their nouns promise by themselves."""

from __future__ import annotations

import dataclasses

import pytest
from node_kit import BLOCK_BYTES, BLOCKS, CONTENT, package

from mcastdist.node import Command, Complete, Package
from mcastdist.ranges import RangeSet


@pytest.mark.parametrize(
    ("payload_bytes", "blocks"),
    [(0, 0), (1, 1), (BLOCK_BYTES, 1), (BLOCK_BYTES + 1, 2), (10 * BLOCK_BYTES, 10)],
)
def test_a_package_has_as_many_blocks_as_its_payload_fills(payload_bytes: int, blocks: int) -> None:
    one = Package(CONTENT, payload_bytes, BLOCK_BYTES, RangeSet(), RangeSet(), ())
    assert one.block_count == blocks
    assert one.is_complete is (blocks == 0)
    assert one.missing.count == blocks


def test_only_sound_blocks_make_it_complete() -> None:
    one = package(range(BLOCKS))
    assert one.is_complete
    one.sound.remove(3, 4)
    assert not one.is_complete
    assert not one.missing  # it is here, it is only not verified yet


def test_orders_cannot_be_changed_on_their_way() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Complete("task").task = "other"  # type: ignore[misc]  # that is the point


def test_every_order_belongs_to_the_union_that_agents_dispatch_on() -> None:
    from mcastdist.node import commands

    orders = {
        one for one in vars(commands).values()
        if dataclasses.is_dataclass(one) and one.__module__ == commands.__name__
    }  # fmt: skip
    nouns = {commands.Package, commands.TaskSpec, commands.Stream}
    assert orders - nouns == set(Command.__args__)
