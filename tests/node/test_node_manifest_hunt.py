"""One manifest, asked for at one source after the other."""

from __future__ import annotations

from node_kit import CONTENT, SPEC, URL, environment, of_kind

from mcastdist.http_fetch import Source
from mcastdist.ids import ContentId
from mcastdist.node import CancelRequest, Command, GetManifest
from mcastdist.node.manifest_hunt import ROUND_WAITS_S, ManifestHunt
from mcastdist.timers import NEVER

PEER, NEAR = Source("peer", "10.0.0.2:8000", 0), Source("peer", "10.0.0.3:8000", 1)
ORIGIN = Source("origin", URL, 10)
Pairs = list[tuple[Source, ContentId | None]]
PEERS: Pairs = [(PEER, CONTENT), (NEAR, CONTENT)]
ALL: Pairs = [*PEERS, (ORIGIN, None)]


def _hunt(sources: Pairs, *, expected: bool = False) -> ManifestHunt:
    hunt = ManifestHunt(spec=SPEC, env=environment())
    hunt.use(sources, expected=expected, now=0.0)
    return hunt


def _asked(commands: list[Command]) -> list[Source]:
    return [one.source for one in commands if isinstance(one, GetManifest)]


def _fail(hunt: ManifestHunt, now: float, *, permanent: bool = False) -> Source | None:
    """The request that is under way fails; whom it had asked."""
    for order in of_kind(hunt.drain(), GetManifest):
        assert isinstance(order, GetManifest)
        hunt.failed(order.request, "refused", "no answer", permanent=permanent, now=now)
        return order.source
    return None


def test_one_at_a_time_best_first() -> None:
    hunt = _hunt(ALL)
    (order,) = hunt.drain()
    assert isinstance(order, GetManifest)
    assert (order.source, order.content) == (PEER, CONTENT)
    hunt.use(ALL, expected=False, now=1.0)
    assert hunt.drain() == []


def test_when_one_fails_the_next_is_asked() -> None:
    hunt = _hunt(ALL)
    assert [_fail(hunt, 0.1) for _ in range(3)] == [PEER, NEAR, ORIGIN]


def test_rounds_with_pauses_and_then_a_verdict_that_is_not_final() -> None:
    hunt, now, asked = _hunt([(ORIGIN, None)]), 0.0, 0
    while hunt.verdict is None:
        asked += _fail(hunt, now) is not None
        if hunt.wake_at() == NEVER:
            break
        now = hunt.wake_at()
        hunt.wake(now)
    assert asked == 1 + len(ROUND_WAITS_S)
    assert hunt.verdict is not None
    assert not hunt.verdict.final
    assert hunt.verdict.code == "refused"
    assert 0.7 * sum(ROUND_WAITS_S) < now < 1.3 * sum(ROUND_WAITS_S)


def test_who_fails_for_good_is_not_asked_again() -> None:
    hunt = _hunt([(PEER, CONTENT), (ORIGIN, None)])
    assert _fail(hunt, 0.1, permanent=True) == PEER
    assert _fail(hunt, 0.1) == ORIGIN
    hunt.wake(hunt.wake_at())
    assert _asked(hunt.drain()) == [ORIGIN]


def test_when_the_origin_and_all_others_have_failed_for_good_that_is_final() -> None:
    hunt = _hunt([(PEER, CONTENT), (ORIGIN, None)])
    _fail(hunt, 0.1, permanent=True)
    _fail(hunt, 0.1, permanent=True)
    assert hunt.verdict is not None
    assert hunt.verdict.final


def test_peers_alone_can_never_be_final() -> None:
    hunt = _hunt([(PEER, CONTENT)])
    _fail(hunt, 0.1, permanent=True)
    assert hunt.verdict is not None
    assert not hunt.verdict.final


def test_a_new_source_is_asked_at_once_even_in_a_pause() -> None:
    hunt = _hunt([(PEER, CONTENT)])
    _fail(hunt, 0.1)
    assert hunt.wake_at() > 0.1
    hunt.use(PEERS, expected=False, now=0.15)
    assert len(_asked(hunt.drain())) == 1


def test_a_new_source_lifts_the_verdict() -> None:
    hunt = _hunt([(PEER, CONTENT)])
    _fail(hunt, 0.1, permanent=True)
    hunt.use([(ORIGIN, None)], expected=False, now=1.0)
    assert hunt.verdict is None
    assert _asked(hunt.drain()) == [ORIGIN]


def test_who_may_not_be_asked_any_more_is_cancelled() -> None:
    """Of a plain file the origin gives all of it: who does not represent any more must not."""
    hunt = _hunt([(ORIGIN, None)])
    (order,) = hunt.drain()
    assert isinstance(order, GetManifest)
    hunt.use(PEERS, expected=False, now=1.0)
    assert hunt.drain() == [
        CancelRequest("task", order.request),
        GetManifest("task", order.request + 1, PEER, CONTENT),
    ]


def test_a_peer_that_only_became_busy_is_not_cancelled() -> None:
    hunt = _hunt([(PEER, CONTENT)])
    hunt.drain()
    hunt.use([(Source("peer", PEER.address, 2), CONTENT)], expected=False, now=1.0)
    assert hunt.drain() == []


def test_to_have_nobody_is_a_failure_only_if_there_should_be_somebody() -> None:
    assert _hunt([]).verdict is None
    verdict = _hunt([], expected=True).verdict
    assert verdict is not None
    assert (verdict.code, verdict.final) == ("no_source", False)


def test_with_nobody_to_ask_to_wake_it_does_nothing() -> None:
    hunt = _hunt([])
    assert hunt.wake_at() == NEVER
    hunt.wake(5.0)
    assert hunt.verdict is None


def test_stop_cancels_and_forgets_all_but_the_dead() -> None:
    hunt = _hunt(ALL)
    assert _fail(hunt, 0.1, permanent=True) == PEER
    (order,) = hunt.drain()
    assert isinstance(order, GetManifest)
    hunt.stop(0.2)
    assert hunt.drain() == [CancelRequest("task", order.request)]
    assert hunt.wake_at() == NEVER
    hunt.use(ALL, expected=False, now=1.0)
    assert _asked(hunt.drain()) == [NEAR]


def test_the_failure_of_a_cancelled_request_changes_nothing() -> None:
    hunt = _hunt([(ORIGIN, None)])
    (order,) = hunt.drain()
    assert isinstance(order, GetManifest)
    hunt.stop(0.2)
    hunt.failed(order.request, "refused", "no", permanent=True, now=0.3)
    assert hunt.verdict is None


def test_who_puts_us_off_is_not_asked_before_then() -> None:
    hunt = _hunt([(ORIGIN, None)])
    (order,) = hunt.drain()
    assert isinstance(order, GetManifest)
    hunt.failed(order.request, "status_503", "busy", permanent=False, retry_after_s=60.0, now=1.0)
    assert hunt.wake_at() == 61.0
    hunt.use([(PEER, CONTENT), (ORIGIN, None)], expected=False, now=2.0)
    assert [_fail(hunt, 2.0), _fail(hunt, 2.0)] == [PEER, None]
