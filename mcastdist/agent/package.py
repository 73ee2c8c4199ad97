"""One package on this machine, as the agent's threads use it: blocks over the store's chunks.

The node thinks in blocks, the store in chunks and bytes. A block is *held* when its bytes are on
disk, *sound* when every chunk that touches it has been verified. All methods are safe to call from
worker threads; the RangeSets of `node.Package` belong to the event loop and are not touched here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from threading import Lock

from mcastdist.ids import ContentId
from mcastdist.manifest import Manifest, file_name_of, resolve_source
from mcastdist.node import Package
from mcastdist.ranges import RangeSet
from mcastdist.store import Holding
from mcastdist.wire import BLOCK_BYTES, BlockSeal, Geometry

SYMBOL_BYTES_ANY = 1024  # block spans do not depend on it

Supplier = str  # who gave us bytes: `origin <url>`, `peer <address>`, `node <low 32 bits>`
SEVERAL: Supplier = ""  # nobody in particular


@dataclass(frozen=True, slots=True)
class Landed:
    """What a write has brought: blocks now sound, and blocks that a bad chunk takes back.

    `culprit` gave all the bytes of the bad chunks, if it was one supplier alone.
    """

    sound: RangeSet
    lost: RangeSet
    new_bytes: int
    culprit: Supplier = SEVERAL


@dataclass(slots=True)
class OpenPackage:
    """A package whose manifest is trusted and whose store is open."""

    content: ContentId
    manifest: Manifest
    manifest_bytes: bytes
    signature: bytes
    holding: Holding
    seal: BlockSeal
    geometry: Geometry = field(init=False)
    is_read_soon: bool = False  # somebody waits for the files, not only for them to be cached
    used_at: float = 0.0  # on the clock of `Library`, when somebody asked for it last
    _suppliers: dict[int, Supplier] = field(default_factory=dict)  # of blocks not yet sound
    _lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        self.geometry = Geometry(self.manifest.payload_bytes, BLOCK_BYTES, SYMBOL_BYTES_ANY)

    # Out

    def for_node(self, urls: Sequence[str]) -> Package:
        """What the node needs to know, for a task of these URLs; the RangeSets are the node's."""
        blocks = self.sound_blocks()
        return Package(
            content=self.content,
            payload_bytes=self.manifest.payload_bytes,
            block_bytes=BLOCK_BYTES,
            held=blocks,
            sound=blocks.copy(),
            origins=payload_urls(self.manifest, urls),
        )

    def held_ranges(self) -> RangeSet:
        """The payload bytes that lie in verified chunks."""
        span = self.manifest.chunks.span
        return RangeSet(
            (span(first)[0], span(stop - 1)[1]) for first, stop in self.holding.verified
        )

    def sound_blocks(self) -> RangeSet:
        """The blocks that lie wholly in verified chunks."""
        sound = RangeSet()
        for start, stop in self.held_ranges():
            at_end = stop == self.manifest.payload_bytes
            sound.add(
                -(-start // BLOCK_BYTES),
                self.geometry.block_count if at_end else stop // BLOCK_BYTES,
            )
        return sound

    def partial_blocks(self) -> list[int]:
        """The blocks of which some bytes are here and some are not, rising."""
        edges = set()
        for start, stop in self.held_ranges():
            edges |= {start // BLOCK_BYTES, (stop - 1) // BLOCK_BYTES}
        return sorted(block for block in edges if not self.has_block(block))

    def blocks_over_chunks(self, chunks: Iterable[int]) -> RangeSet:
        """The blocks that hold any byte of these chunks."""
        return RangeSet.of({block for chunk in chunks for block in self._blocks_of(chunk)})

    def blocks_gone(self, blocks: RangeSet) -> RangeSet:
        """Those of these blocks of which some bytes are not here, not even unproven."""
        gone = RangeSet()
        for first, stop in blocks:
            start, end = self.geometry.block_span(first)[0], self.geometry.block_span(stop - 1)[1]
            for gap in self.holding.gaps(start, end):
                over = self.geometry.blocks_over(*gap)
                gone.add(over.start, over.stop)
        return gone

    def read_block(self, block: int) -> bytes:
        """The payload bytes of a block that is here. Raises UnavailableError."""
        return self.holding.read(*self.geometry.block_span(block))

    def sealed_block(self, block: int, seal: BlockSeal) -> bytes:
        """A block as peers exchange it, under the seal of who asks. Raises UnavailableError."""
        return seal.seal(block, self.read_block(block))

    def has_block(self, block: int) -> bool:
        """True if the block can be given to others."""
        return 0 <= block < self.geometry.block_count and self.holding.covers(
            *self.geometry.block_span(block)
        )

    # In

    def write(
        self, offset: int, data: bytes | memoryview, supplier: Supplier, *, is_passing: bool = False
    ) -> Landed:
        """Keep payload bytes; verify the chunks they complete. Raises StorageError.

        `is_passing`: nobody will read them soon. What is sound is told of all blocks that are
        touched, also if the bytes were here already: two tasks may bring the same content.
        """
        touched = self.geometry.blocks_over(offset, offset + len(data))
        self._note(touched, supplier)
        absorbed = self.holding.write(offset, data, is_passing=is_passing)
        spans = [self.manifest.chunks.span(chunk) for chunk in absorbed.verified]
        fresh = {block for span in spans for block in self.geometry.blocks_over(*span)}
        sound = {block for block in fresh.union(touched) if self.has_block(block)}
        lost = {block for chunk in absorbed.bad for block in self._blocks_of(chunk)}
        return Landed(
            RangeSet.of(sound - lost),
            RangeSet.of(lost),
            sum(stop - start for start, stop in spans),
            self._settle(sound, lost),
        )

    # Within

    def _blocks_of(self, chunk: int) -> range:
        return self.geometry.blocks_over(*self.manifest.chunks.span(chunk))

    def _note(self, blocks: range, supplier: Supplier) -> None:
        with self._lock:
            for block in blocks:
                before = self._suppliers.setdefault(block, supplier)
                if before != supplier:
                    self._suppliers[block] = SEVERAL

    def _settle(self, sound: set[int], lost: set[int]) -> Supplier:
        """Who alone supplied the lost blocks; forget who supplied these and those."""
        with self._lock:
            blamed = {self._suppliers.get(block, SEVERAL) for block in lost}
            for block in sound | lost:
                self._suppliers.pop(block, None)
        return blamed.pop() if len(blamed) == 1 else SEVERAL


def payload_urls(manifest: Manifest, urls: Sequence[str]) -> tuple[str, ...]:
    """Where the payload lies: the manifest's sources against each of the task's URLs, in order."""
    if manifest.kind == "file":
        return tuple(urls)
    found: dict[str, None] = {}
    for url in urls:
        for source in (resolve_source(one, url) for one in manifest.sources):
            found.setdefault(source)
    return tuple(found)


def shown_name(manifest: Manifest, urls: Sequence[str]) -> str:
    """What people call it: a plain file by its URL, as its manifest has the same name for all."""
    return str(file_name_of(urls[-1])) if manifest.kind == "file" and urls else manifest.name
