"""A download alone fills the link with a short queue, and makes room for those who queue more.

The link is a queue in front of a rate: what stands in it is what all flows have on their way.
"""

from __future__ import annotations

import pytest

from mcastdist.http_fetch.yielding import (
    BASE_MEMORY_S,
    BASE_SPAN_S,
    TARGET_S,
    WINDOW_BYTES_MIN,
    BaseDelay,
    Look,
    Yielding,
)

STEP_S = 0.02


class Link:
    """A bottleneck with our flow and another one, which has `other_bytes` on their way."""

    def __init__(
        self, *, rate_bps: float = 100e6, base_s: float = 0.01, buffer_s: float = 0.06
    ) -> None:
        self.rate = rate_bps / 8
        self.base_s = base_s
        self.buffer_s = buffer_s
        self.now = 0.0
        self.other_bytes = 0.0
        self.ours_bytes = 0.0  # received
        self.queue_s = 0.0
        self.yielding = Yielding(BaseDelay())

    def run(self, seconds: float, *, server_rate: float = float("inf")) -> float:
        """Go on; our share of the link, or of what the server gives."""
        began, before = self.now, self.ours_bytes
        while self.now < began + seconds - STEP_S / 2:
            self.now += STEP_S
            window = self.yielding.window_bytes
            in_pipe = self.rate * (self.base_s + self.buffer_s) - self.other_bytes
            ours = in_pipe if window is None else min(window, in_pipe)
            if server_rate < float("inf"):
                ours = min(ours, server_rate * self.base_s)
            whole = ours + self.other_bytes
            round_trip_s = max(self.base_s, whole / self.rate)
            self.queue_s = round_trip_s - self.base_s
            self.ours_bytes += ours / round_trip_s * STEP_S
            look = Look(round_trip_s, self.base_s, int(self.ours_bytes))
            self.yielding.look(look, now=self.now)
        got = (self.ours_bytes - before) / seconds
        return got / min(self.rate, server_rate)


@pytest.mark.parametrize("rate_bps", [5e6, 100e6, 1e9])
@pytest.mark.parametrize("base_s", [0.0005, 0.02, 0.1])
def test_alone_the_link_is_full_and_the_queue_short(rate_bps: float, base_s: float) -> None:
    link = Link(rate_bps=rate_bps, base_s=base_s)
    link.run(3.0)
    assert link.run(10.0) >= 0.97
    assert link.queue_s == pytest.approx(TARGET_S, abs=TARGET_S / 2)


@pytest.mark.parametrize("base_s", [0.001, 0.02, 0.1])
def test_others_who_queue_get_nearly_all_and_the_link_is_ours_again_after(base_s: float) -> None:
    link = Link(base_s=base_s)
    link.run(5.0)
    link.other_bytes = 0.95 * link.rate * (link.base_s + link.buffer_s)
    link.run(1.0)
    assert link.run(5.0) <= 0.05
    link.other_bytes = 0.0
    link.run(3.0)
    assert link.run(2.0) >= 0.95


def test_where_no_queue_can_form_the_window_is_never_in_the_way() -> None:
    link = Link(buffer_s=0.01)
    link.run(1.0)
    assert link.run(10.0) >= 0.99
    assert Link().run(10.0, server_rate=1e6) >= 0.99


def test_a_window_that_is_not_used_stays_in_sight_of_what_is() -> None:
    link = Link()
    link.run(5.0)
    assert link.yielding.window_bytes is not None
    link.run(20.0, server_rate=1e6)
    assert link.yielding.window_bytes <= 200_000


def test_one_long_round_trip_among_short_ones_is_no_queue() -> None:
    yielding = Yielding(BaseDelay())
    for turn in range(500):
        long = turn % 4 == 3  # a server that pauses: the next bytes answer an old time stamp
        yielding.look(Look(0.2 if long else 0.02, 0.02, turn * 10_000), now=turn * STEP_S)
    assert yielding.window_bytes is not None
    assert yielding.window_bytes >= 4 * 10_000, "what is on its way, and much more"


def test_it_never_shrinks_to_nothing_and_silence_changes_nothing() -> None:
    link = Link()
    link.run(1.0)
    yielding = link.yielding
    for turn in range(400):
        link.now += STEP_S
        yielding.look(Look(0.5, 0.01, int(link.ours_bytes) + turn + 1), now=link.now)
    assert yielding.window_bytes == WINDOW_BYTES_MIN
    last = Look(0.01, 0.01, int(link.ours_bytes) + 400)
    for turn in range(10):
        assert yielding.look(last, now=link.now + 10 + turn) == WINDOW_BYTES_MIN
    assert yielding.look(Look(0.0, 0.0, 10**9), now=link.now + 30) == WINDOW_BYTES_MIN


def test_losses_tell_of_others_whose_queue_was_there_before() -> None:
    yielding = Yielding(BaseDelay())
    got = gaps = 0
    for turn in range(400):
        got += 100_000
        gaps += turn % 25 == 24  # a loss every half second, in a queue that we cannot see
        yielding.look(Look(0.0265, 0.022, got, gaps), now=turn * STEP_S)
    assert yielding.window_bytes == WINDOW_BYTES_MIN


def test_a_loss_without_a_queue_is_an_accident() -> None:
    yielding = Yielding(BaseDelay())
    for turn in range(400):
        yielding.look(Look(0.022, 0.022, turn * 100_000, turn), now=turn * STEP_S)
    assert yielding.window_bytes is not None
    assert yielding.window_bytes >= 200_000


def test_it_is_due_again_after_a_while() -> None:
    yielding = Yielding(BaseDelay())
    assert yielding.is_due(5.0)
    yielding.look(Look(0.1, 0.1, 1), now=5.0)
    assert not yielding.is_due(5.01)
    assert yielding.is_due(5.03)


def test_the_least_delay_is_forgotten_in_time_as_routes_change() -> None:
    base = BaseDelay()
    assert base.note(0.01, now=0.0) == 0.01
    for minute in range(1, 10):
        assert base.note(0.05, now=minute * BASE_SPAN_S) == 0.01
    assert base.note(0.05, now=BASE_MEMORY_S + 1) == 0.05
