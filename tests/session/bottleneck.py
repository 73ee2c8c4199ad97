"""A stream through bottlenecks, as a fluid: what would ten receivers report of it?

Each receiver sits behind a link of its own (a rate, a queue of so many seconds of it, a random
loss). Time goes in steps of a millisecond; nothing here knows how `RateControl` decides.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from mcastdist.ids import NodeId
from mcastdist.session import RateControl
from mcastdist.wire import REPORT_S

STEP_S = 0.001
DATAGRAM_BITS = 12_000


@dataclass
class Link:
    """One receiver's way: all units bits and seconds."""

    rate_bps: float
    queue_s: float = 0.03
    loss: float = 0.0
    kernel_drop: float = 0.0
    queued: float = 0.0
    sent: float = 0.0
    arrived: float = 0.0
    dropped_by_kernel: float = 0.0
    total: float = 0.0
    waits: list[float] = field(default_factory=list)

    def step(self, bits: float) -> None:
        """A millisecond of the stream comes to this link."""
        self.sent += bits
        room = self.queue_s * self.rate_bps + self.rate_bps * STEP_S
        self.queued = min(self.queued + bits, room)
        out = min(self.queued, self.rate_bps * STEP_S)
        self.queued -= out
        through = out * (1.0 - self.loss)
        self.dropped_by_kernel += through * self.kernel_drop
        self.arrived += through * (1.0 - self.kernel_drop)
        self.total += through * (1.0 - self.kernel_drop)
        self.waits.append(self.queued / self.rate_bps)

    def report(self, rng: Random, seconds: float) -> tuple[int, int, int, float]:
        """loss_ppm, drop_ppm, delay_us, rate_bps since the last one, with the noise of counting."""
        sent = max(self.sent - self.queued, 1.0)
        count = max(sent / DATAGRAM_BITS, 1.0)
        loss = max(0.0, 1.0 - self.arrived / sent)
        loss = min(1.0, max(0.0, rng.gauss(loss, (loss * (1 - loss) / count) ** 0.5)))
        figures = (
            round(loss * 1e6),
            round(self.dropped_by_kernel / sent * 1e6),
            round(sorted(self.waits)[len(self.waits) // 5] * 1e6),
            self.arrived / seconds,
        )
        self.sent = self.queued
        self.arrived = self.dropped_by_kernel = 0.0
        self.waits.clear()
        return figures


class Network:
    """One sender under rate control, and its receivers' links."""

    def __init__(self, links: list[Link], *, limit_bps: float = 0.0, seed: int = 1) -> None:
        self.links = links
        self.offered_bps = float("inf")  # what the download gives us to send
        self.now = 0.0
        self.rates: list[float] = []
        self.rate = RateControl(limit_bps=limit_bps, now=0.0)
        self._rng = Random(seed)
        self._last = [0.0] * len(links)
        self._next = [REPORT_S * self._rng.random() for _ in links]

    def run(self, seconds: float) -> None:
        """Let so much time pass."""
        for _ in range(round(seconds / STEP_S)):
            self._step()

    def leave(self, number: int) -> None:
        """This receiver is in the stream no more."""
        self.rate.left(NodeId(number))
        self._next[number] = float("inf")

    def _step(self) -> None:
        self.now += STEP_S
        self.rates.append(self.rate.rate_bps)
        for number, link in enumerate(self.links):
            link.step(min(self.rate.rate_bps, self.offered_bps) * STEP_S)
            if self.now >= self._next[number]:
                self._report(number, link)

    def _report(self, number: int, link: Link) -> None:
        figures = link.report(self._rng, self.now - self._last[number])
        self._last[number] = self.now
        self._next[number] = self.now + REPORT_S * (0.75 + 0.5 * self._rng.random())
        self.rate.report(NodeId(number), *figures, now=self.now)
        self.rate.wake(self.now)

    def mean_arrival_bps(self, seconds: float) -> list[float]:
        """What each receiver gets on average over the next `seconds`."""
        before = [link.total for link in self.links]
        self.run(seconds)
        return [
            (link.total - start) / seconds for link, start in zip(self.links, before, strict=True)
        ]
