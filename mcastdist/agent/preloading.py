"""What of a stream's blocks is here already, in part? Made into symbols before the stream comes.

An update shares most of its chunks with the version before, and a download that was interrupted has
some of its own: what is verified here counts as received (PROTOCOL.md, 3.2: the ciphertext of any
part of a block can be made from that part alone). Blocks are loaded shortly before the stream
reaches them, since each takes a block of the receiver's memory from then on.
"""

from __future__ import annotations

import threading
from bisect import bisect_left

import numpy as np

from mcastdist.errors import StorageError, UnavailableError
from mcastdist.node import Stream
from mcastdist.wire import Mask, Octets

from . import logs
from .package import OpenPackage

AHEAD_BLOCKS = 8  # 70 ms at 1 Gbit/s; far below the blocks that a receiver keeps open

log = logs.get("stream")


class Preloader:
    """Gives a receiver what is here of partly held blocks. `begin` and `load` take turns."""

    def __init__(self, stream: Stream, package: OpenPackage) -> None:
        self._stream = stream
        self._package = package
        self._blocks = package.partial_blocks()
        self._next = 0
        self._position = 0
        self._busy = threading.Event()
        self.symbols = 0  # that were given to the receiver

    def begin(self, position: int) -> bool:
        """The stream is at this block: is there something for `load` to do? Cheap."""
        if self._busy.is_set():
            return False
        self._position = position
        # What passed before we listened comes whole from peers.
        self._next = max(self._next, bisect_left(self._blocks, position))
        if not self._is_due():
            return False
        self._busy.set()
        return True

    def load(self) -> None:
        """Load the blocks that the stream comes to next; for a worker: it reads and enciphers."""
        try:
            while self._is_due():
                block = self._blocks[self._next]
                self._next += 1
                self._load(block)
        finally:
            self._busy.clear()

    def _is_due(self) -> bool:
        return (
            self._next < len(self._blocks)
            and self._blocks[self._next] < self._position + AHEAD_BLOCKS
        )

    def _load(self, block: int) -> None:
        try:
            have, rows = local_symbols(self._stream, self._package, block)
        except (UnavailableError, StorageError) as error:
            log.debug("a block cannot be preloaded", block=block, why=str(error))
            return
        self.symbols += int(np.count_nonzero(have))
        with self._stream.lock:
            assert self._stream.receiver is not None
            self._stream.receiver.preload(block, have, rows)


def local_symbols(stream: Stream, package: OpenPackage, block: int) -> tuple[Mask, Octets]:
    """The source symbols of a block that its verified bytes make: which, and their rows.

    The last symbol holds the seal's tag, which only the whole block gives.
    """
    geometry, seal = stream.geometry, stream.seal or package.seal
    size, count = geometry.symbol_bytes, geometry.symbols(block)
    have, rows = np.zeros(count, np.bool_), np.empty((count, size), np.uint8)
    start, stop = geometry.block_span(block)
    here = package.held_ranges()
    for low, high in here:
        first, last = -(-max(0, low - start) // size), (min(high, stop) - start) // size
        if first >= last:
            continue
        plain = package.holding.read(start + first * size, start + last * size)
        cipher = seal.cipher_at(block, first * size, plain)
        rows[first:last] = np.frombuffer(cipher, np.uint8).reshape(-1, size)
        have[first:last] = True
    return have, rows
