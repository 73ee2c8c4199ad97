"""One line of a task, under way and over."""

from __future__ import annotations

import pytest
from fake_controller import MIB, record

from mcastdist.cli.summary import all_from_cache, by_source, phrase, progress_line, summary, title

CACHE_ONLY = {"cache": 128 * MIB, "multicast": 0, "parity": 0, "peer": 0, "relay": 0, "origin": 0}


def test_the_summary_of_a_delivery() -> None:
    done = record(
        state="delivered",
        held_bytes=128 * MIB,
        bytes_by_source={
            "cache": 0,
            "multicast": 120 * MIB,
            "parity": int(2.1 * MIB),
            "peer": 0,
            "relay": 0,
            "origin": int(5.9 * MIB),
        },
    )
    assert summary(done) == (
        "delivered stdlib 3.11: 128.0 MiB in 12.3 s "
        "(multicast 120.0, parity 2.1, peer 0, origin 5.9) "
        "role=receiver representative=00000000000000ff"
    )


def test_cache_and_relay_are_named_when_they_gave_something() -> None:
    parts = {"cache": MIB, "relay": 2 * MIB}
    assert by_source(parts, 3 * MIB) == (
        "cache 1.0, relay 2.0, multicast 0, parity 0, peer 0, origin 0"
    )


def test_nothing_over_the_network_is_said() -> None:
    done = record(state="delivered", bytes_by_source=CACHE_ONLY, seconds=0.3)
    assert all_from_cache(done)
    assert "nothing went over the network" in summary(done)
    assert not all_from_cache(record(state="delivered", bytes_by_source=CACHE_ONLY, wan_bytes=1))


@pytest.mark.parametrize("state", ["failed", "cancelled"])
def test_what_was_not_delivered_is_not_called_so(state: str) -> None:
    assert summary(record(state=state)) == f"{state} stdlib 3.11 after 12.3 s"


def test_the_title_before_the_manifest_is_known() -> None:
    assert title(record(name="", version="")) == "stdlib-3.11.mcd"
    assert title(record(name="", url="http://o/")) == "o"


def test_the_phrase_says_what_is_waited_for() -> None:
    waiting = record(state="representing", role="representative", receivers=7)
    assert phrase(record()) == "receiving from 00000000000000ff"
    assert phrase(waiting) == "representing, 7 receiving"
    delayed = record(state="representing", session_delay_s_left=42.4)
    assert phrase(delayed) == "representing, stream starts in 42 s"


def test_a_line_of_progress() -> None:
    assert progress_line(record()) == (
        "stdlib 3.11: receiving from 00000000000000ff, 50 % (64.0 MiB of 128.0 MiB), "
        "95.4 MiB/s, 1 s left"
    )


def test_a_line_with_a_reason_on_one_line() -> None:
    line = progress_line(record(payload_bytes=0, rate_bps=0, seconds_left=None, sentence="a\nb"))
    assert line == "stdlib 3.11: receiving from 00000000000000ff; a\\nb"
