"""How much may be on its way to us, so that others on the link come first? No I/O, no clock.

The idea is LEDBAT's (RFC 6817), turned round to the receiver as in RFC 9840: what a download takes
too much of shows as a queue before the narrowest link, and a queue shows as delay above the least
delay ever seen. So the window that we advertise grows while that delay is below a target, and
shrinks while it is above:

    alone            our own queue is all there is: it settles at the target, and the link is full
    beside others    they fill the queue beyond the target: we shrink to next to nothing
    they are done    the queue is gone: we double several times a second

Who begins while others queue takes their queue for the way itself. Then only losses tell of them:
each halves the window, and it grows no more for a while, until their queue has shown its valleys.

While there is no queue the window stays at twice of what is in use and more, so a link that is
wide, or a server that is slow, costs nothing. It begins by doubling as TCP does, though not until
something is lost: that would take half of what others have, and they regain it slowly. A round trip
may seem long only because the server paused, so the least of the last few looks counts: a queue
stands, a pause passes.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

TARGET_S = 0.015  # half of what a shallow buffer holds; RFC 6817 allows 0.1 at most
BASE_MEMORY_S = 600.0  # RFC 6817, 4.2: the least delay of ten minutes, as routes change
BASE_SPAN_S = 60.0
LOOK_S = 0.02  # between two looks; a round trip or so
FILTER_S = 0.1  # of which looks the least counts
GROWTH_S = 2.0  # an empty queue: e^2 times as much in a second
DECLINE_S = 8.0  # a queue of twice the target: a fifth less with each look, about
DECLINE_MAX = 0.5  # at once, as TCP does
START_BYTES = 1 << 17  # what a system usually advertises at first
START_GROWTH_S = 10.0  # doubled in 0.1 s; TCP alone would overshoot, and take half from others
QUEUE_AT_START = 0.3  # of the target: the beginning is over
HOLD_S = 3.0  # after a loss: no growth, as others who fill the queue to its brim will go on
LOSS_SPAN_S = 0.2
QUEUE_AT_LOSS = 0.1  # of the target: with less of a queue a loss is an accident of the line
STEP_S_MAX = 0.25  # after a longer silence: as if it had been this long
SEGMENT_BYTES = 1_460
WINDOW_BYTES_MIN = 2 * SEGMENT_BYTES  # RFC 9840, 4: less would stop the sender's clock
SPARE_BYTES = 1 << 16  # beside twice what is in use: room for a flow that just begins


@dataclass(frozen=True, slots=True)
class Look:
    """What the system knows of a connection.

    The round trip of late and the least ever, as of the handshake; all bytes until now, and how
    many packets came after a gap.
    """

    round_trip_s: float
    round_trip_s_min: float
    received_bytes: int
    out_of_order: int = 0


class BaseDelay:
    """The least round trip to one server in the last minutes, over all connections to it."""

    def __init__(self) -> None:
        self._spans: deque[tuple[float, float]] = deque()  # when each began, its least

    def note(self, round_trip_s: float, *, now: float) -> float:
        """Take one more into account; the least of all."""
        spans = self._spans
        while spans and spans[0][0] < now - BASE_MEMORY_S:
            spans.popleft()
        if spans and now - spans[-1][0] < BASE_SPAN_S:
            began, least = spans[-1]
            spans[-1] = began, min(least, round_trip_s)
        else:
            spans.append((now, round_trip_s))
        return min(least for _, least in spans)


class Yielding:
    """The window of one connection. Does no I/O."""

    def __init__(self, base: BaseDelay) -> None:
        self._base = base
        self._last: tuple[float, int] | None = None  # when we looked, and the bytes until then
        self._recent: deque[tuple[float, float]] = deque()  # when, and the round trip
        self._window: float | None = None
        self._gaps = 0
        self._is_beginning = True
        self._hold_until = 0.0
        self.queue_s = 0.0  # how long the queue seems to be

    def is_due(self, now: float) -> bool:
        """True if it is time to look again."""
        return self._last is None or now - self._last[0] >= LOOK_S

    def look(self, look: Look, *, now: float) -> int | None:
        """What we see now; the window to advertise from now on, None for the system's own."""
        last, self._last = self._last, (now, look.received_bytes)
        if last is None or look.round_trip_s <= 0 or look.received_bytes == last[1]:
            return self.window_bytes  # nothing new came: nothing new is known
        round_trip_s = self._least_recent(look.round_trip_s, now)
        least_s = min(look.round_trip_s, look.round_trip_s_min)
        self.queue_s = round_trip_s - self._base.note(least_s, now=now)
        passed_s = now - last[0]
        in_use = (look.received_bytes - last[1]) / passed_s * round_trip_s
        self._begin(in_use)
        if self._has_lost(look):
            self._halve(in_use, now)
            return self.window_bytes
        self._steer((TARGET_S - self.queue_s) / TARGET_S, in_use, min(passed_s, STEP_S_MAX), now)
        return self.window_bytes

    @property
    def window_bytes(self) -> int | None:
        """The window that was said last; None for the system's own."""
        return None if self._window is None else int(self._window)

    # Within

    def _least_recent(self, round_trip_s: float, now: float) -> float:
        self._recent.append((now, round_trip_s))
        while self._recent[0][0] < now - FILTER_S and len(self._recent) > 1:
            self._recent.popleft()
        return min(each for _, each in self._recent)

    def _begin(self, in_use: float) -> None:
        """Double as TCP does when it begins, but slower, and only until there is a queue."""
        if self._window is None:
            self._window = max(START_BYTES, in_use)
        if self._is_beginning and self.queue_s > TARGET_S * QUEUE_AT_START:
            self._is_beginning = False

    def _has_lost(self, look: Look) -> bool:
        """True if packets are missing that a full queue has probably dropped."""
        fresh, self._gaps = look.out_of_order > self._gaps, look.out_of_order
        return fresh and self.queue_s > TARGET_S * QUEUE_AT_LOSS

    def _halve(self, in_use: float, now: float) -> None:
        if now >= self._hold_until - HOLD_S + LOSS_SPAN_S:  # one overflow is one loss
            assert self._window is not None, "it has begun"
            self._window = max(WINDOW_BYTES_MIN, min(self._window, in_use) * DECLINE_MAX)
            self._is_beginning = False
        self._hold_until = now + HOLD_S

    def _steer(self, room: float, in_use: float, passed_s: float, now: float) -> None:
        """`room` is 1 for an empty queue, 0 at the target, and below 0 beyond it."""
        assert self._window is not None, "it has begun"
        if room >= 0:
            if now >= self._hold_until:
                growth_s = START_GROWTH_S if self._is_beginning else GROWTH_S
                grown = self._window * (1 + growth_s * room * passed_s) + SEGMENT_BYTES * room
                self._window = min(grown, 2 * in_use + SPARE_BYTES)
        else:
            factor = max(DECLINE_MAX, 1 + DECLINE_S * max(room, -1.0) * passed_s)
            self._window = max(WINDOW_BYTES_MIN, self._window * factor)
