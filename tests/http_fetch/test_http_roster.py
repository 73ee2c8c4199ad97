"""The roster: who is asked before whom, who is waited for, and what is said when nobody is left."""

from __future__ import annotations

from random import Random

from mcastdist.http_fetch.roster import PEER_REQUESTS_MAX, SOURCES_NAMED_MAX, Roster
from mcastdist.http_fetch.sources import RETRY_S, Health, Source
from mcastdist.ranges import RangeSet
from mcastdist.timers import NEVER
from mcastdist.tracing import EventLog

ORIGIN = Source("origin", "http://origin/p", 9)
RELAY = Source("relay", "http://relay/p")
PEERS = [Source("peer", f"10.0.0.{number}:7447") for number in range(4)]
FREE = RangeSet([(0, 4), (6, 8)])


def roster_of(*sources: Source, seed: int = 1, log: EventLog | None = None) -> Roster:
    roster = Roster(Random(seed), trace=log) if log else Roster(Random(seed))
    for source in sources:
        roster.add(source)
    return roster


def health_of(roster: Roster, source: Source) -> Health:
    return next(one for one in roster.allowed() if one.source == source)


def blame(roster: Roster, source: Source, **more: object) -> None:
    roster.blame(health_of(roster, source), "refused", now=0.0, **more)  # type: ignore[arg-type]  # as named


def test_the_least_busy_peer_then_the_lowest_order() -> None:
    later = Source("peer", "10.0.0.9:7447", 1)
    roster = roster_of(later, PEERS[0])
    health_of(roster, PEERS[0]).in_flight = 1
    choice = roster.next_peer(FREE, 0.0)
    assert choice is not None
    assert (choice[0].source, choice[1]) == (later, 0)
    health_of(roster, later).in_flight = 1
    choice = roster.next_peer(FREE, 0.0)
    assert choice is not None
    assert choice[0].source == PEERS[0]


def test_peers_that_are_alike_take_turns_by_chance() -> None:
    chosen = set()
    for seed in range(40):
        choice = roster_of(*PEERS, seed=seed).next_peer(FREE, 0.0)
        assert choice is not None
        chosen.add(choice[0].source)
    assert chosen == set(PEERS)


def test_a_peer_with_enough_to_do_is_not_asked() -> None:
    roster = roster_of(PEERS[0])
    health_of(roster, PEERS[0]).in_flight = PEER_REQUESTS_MAX
    assert roster.next_peer(FREE, 0.0) is None


def test_a_peer_is_asked_for_what_it_may_hold() -> None:
    roster = roster_of(PEERS[0])
    roster.failed(health_of(roster, PEERS[0]), 0, 4, "status_404", now=0.0, permanent=True)
    choice = roster.next_peer(FREE, 0.0)
    assert choice is not None
    assert choice[1] == 6
    assert roster.for_servers(FREE) == RangeSet([(0, 4)])
    assert RangeSet([(0, 4), (6, 8)]) == FREE  # not ours to change


def test_servers_get_all_that_is_left_of_peers_that_fail() -> None:
    roster = roster_of(PEERS[0], ORIGIN)
    assert roster.for_servers(FREE) == RangeSet()
    blame(roster, PEERS[0])
    assert roster.for_servers(FREE) == RangeSet()  # one accident
    blame(roster, PEERS[0])
    assert roster.for_servers(FREE) == FREE


def test_a_costlier_server_is_not_asked_while_a_cheaper_one_is_worth_waiting_for() -> None:
    roster = roster_of(ORIGIN, RELAY)
    assert roster.next_server(0.0) is health_of(roster, RELAY)
    blame(roster, RELAY)
    assert roster.next_server(0.0) is None
    blame(roster, RELAY)
    assert roster.next_server(0.0) is health_of(roster, ORIGIN)


def test_an_origin_that_is_not_allowed_is_nobody() -> None:
    roster = roster_of(ORIGIN)
    health = health_of(roster, ORIGIN)
    roster.origin_allowed = False
    assert not roster.may_ask(health)
    assert roster.next_server(0.0) is None
    assert list(roster.moments()) == []
    assert not roster.may_give(FREE)
    assert roster.why_nobody() == "origin_not_allowed"
    roster.add(RELAY)
    assert roster.next_server(0.0) is health_of(roster, RELAY)


