"""How do blocks get here by HTTP? From an origin the bytes that are missing, from a peer sealed.

An origin is asked for what the verified chunks here do not cover: an update costs the WAN what has
changed, not the blocks it lies in. Small holes are not worth a request of their own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

from mcastdist.errors import SourceError
from mcastdist.http_fetch import Source
from mcastdist.http_fetch.client import Validator
from mcastdist.node import GetBlocks
from mcastdist.ranges import RangeSet

from .fetching_means import Means
from .package import Landed, OpenPackage, Supplier

PEER_ANSWER_BYTES_MAX = 1 << 23  # a sealed block is little more than a block
VALIDATORS_MAX = 1_000  # half a kilobyte each; a daemon may live for years
HOLE_BYTES_MIN = 1 << 17  # 30 ms at 35 Mbit/s: what another round trip over a WAN costs


@dataclass(frozen=True, slots=True)
class Stretch:
    """Payload bytes `[first, stop)` to ask for at once."""

    first: int
    stop: int


class BlockFetch:
    """Carries out GetBlocks: each block is reported when its bytes are on disk."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._validators: dict[str, Validator] = {}  # url -> what its bytes were known by
        self._writes: set[asyncio.Future[Landed]] = set()

    async def fetch(self, order: GetBlocks, package: OpenPackage) -> None:
        """Fetch and keep. Raises SourceError, PeerError, StorageError."""
        if order.source.kind == "peer":
            await self._from_peer(order, package)
        else:
            await self._from_origin(order, package)

    async def close(self) -> None:
        """Wait for what is being written; nothing is begun any more."""
        await asyncio.gather(*self._writes, return_exceptions=True)

    # From an origin

    async def _from_origin(self, order: GetBlocks, package: OpenPackage) -> None:
        missing = await asyncio.to_thread(missing_stretches, package, order.first, order.count)
        blocks = _Blocks(order, package)
        await self._keep(order, package, order.first, b"", blocks.done_before(missing))
        for index, stretch in enumerate(missing):
            await self._stretch(order, package, stretch, blocks, missing[index + 1 :])

    async def _stretch(
        self,
        order: GetBlocks,
        package: OpenPackage,
        stretch: Stretch,
        blocks: _Blocks,
        later: list[Stretch],
    ) -> None:
        """One range request; pieces go to the store as soon as a block's part of it is whole."""
        filling = bytearray()
        at = stretch.first

        async def keep(offset: int, data: bytes | memoryview) -> None:
            nonlocal at
            self._means.reports.wan_bytes(order.task, len(data))
            filling.extend(data)
            while filling:
                stop = min(package.geometry.block_span(at // blocks.size)[1], stretch.stop)
                if at + len(filling) < stop:
                    break
                piece = bytes(filling[: stop - at])
                del filling[: stop - at]
                start, at = at, stop
                rest = [Stretch(at, stretch.stop), *later] if at < stretch.stop else later
                await self._keep(order, package, start, piece, blocks.done_before(rest))

        url = order.source.address
        fetched = await self._means.client.fetch(
            url,
            first=stretch.first,
            stop=stretch.stop,
            expected_bytes=package.manifest.payload_bytes,
            validator=self._validators.pop(url, None),
            sink=keep,
        )
        if fetched.validator is not None:
            self._validators[url] = fetched.validator
        if len(self._validators) > VALIDATORS_MAX:
            del self._validators[next(iter(self._validators))]  # the one longest unused

    # From a peer

    async def _from_peer(self, order: GetBlocks, package: OpenPackage) -> None:
        for block in range(order.first, order.first + order.count):
            path = f"/v1/content/{package.content.hex()}/blocks/{block}"
            sealed = await self._means.from_peer(
                order.source, path, bytes_max=PEER_ANSWER_BYTES_MAX
            )
            plain = await asyncio.to_thread(package.seal.open, block, sealed)
            _refuse_length(order.source, package, block, plain)
            start, _ = package.geometry.block_span(block)
            await self._keep(order, package, start, plain, RangeSet([(block, block + 1)]))

    async def _keep(
        self, order: GetBlocks, package: OpenPackage, start: int, plain: bytes, done: RangeSet
    ) -> None:
        """Write bytes and report the blocks that are done with them.

        Also if the request is cancelled meanwhile, as it is when the stream brings the same block:
        whoever writes last has proven the chunks, and nobody else will say so.
        """
        if not plain and not done:
            return
        supplier = f"{order.source.kind} {order.source.address}"
        write = asyncio.ensure_future(self._write(order, package, start, plain, done, supplier))
        self._writes.add(write)
        write.add_done_callback(self._writes.discard)
        landed = await asyncio.shield(write)
        if landed.culprit == supplier:
            raise SourceError(
                order.source.address,
                "wrong_bytes",
                f"{order.source.address}: bytes of block {start // package.geometry.block_bytes} "
                "do not have the hashes in the manifest; it is not the file that was published",
                permanent=True,
            )

    async def _write(
        self,
        order: GetBlocks,
        package: OpenPackage,
        start: int,
        plain: bytes,
        done: RangeSet,
        supplier: Supplier,
    ) -> Landed:
        landed = await asyncio.to_thread(package.write, start, plain, supplier)
        self._means.reports.landed(order.task, done, landed, order.source.kind)
        return landed


class _Blocks:
    """Which of the ordered blocks have all their bytes on disk?"""

    def __init__(self, order: GetBlocks, package: OpenPackage) -> None:
        self.size = package.geometry.block_bytes
        self._next = order.first
        self._stop = order.first + order.count

    def done_before(self, missing: list[Stretch]) -> RangeSet:
        """Those before the first byte that is still missing, each told once."""
        upto = missing[0].first // self.size if missing else self._stop
        done = RangeSet([(self._next, upto)])
        self._next = max(self._next, upto)
        return done


def missing_stretches(package: OpenPackage, first: int, count: int) -> list[Stretch]:
    """What verified chunks do not cover of `count` blocks, small holes included."""
    start, _ = package.geometry.block_span(first)
    _, stop = package.geometry.block_span(first + count - 1)
    return list(_merged(package.held_ranges().gaps(start, stop)))


def _merged(gaps: Iterator[tuple[int, int]]) -> Iterator[Stretch]:
    first = stop = -HOLE_BYTES_MIN
    for low, high in gaps:
        if low - stop >= HOLE_BYTES_MIN:
            if first >= 0:
                yield Stretch(first, stop)
            first = low
        stop = high
    if first >= 0:
        yield Stretch(first, stop)


def _refuse_length(source: Source, package: OpenPackage, block: int, plain: bytes) -> None:
    expected = package.geometry.plain_bytes(block)
    if len(plain) != expected:
        raise SourceError(
            source.address,
            "wrong_length",
            f"{source.address}: block {block} has {len(plain)} bytes instead of {expected}",
            permanent=True,
        )
