"""Manifest and blocks of one task over HTTP, and when everybody has failed."""

from __future__ import annotations

from node_kit import (
    BLOCKS,
    LEADER,
    PAYLOAD_URL,
    SPEC,
    URL,
    address,
    announce,
    configuration,
    environment,
    package,
)

from mcastdist.node import Command, GetBlocks, GetManifest
from mcastdist.node.fetching import Fetching
from mcastdist.ranges import RangeSet
from mcastdist.timers import NEVER

ALL = RangeSet([(0, BLOCKS)])


def _fetching(*, knows_leader: bool = True, **changes: object) -> Fetching:
    fetching = Fetching(spec=SPEC, config=configuration(**changes), env=environment(), now=0.0)
    if knows_leader:
        fetching.neighbours.announced(announce(), LEADER, address(LEADER))
    return fetching


def _asked(commands: list[Command]) -> list[str]:
    fetches = (one for one in commands if isinstance(one, GetManifest | GetBlocks))
    return [one.source.address for one in fetches]


def _fail(fetching: Fetching, *, permanent: bool, now: float = 0.1) -> None:
    for order in fetching.drain():
        if isinstance(order, GetManifest | GetBlocks):
            fetching.failed(
                order.request, "status_404", "gone", now=now, permanent=permanent,
                retry_after_s=None, ask_instead=(),
            )  # fmt: skip


def test_the_manifest_comes_from_a_peer_even_if_the_origin_may_be_asked() -> None:
    fetching = _fetching()
    fetching.look_for_manifest(from_origin=True, expected=True, now=0.0)
    assert _asked(fetching.drain()) == ["10.0.0.2:8000"]


def test_the_origin_is_asked_only_if_it_may_be() -> None:
    fetching = _fetching(knows_leader=False)
    fetching.look_for_manifest(from_origin=False, expected=False, now=0.0)
    assert _asked(fetching.drain()) == []
    fetching.look_for_manifest(from_origin=True, expected=True, now=0.0)
    assert _asked(fetching.drain()) == [URL]


def test_blocks_come_from_the_payloads_own_address() -> None:
    fetching = _fetching(knows_leader=False)
    fetching.look_for_blocks(package(), ALL, from_origin=True, now=0.0)
    assert _asked(fetching.drain()) == [PAYLOAD_URL]


def test_peers_can_be_switched_off_for_blocks() -> None:
    fetching = _fetching(allow_peers=False)
    fetching.look_for_blocks(package(), ALL, from_origin=True, now=0.0)
    assert _asked(fetching.drain()) == [PAYLOAD_URL]


def test_when_the_origin_has_no_such_payload_that_is_final() -> None:
    fetching = _fetching(knows_leader=False)
    fetching.look_for_blocks(package(), ALL, from_origin=True, now=0.0)
    _fail(fetching, permanent=True)
    fetching.drain()
    assert fetching.verdict is not None
    assert fetching.verdict.final
    assert fetching.verdict.code == "origin_status_404"


def test_when_peers_cannot_supply_that_is_not_final() -> None:
    fetching = _fetching()
    fetching.look_for_blocks(package(), ALL, from_origin=False, now=0.0)
    for _ in range(BLOCKS):
        _fail(fetching, permanent=True)
    fetching.drain()
    assert fetching.verdict is not None
    assert not fetching.verdict.final


def test_a_failed_manifest_is_the_hunts_affair() -> None:
    fetching = _fetching(knows_leader=False)
    fetching.look_for_manifest(from_origin=True, expected=True, now=0.0)
    _fail(fetching, permanent=True)
    assert fetching.verdict is not None
    assert fetching.verdict.final


def test_stop_leaves_nothing_to_wait_for() -> None:
    fetching = _fetching()
    fetching.look_for_blocks(package(), ALL, from_origin=True, now=0.0)
    fetching.drain()
    fetching.stop(0.5)
    fetching.drain()
    assert fetching.wake_at() == NEVER
    assert fetching.verdict is None