def test_somebody_may_give_until_all_are_out_or_hold_nothing() -> None:
    roster = roster_of(PEERS[0], ORIGIN)
    roster.failed(health_of(roster, PEERS[0]), 0, 8, "status_404", now=0.0)
    assert roster.may_give(FREE)
    for _ in range(len(RETRY_S) + 1):
        blame(roster, ORIGIN)
    assert not roster.may_give(FREE)
    roster.new_attempt()
    assert roster.may_give(FREE)


def test_ready_at_is_that_of_the_first_who_is_of_use() -> None:
    roster = roster_of(ORIGIN, RELAY)
    blame(roster, ORIGIN, permanent=True)
    blame(roster, RELAY, retry_after_s=500.0)
    assert 500.0 <= roster.ready_at() <= 625.0
    roster.remove(RELAY)
    assert roster.ready_at() == NEVER


def test_named_by_others_only_if_new_and_if_there_is_room() -> None:
    roster = roster_of(PEERS[0])
    assert not roster.would_keep(PEERS[0])
    assert roster.would_keep(PEERS[1])
    for number in range(1, SOURCES_NAMED_MAX):
        roster.add(Source("peer", f"10.1.0.{number}:1"))
    assert not roster.would_keep(PEERS[1])


def test_named_anew_is_the_same_source_and_fit_again() -> None:
    roster = roster_of(ORIGIN)
    health = health_of(roster, ORIGIN)
    blame(roster, ORIGIN, permanent=True)
    roster.add(Source("origin", ORIGIN.address, 2))
    assert list(roster.allowed()) == [health]
    assert (health.is_ready(0.0), health.source.order) == (True, 2)


def test_removing() -> None:
    roster = roster_of(ORIGIN)
    health = health_of(roster, ORIGIN)
    assert roster.remove(ORIGIN) is health
    assert roster.remove(ORIGIN) is None
    assert roster.why_nobody() == "no_source"


def test_the_last_failure_is_the_reason() -> None:
    log = EventLog()
    roster = roster_of(PEERS[0], ORIGIN, log=log)
    assert roster.why_nobody() == "not_held"
    roster.failed(health_of(roster, PEERS[0]), 0, 1, "status_425", now=0.0, retry_after_s=1.0)
    assert roster.why_nobody() == "peer_status_425"
    roster.failed(health_of(roster, PEERS[0]), 0, 1, "status_404", now=0.0)
    assert roster.why_nobody() == "peer_not_held"
    roster.failed(health_of(roster, ORIGIN), 0, 1, "status_404", now=7.0, permanent=True)
    assert roster.why_nobody() == "origin_status_404"
    (event,) = log.named("http_fetch.source_out")
    assert event.at == 7.0
    assert event.fields == {"source": ORIGIN.address, "why": "status_404", "permanent": True}


def test_a_peer_of_which_it_is_known_what_it_holds_is_asked_for_nothing_else() -> None:
    knowing = Source("peer", "10.0.0.9:8000", holds=((1, 2), (3, 9)))
    roster = roster_of(knowing, ORIGIN)
    choice = roster.next_peer(FREE, 0.0)
    assert choice is not None
    assert choice[1] == 1
    assert roster.for_servers(FREE) == RangeSet([(0, 1), (2, 3)])
    roster.new_attempt()
    assert roster.for_servers(FREE) == RangeSet([(0, 1), (2, 3)])


def test_a_failure_explains_more_than_a_peer_that_lacks_blocks() -> None:
    roster = roster_of(PEERS[0], ORIGIN)
    blame(roster, ORIGIN, permanent=True)
    roster.failed(health_of(roster, PEERS[0]), 0, 8, "status_404", now=0.0)
    assert roster.why_nobody() == "origin_refused"


def test_where_every_server_is_barred_a_peer_that_lacks_blocks_is_no_hope() -> None:
    roster = roster_of(PEERS[0], ORIGIN)
    roster.failed(health_of(roster, PEERS[0]), 0, 8, "status_404", now=0.0)
    assert roster.ready_at() < NEVER
    blame(roster, ORIGIN, permanent=True)
    assert roster.ready_at() == NEVER
    roster.failed(health_of(roster, PEERS[0]), 0, 8, "timeout", now=0.0)
    assert roster.ready_at() < NEVER
