"""Fallbacks: which steps to a costlier source are counted, and by what reason."""

from __future__ import annotations

from mcastdist.http_fetch.fallbacks import Fallbacks
from mcastdist.http_fetch.sources import Health, Source
from mcastdist.tracing import EventLog


def standing(kind: str, reason: str = "", order: int = 0) -> Health:
    return Health(Source(kind, f"{kind}-{order}", order), reason=reason)  # type: ignore[arg-type]  # a kind


def test_a_step_past_a_source_that_failed_is_counted_once() -> None:
    log = EventLog()
    fallbacks = Fallbacks(trace=log)
    relay, origin = standing("relay", "refused"), standing("origin")
    for now in range(3):
        fallbacks.asked(origin, instead_of=[relay, origin], now=float(now))
    assert fallbacks.by_reason == {"relay_refused": 1}
    (event,) = log.named("http_fetch.fallback")
    assert event.at == 0.0
    assert event.fields == {
        "why": "relay_refused", "passed": "relay-0", "to": "origin", "source": "origin-0"
    }  # fmt: skip


def test_going_back_and_up_again_is_another_step() -> None:
    fallbacks = Fallbacks()
    relay, origin = standing("relay", "refused"), standing("origin")
    for health in (origin, relay, origin):
        fallbacks.asked(health, instead_of=[relay, origin], now=0.0)
    assert fallbacks.by_reason == {"relay_refused": 2}


def test_nobody_passed_is_no_fallback() -> None:
    fallbacks = Fallbacks()
    origin = standing("origin")
    fallbacks.asked(origin, instead_of=[origin], now=0.0)
    fallbacks.asked(standing("origin", order=1), instead_of=[origin, standing("peer")], now=0.0)
    assert fallbacks.by_reason == {}


def test_the_reason_is_that_of_the_cheapest_passed() -> None:
    fallbacks = Fallbacks()
    passed = [standing("relay", "reset"), standing("peer", "not_held"), standing("origin")]
    fallbacks.asked(passed[-1], instead_of=passed, now=0.0)
    assert fallbacks.by_reason == {"peer_not_held": 1}


def test_a_mirror_is_cheaper_than_one_named_after_it() -> None:
    fallbacks = Fallbacks()
    mirror, origin = standing("origin", "dns", 1), standing("origin", order=2)
    fallbacks.asked(origin, instead_of=[mirror, origin], now=0.0)
    assert fallbacks.by_reason == {"origin_dns": 1}
