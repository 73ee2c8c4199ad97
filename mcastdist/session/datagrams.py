"""Which stretches of consecutive symbols are in a run of datagrams?

Nearly always one: the run holds symbols s, s + 1, ... of one block, numbered q, q + 1, ... by one
sender. All headers are compared with that in one go. Whatever else a run holds costs more, and is
cut into stretches; what is not of our session is counted and left out.
"""

from __future__ import annotations

import struct
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mcastdist.ids import ClusterTag, NodeId, SessionId
from mcastdist.wire import (
    PARITY_FIRST,
    PARITY_SEED_MASK,
    STREAM_HEADER,
    STREAM_HEADER_BYTES,
    Geometry,
    Headers,
    Octets,
    known,
    make_headers,
    parse,
    valid,
)

from .coding import Tags

RUN_MAX = 1_024  # datagrams that one receive call could bring; a longer run is read in parts

# The header up to `sequence` as 32-bit words; where each field is, `wire` says.
_WORD = np.dtype(">u4")
_WORDS = STREAM_HEADER.fields["sequence"][1] // 4 + 1  # type: ignore[index]  # it has fields
_CLUSTER, _SENDER, _SESSION, _BLOCK, _SYMBOL, _SEQUENCE = (
    STREAM_HEADER.fields[name][1] // 4  # type: ignore[index]  # it has fields
    for name in ("cluster", "sender", "session", "block", "symbol", "sequence")
)


def _steps() -> bytes:
    """How the words of a regular run differ from its first datagram's, as bytes to compare with."""
    steps = np.zeros((RUN_MAX, _WORDS), np.uint32)
    steps[:, _SYMBOL] = steps[:, _SEQUENCE] = np.arange(RUN_MAX)
    return steps.tobytes()


_PLACE = struct.Struct(">II")  # a datagram's block and symbol, which stand side by side
_PLACE_AT = _BLOCK * 4

_STEPS = memoryview(_steps())
_STEP_BYTES = _WORDS * 4


class Stretch(NamedTuple):
    """Consecutive symbols of one block, by one sender; views into the receive buffer."""

    sender: int  # the low 32 bits of its node id
    block: int
    symbol: int  # the first
    sequence: int  # of the first
    sent_us: int  # of the last
    tags: Tags
    payloads: Octets
    is_parity: bool

    def part(self, start: int, stop: int) -> Stretch:
        """Datagrams [start, stop) of it."""
        return self._replace(
            symbol=self.symbol + start,
            sequence=(self.sequence + start) & 0xFFFF_FFFF,
            tags=self.tags[start:stop],
            payloads=self.payloads[start:stop],
        )


class Reader:
    """Cuts runs into stretches of one session."""

    def __init__(self, geometry: Geometry, cluster: ClusterTag, session: SessionId) -> None:
        self._geometry = geometry
        self._cluster = cluster
        self._session = session
        self.datagram_bytes = STREAM_HEADER_BYTES + geometry.symbol_bytes
        self._last_block = geometry.block_count - 1
        self._symbols = geometry.symbols(0) if geometry.block_count else 0
        self._symbols_last = geometry.symbols(self._last_block) if geometry.block_count else 0
        ours = make_headers(
            cluster=cluster, sender=NodeId(0), session=session, block=0, symbols=[0],
            sequence=0, sent_us=0, tags=np.zeros((1, 8), np.uint8),
        )  # fmt: skip
        words = _words_of(ours.view(np.uint8).data, STREAM_HEADER_BYTES, 1)[0].tolist()
        self._ours = (words[0], words[_CLUSTER], words[_SESSION])

    def read(self, datagrams: memoryview) -> list[Stretch]:
        """The stretches of a run of whole datagrams, at most RUN_MAX of them."""
        left = self._left_of_block(datagrams)
        if 0 < left < len(datagrams):
            return self._read(datagrams[:left]) + self._read(datagrams[left:])
        return self._read(datagrams)

    def _read(self, datagrams: memoryview) -> list[Stretch]:
        headers, payloads = parse(datagrams, self.datagram_bytes)
        count = len(headers)
        words = _words_of(datagrams, self.datagram_bytes, count)
        first = words[0]
        # Comparing bytes is five times as quick as asking numpy whether all of it is equal.
        if (words - first).tobytes() != _STEPS[: count * _STEP_BYTES]:
            return self._irregular(headers, payloads)
        values: list[int] = first.tolist()
        block, symbol = values[_BLOCK], values[_SYMBOL]
        if not self._is_ours(values) or not self._is_known(block, symbol, count):
            return self._irregular(headers, payloads)
        sent_us = int(headers["sent_us"][-1])
        return [
            Stretch(
                values[_SENDER],
                block,
                symbol,
                values[_SEQUENCE],
                sent_us,
                headers["tag"],
                payloads,
                symbol >= PARITY_FIRST,
            )
        ]

    def symbols(self, block: int) -> int:
        """K of a block; quicker than asking the geometry."""
        return self._symbols_last if block == self._last_block else self._symbols

    def _left_of_block(self, datagrams: memoryview) -> int:
        """Bytes up to the end of the first datagram's block, if nothing is missing until there.

        A long run goes on in the next block, and both parts are regular.
        """
        place: tuple[int, int] = _PLACE.unpack_from(datagrams, _PLACE_AT)
        block, symbol = place
        return (self.symbols(block) - symbol) * self.datagram_bytes

    def _is_ours(self, words: list[int]) -> bool:
        return self._ours == (words[0], words[_CLUSTER], words[_SESSION])

    def _is_known(self, block: int, symbol: int, count: int) -> bool:
        if block > self._last_block:
            return False
        if symbol + count <= self.symbols(block):
            return True
        seed: int = symbol & PARITY_SEED_MASK
        return PARITY_FIRST <= seed <= PARITY_SEED_MASK + 1 - count

    def _irregular(self, headers: Headers, payloads: Octets) -> list[Stretch]:
        """Cut where a datagram is not the successor of the one before."""
        ours = valid(headers, cluster=self._cluster, session=self._session)
        ours &= known(headers, self._geometry)
        follows = ours[1:] & ours[:-1]
        for name, step in (("sender", 0), ("block", 0), ("symbol", 1), ("sequence", 1)):
            field = headers[name].astype(np.uint32)
            follows &= field[1:] - field[:-1] == step
        follows &= headers["symbol"][1:] != 0  # the highest parity id has no successor
        starts = [0, *(np.flatnonzero(~follows) + 1).tolist(), len(headers)]
        return [
            _stretch(headers[start:stop], payloads[start:stop])
            for start, stop in pairwise(starts)
            if ours[start]
        ]


def _words_of(datagrams: memoryview, stride: int, count: int) -> npt.NDArray[np.uint32]:
    """The words in this machine's order, so that a difference is quick to make."""
    words = np.ndarray((count, _WORDS), _WORD, datagrams, strides=(stride, 4))
    return words.astype(np.uint32)


def _stretch(headers: Headers, payloads: Octets) -> Stretch:
    first, last = headers[0], headers[-1]
    return Stretch(
        int(first["sender"]), int(first["block"]), int(first["symbol"]), int(first["sequence"]),
        int(last["sent_us"]), headers["tag"], payloads, int(first["symbol"]) >= PARITY_FIRST,
    )  # fmt: skip
