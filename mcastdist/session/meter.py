"""How well does the stream arrive? Loss, queueing delay and rate, as a receiver can see them.

Loss: a gap in a sender's sequence is a loss once enough later datagrams have come; before that it
may be reordering. A number that comes twice changes nothing.

Delay: two clocks differ by an unknown amount that hardly changes, so the least difference seen
between "sent" and "received" stands for an empty queue (RFC 6817, section 3.4.2), and what is above
it is queueing. The least is taken over the last 10 to 20 s: clocks that drift apart by 50
millionths shift it by a millisecond at most.

Figures cover the time since the last call of `measure`, or, if that is long ago, the last
`WINDOW_S` or so: a representative steers by what is, not by what was ten seconds ago.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from mcastdist.ranges import RangeSet
from mcastdist.timers import NEVER
from mcastdist.wire import REPORT_S

from .pacing import link_bits

WINDOW_S = 2 * REPORT_S
MEASURE_S_MIN = 0.02  # what comes in one read does not tell a rate
REORDER_DATAGRAMS = 32  # two bursts: more than a LAN, or two queues of one card, mix up
SEQUENCE_JUMP_MAX = 1 << 20  # 1.5 GB unheard: that is no loss but a restart, or a forgery
BASE_S = 10.0
SAMPLE_GAP_S = REPORT_S / 256  # bounds the delays we keep, whatever the rate
DELAY_SHARE = 0.2  # a standing queue delays all datagrams; a busy processor only most of them
SENDERS_MAX = 16  # bounds what forged sender ids can make us keep
MICROSECONDS = 1_000_000
_MODULUS = 1 << 32
_HALF = 1 << 31


class Measurement(NamedTuple):
    """What arrived, and what did not. `rate_bps` counts link headers, as the sender's rate does."""

    loss_ppm: int
    delay_us: int
    rate_bps: int
    datagrams: int
    bytes: int


@dataclass(slots=True)
class _Window:
    """The figures of some stretch of time."""

    since: float
    datagrams: int = 0
    expected: int = 0
    lost: int = 0
    delays: list[int] = field(default_factory=list)

    def add(self, earlier: _Window) -> None:
        self.since = earlier.since
        self.datagrams += earlier.datagrams
        self.expected += earlier.expected
        self.lost += earlier.lost
        self.delays = earlier.delays + self.delays


class Track:
    """One sender's sequence and clock."""

    def __init__(self, sequence: int, offset_us: int, now: float) -> None:
        self._highest = self._settled = sequence - 1
        self._missing = RangeSet()
        self._offset_us = offset_us  # the first difference of clocks: all others are relative to it
        self._least = self._least_before = 0
        self._rotate_at = now + BASE_S

    def note(self, sequence: int, count: int) -> None:
        """Datagrams `sequence`, `sequence + 1`, ... have come, numbers modulo 2**32."""
        ahead = (sequence - self._highest - 1) % _MODULUS
        if ahead >= _HALF:
            first = self._highest + 1 + ahead - _MODULUS
            self._missing.remove(first, first + count)
            self._highest = max(self._highest, first + count - 1)
            return
        first = self._highest + 1 + ahead
        if ahead > SEQUENCE_JUMP_MAX:
            self._missing = RangeSet()
            self._settled = first - 1
        elif ahead:
            self._missing.add(self._highest + 1, first)
        self._highest = first + count - 1

    def settle(self) -> tuple[int, int]:
        """How many datagrams were expected since the last call, and how many of them are lost."""
        horizon = max(self._settled, self._highest - REORDER_DATAGRAMS)
        lost = sum(
            min(stop, horizon + 1) - start for start, stop in self._missing if start <= horizon
        )
        self._missing.remove(self._settled + 1, horizon + 1)
        expected, self._settled = horizon - self._settled, horizon
        return expected, lost

    def queueing_us(self, offset_us: int, now: float) -> int:
        """How much longer this datagram took than the quickest lately."""
        later = (offset_us - self._offset_us + _HALF) % _MODULUS - _HALF
        if now >= self._rotate_at:
            self._rotate_at = now + BASE_S
            self._least_before, self._least = self._least, later
        self._least = min(self._least, later)
        return later - min(self._least, self._least_before)


class Meter:
    """Counts what arrives."""

    def __init__(self, *, datagram_bytes: int, now: float) -> None:
        self._datagram_bytes = datagram_bytes
        self._tracks: dict[int, Track] = {}
        self._window = _Window(now)
        self._closed: _Window | None = None  # the one before, if nobody asked since
        self._sample_at = now
        self._sampled_at = -NEVER

    def note(self, sender: int, sequence: int, count: int, sent_us: int, now: float) -> None:
        """Consecutive datagrams of one sender have come, the last of them sent at `sent_us`."""
        if not self._tracks:
            self._window.since = now  # the stream begins: what was before it is no part of its rate
        elif now - self._window.since > WINDOW_S:
            self._close(now)
        self._window.datagrams += count
        track = self._tracks.get(sender)
        if track is None:
            if len(self._tracks) >= SENDERS_MAX:
                return
            offset_us = int(now * MICROSECONDS) - sent_us
            track = self._tracks[sender] = Track(sequence, offset_us, now)
        track.note(sequence, count)
        if now >= self._sample_at or now == self._sampled_at:
            self._sample(track.queueing_us(int(now * MICROSECONDS) - sent_us, now), now)

    def _sample(self, delay_us: int, now: float) -> None:
        """Of what came together, the last: we know when that came, the others waited for it."""
        if now == self._sampled_at and self._window.delays:
            self._window.delays.pop()
        self._window.delays.append(delay_us)
        self._sampled_at, self._sample_at = now, now + SAMPLE_GAP_S

    def measure(self, now: float) -> Measurement:
        """The figures since the last call, and start anew."""
        self._settle()
        window = self._window
        if self._closed is not None and now - window.since < REPORT_S:
            window.add(self._closed)
        self._window, self._closed = _Window(now), None
        delays = sorted(window.delays)
        seconds = max(now - window.since, MEASURE_S_MIN)
        return Measurement(
            loss_ppm=window.lost * 1_000_000 // max(window.expected, 1),
            delay_us=max(0, delays[int(DELAY_SHARE * len(delays))]) if delays else 0,
            rate_bps=round(link_bits(window.datagrams, self._datagram_bytes) / seconds),
            datagrams=window.datagrams,
            bytes=window.datagrams * self._datagram_bytes,
        )

    def _settle(self) -> None:
        for track in self._tracks.values():
            expected, lost = track.settle()
            self._window.expected += expected
            self._window.lost += lost

    def _close(self, now: float) -> None:
        self._settle()
        silent = now - self._window.since > 2 * WINDOW_S
        self._closed = None if silent else self._window
        self._window = _Window(now)
