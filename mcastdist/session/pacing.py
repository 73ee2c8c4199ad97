"""When may the next burst go, and how many datagrams is it? (PROTOCOL.md, section 6)

Every burst has an absolute deadline, the previous one's plus the time its bytes take at the rate.
A sleep that ends late is made up for, so the rate holds on average: a few milliseconds at once,
more by the next bursts coming a quarter faster, for a long burst would overrun the switch that the
pacing is there to spare. Longer pauses are lost: a limit holds for any second, also after one.
"""

from __future__ import annotations

from mcastdist.wire import BURST_DATAGRAMS_MAX

BURST_S = 0.001  # a millisecond of the rate: few wake-ups, and a queue that any switch can hold
# At low rates a millisecond is a datagram or two: nothing but wake-ups, and on a busy machine,
# where each is late, less than the rate. So up to what the cheapest switch holds, if that soon
# passes.
LONG_BURST_S = 0.003
AT_ONCE_S = 0.003  # sleeps end a millisecond or two late
CATCH_UP_S = 0.02  # on a busy machine they end later; of a second it is 2 %, which limits bear
REPAY = 0.8  # of the usual distance between bursts, while there is something to make up for

# What the link carries beside a datagram's bytes: Ethernet 14, IPv4 20, UDP 8. Counted, so that a
# limit means what the administrator sees on the wire (IPv6 adds 20, which is 1 % at most).
LINK_OVERHEAD_BYTES = 42


def link_bits(datagrams: int, datagram_bytes: int) -> int:
    """The bits that so many datagrams are on the wire."""
    return datagrams * (datagram_bytes + LINK_OVERHEAD_BYTES) * 8


class Pacer:
    """Spaces out bursts so that they come to `rate_bps`, headers of the link included."""

    def __init__(self, *, datagram_bytes: int, rate_bps: float, now: float) -> None:
        self._datagram_bits = link_bits(1, datagram_bytes)
        self._rate_bps = rate_bps
        self._ideal_at = now  # when it would go if we had never been late
        self.due_at = now  # when the next burst may go

    @property
    def rate_bps(self) -> float:
        """Bits a second on the wire."""
        return self._rate_bps

    def set_rate(self, rate_bps: float) -> None:
        """From the next burst on. Raises ValueError if it is not above 0."""
        if not rate_bps > 0:
            raise ValueError(f"a rate is above 0 bit/s, got {rate_bps}")
        self._rate_bps = rate_bps

    def allowance(self, now: float, datagrams_max: int) -> int:
        """How many datagrams may go now: none before the deadline, else 1 to `datagrams_max`."""
        if now < self.due_at:
            return 0
        usual, long = (
            int(self._rate_bps * span_s / self._datagram_bits) for span_s in (BURST_S, LONG_BURST_S)
        )
        return min(max(usual, min(long, BURST_DATAGRAMS_MAX), 1), datagrams_max)

    def sent(self, datagrams: int, now: float) -> None:
        """So many went; the deadline moves on by the time they take."""
        takes_s = datagrams * self._datagram_bits / self._rate_bps
        self._ideal_at = max(self._ideal_at, now - CATCH_UP_S) + takes_s
        gently_at = max(self.due_at, now - AT_ONCE_S) + REPAY * takes_s
        self.due_at = max(self._ideal_at, gently_at)
