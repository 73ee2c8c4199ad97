"""Where the bytes of a run came from."""

from __future__ import annotations

from pathlib import Path

from agent_kit import URL, admit, fill, make_library, make_run, noise, publish

from mcastdist.agent.api import SOURCES
from mcastdist.agent.runs import RATE_SPAN_S_MIN, RATE_WINDOW_S, Account, Share, urls_of
from mcastdist.ids import Locator


def test_shares_are_rounded_and_nothing_is_lost() -> None:
    account = Account()
    account.share_out({"multicast": 2, "parity": 1}, 100, 0.0)
    account.share_out({"multicast": 0, "parity": 0}, 7, 0.0)
    account.share_out({"peer": 1}, 5, 0.0)

    assert account.by_source["multicast"] == 67 + 7
    assert account.by_source["parity"] == 33
    assert sum(account.by_source.values()) == 112


def test_the_rate_is_that_of_the_last_seconds() -> None:
    account = Account()
    for second in range(100):
        account.add("origin", 1000, float(second))

    assert account.rate_bps(99.0) == 4 * 1000 * 8 / RATE_WINDOW_S
    assert account.rate_bps(200.0) == 0
    account.add("origin", 1000, 300.0)
    assert account.rate_bps(300.0) == 1000 * 8 / RATE_SPAN_S_MIN
    account.add("origin", 1000, 301.0)
    assert account.rate_bps(301.0) == 2000 * 8
    assert len(account._recent) < 10


def test_what_was_here_before_came_from_the_cache(tmp_path: Path) -> None:
    library = make_library(tmp_path)
    published = publish({"a": noise("a", 3 << 18)})
    package = admit(library, published)
    fill(package, published.payload, [(0, 1 << 18)])
    run = make_run()
    run.know(package)

    assert run.account.by_source["cache"] == 1 << 18
    assert run.account.by_source["origin"] == 0

    run = make_run()
    run.know(package, brought_bytes=1 << 20)  # a plain file, of which half was had before
    assert run.account.by_source["cache"] == 0
    assert run.account.by_source["origin"] == 1 << 18
    library.close_all()


def test_who_joins_a_run_late_finds_what_it_had_brought_already_here() -> None:
    account = Account()
    account.add("origin", 700, 0.0)
    account.wan_bytes = 900
    late = Share.joining(account, dict.fromkeys(SOURCES, 0), 0)
    account.add("origin", 300, 1.0)
    account.wan_bytes += 400

    assert _some(late.by_source(account)) == {"cache": 700, "origin": 300}
    assert late.wan_bytes(account) == 400
    assert _some(Share().by_source(account)) == {"origin": 1_000}


def test_what_a_task_brought_before_it_was_suspended_stays_its_own() -> None:
    account = Account()
    account.by_source["cache"] = 800  # 700 of them were brought by the task's former run
    earlier = dict.fromkeys(SOURCES, 0) | {"cache": 100, "multicast": 500, "origin": 200}
    resumed = Share.joining(account, earlier, 250)
    account.add("peer", 200, 1.0)

    assert _some(resumed.by_source(account)) == {
        "cache": 100, "multicast": 500, "peer": 200, "origin": 200,
    }  # fmt: skip
    assert resumed.wan_bytes(account) == 250


def _some(by_source: dict[str, int]) -> dict[str, int]:
    return {source: count for source, count in by_source.items() if count}


def test_what_is_wanted() -> None:
    wanted = make_run().wanted()

    assert (wanted.locator, wanted.urls) == (Locator.of_url(URL), (URL,))
    assert wanted.precached


def test_preferred_servers_take_the_place_of_scheme_and_host() -> None:
    assert urls_of("https://o:8/a/b.mcd?x", ["http://near/p/", "http://relay"]) == (
        "http://near/p/a/b.mcd?x",
        "http://relay/a/b.mcd?x",
        "https://o:8/a/b.mcd?x",
    )
    assert urls_of("https://o", ["http://near"]) == ("http://near", "https://o")
