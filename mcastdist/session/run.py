"""How do the symbols of one block become bursts? Headers once for all, then slices of lists.

A datagram is two buffers, header and payload, and a segmented send takes many of them as they are:
nothing is copied. The headers of a whole run are made in one go; what changes from burst to burst,
sequence and time, is written into them in place when the burst goes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mcastdist.ids import ClusterTag, NodeId, SessionId
from mcastdist.wire import STREAM_HEADER, STREAM_HEADER_BYTES, Octets, make_headers

from .coding import Tags

SEQUENCES = 1 << 32  # a datagram's number is taken modulo this
_STEPS = np.arange(1 << 16, dtype=np.uint32)  # no block has more symbols


class Origin(NamedTuple):
    """What the headers of one sender in one session have in common."""

    cluster: ClusterTag
    sender: NodeId
    session: SessionId


@dataclass(frozen=True, slots=True)
class Burst:
    """Datagrams for one segmented send; `buffers` alternate header and payload.

    To be sent, or copied, before the next burst is asked for: headers are used again.
    """

    block: int
    buffers: list[memoryview]
    count: int
    datagram_bytes: int

    @property
    def bytes(self) -> int:
        """What goes out, link headers not counted."""
        return self.count * self.datagram_bytes


class HeaderRoom:
    """Memory for the headers of one run at a time, and the views of it that are sent."""

    def __init__(self, datagrams_max: int) -> None:
        self.headers = np.zeros(datagrams_max, STREAM_HEADER)
        octets = self.headers.view(np.uint8).data
        step = STREAM_HEADER_BYTES
        self.views = [octets[at : at + step] for at in range(0, len(octets), step)]


class Run:
    """Datagrams of one block that go out one after the other."""

    def __init__(
        self,
        origin: Origin,
        block: int,
        ids: npt.ArrayLike,
        symbols: Octets,
        tags: Tags,
        room: HeaderRoom,
    ) -> None:
        """`room` is taken from whichever run had it before."""
        count, stride = symbols.shape
        room.headers[:count] = make_headers(
            cluster=origin.cluster, sender=origin.sender, session=origin.session,
            block=block, symbols=ids, sequence=0, sent_us=0, tags=tags,
        )  # fmt: skip
        self.block = block
        self.remaining = count
        self._next = 0
        self._datagram_bytes = STREAM_HEADER_BYTES + stride
        self._sequences, self._times = room.headers["sequence"], room.headers["sent_us"]
        octets = symbols.reshape(-1).data
        self._buffers = [octets] * (2 * count)
        self._buffers[0::2] = room.views[:count]
        self._buffers[1::2] = [octets[at : at + stride] for at in range(0, len(octets), stride)]

    def take(self, count: int, *, sequence: int, sent_us: int) -> Burst:
        """The next `count` datagrams, or as many as are left (at least one)."""
        count = min(count, self.remaining)
        start, stop = self._next, self._next + count
        self._sequences[start:stop] = _STEPS[:count] + np.uint32(sequence % SEQUENCES)
        self._times[start:stop] = sent_us
        self._next = stop
        self.remaining -= count
        return Burst(self.block, self._buffers[2 * start : 2 * stop], count, self._datagram_bytes)
