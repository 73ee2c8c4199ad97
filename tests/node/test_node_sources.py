"""The book of peers for one task."""

from __future__ import annotations

import pytest
from node_kit import (
    CONTENT,
    LEADER,
    OTHER,
    OTHER_CONTENT,
    THIRD,
    address,
    announce,
    offer,
)

from mcastdist.http_fetch import Source
from mcastdist.ids import NodeId
from mcastdist.node import peer_address
from mcastdist.node.sources import NEIGHBOURS_MAX, Neighbours, origin_sources
from mcastdist.wire import Phase


def _addresses(neighbours: Neighbours) -> list[str]:
    return [source.address for source in neighbours.for_blocks(CONTENT)]


def test_the_representative_goes_before_those_that_offered_and_the_busy_last() -> None:
    neighbours = Neighbours()
    neighbours.offered(offer(busy=True), THIRD, address(THIRD))
    neighbours.offered(offer(), OTHER, address(OTHER))
    neighbours.announced(announce(), LEADER, address(LEADER))
    assert _addresses(neighbours) == ["10.0.0.2:8000", "10.0.0.3:8000", "10.0.0.4:8000"]


@pytest.mark.parametrize(
    "changes", [{"content": b""}, {"http_port": 0}, {"phase": Phase.CLOSED}], ids=str
)
def test_a_representative_that_cannot_be_asked_is_not(changes: dict[str, object]) -> None:
    neighbours = Neighbours()
    neighbours.announced(announce(), LEADER, address(LEADER))
    neighbours.announced(announce(**changes), LEADER, address(LEADER))  # type: ignore[arg-type]
    assert neighbours.for_manifest() == []


def test_a_new_representative_takes_the_place_of_the_old() -> None:
    neighbours = Neighbours()
    neighbours.announced(announce(), LEADER, address(LEADER))
    neighbours.announced(announce(), OTHER, address(OTHER))
    assert _addresses(neighbours) == ["10.0.0.3:8000"]


def test_a_representative_that_is_lost_is_not_asked_until_it_is_heard_again() -> None:
    neighbours = Neighbours()
    neighbours.announced(announce(), LEADER, address(LEADER))
    neighbours.leader_lost()
    assert neighbours.for_manifest() == []
    neighbours.announced(announce(), LEADER, address(LEADER))
    assert _addresses(neighbours) == ["10.0.0.2:8000"]


def test_blocks_are_asked_of_those_who_have_the_same_content() -> None:
    neighbours = Neighbours()
    neighbours.offered(offer(content=OTHER_CONTENT), OTHER, address(OTHER))
    assert neighbours.for_blocks(CONTENT) == []
    assert neighbours.for_manifest() == [(Source("peer", "10.0.0.3:8000", 1), OTHER_CONTENT)]


def test_who_sent_something_bad_is_asked_no_more() -> None:
    neighbours = Neighbours()
    neighbours.announced(announce(), LEADER, address(LEADER))
    neighbours.offered(offer(), OTHER, address(OTHER))
    neighbours.refuse(LEADER)
    assert _addresses(neighbours) == ["10.0.0.3:8000"]
    neighbours.offered(offer(), LEADER, address(LEADER))
    assert _addresses(neighbours) == ["10.0.0.3:8000"]


def test_a_flood_of_offers_is_bounded_and_those_who_are_in_may_change_theirs() -> None:
    neighbours = Neighbours()
    for number in range(10, 200):
        neighbours.offered(offer(), NodeId(number), ("10.0.0.9", number))
    assert len(neighbours.for_manifest()) == NEIGHBOURS_MAX
    neighbours.offered(offer(busy=True), NodeId(10), ("10.0.0.8", 1))
    assert _addresses(neighbours)[-1] == "10.0.0.8:8000"


def test_who_cannot_serve_offers_in_vain() -> None:
    neighbours = Neighbours()
    neighbours.offered(type(offer())(offer().locator, CONTENT, 0, 8, True, False), OTHER, ("h", 1))
    assert neighbours.for_manifest() == []


def test_origins_keep_their_order() -> None:
    sources = origin_sources(["http://near/p", "http://far/p"])
    assert [(one.kind, one.address) for one in sources] == [
        ("origin", "http://near/p"), ("origin", "http://far/p"),
    ]  # fmt: skip
    assert sources[0].rank < sources[1].rank


@pytest.mark.parametrize(
    ("host", "shown"),
    [
        ("10.0.0.1", "10.0.0.1:80"),
        ("fe80::1", "[fe80::1]:80"),
        ("fe80::1%eth0", "[fe80::1%eth0]:80"),
    ],
)
def test_an_address_of_ipv6_gets_brackets(host: str, shown: str) -> None:
    assert peer_address(host, 80) == shown
