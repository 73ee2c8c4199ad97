"""What stands on a simulated subnet? Machines, the content they want, and the links between."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from mcastdist.ids import ContentId, Locator, NodeId
from mcastdist.node import GetBlocks, GetManifest, Node, NodeConfig, Package, Stream, TaskSpec
from mcastdist.ranges import RangeSet
from mcastdist.wire import BlockSeal, ClusterKey

BLOCK_BYTES = 4_096
KEY = ClusterKey(bytes(32))


@dataclass(frozen=True)
class Fetch:
    """The origin gave a block, and these machines could have given it."""

    at: float
    node: NodeId
    block: int
    holders: tuple[NodeId, ...]


@dataclass
class Link:
    """What the LAN does to a datagram on its way to one machine."""

    loss: float = 0.0
    duplicate: float = 0.0
    jitter_s: float = 0.0  # more than the LAN's delay apart means reordering
    corrupt: float = 0.0  # one byte of a stream's datagram, its tag or its symbol


class Content:
    """One package: where it is asked for, what its bytes are."""

    def __init__(self, number: int, *, blocks: int, block_tail: int, seed: int) -> None:
        url = f"http://origin.example/pkg-{number}.mcd"
        self.locator = Locator.of_url(url)
        self.id = ContentId(bytes((number + byte) % 256 for byte in range(32)))
        self.payload = Random(f"{seed} {number}").randbytes((blocks - 1) * BLOCK_BYTES + block_tail)
        self.block_count = blocks
        self.seal = BlockSeal(KEY, self.id)
        self.task = self.locator.hex()
        self.spec = TaskSpec(id=self.task, locator=self.locator, urls=(url,))
        self.origin_blocks: Counter[int] = Counter()  # what the origin served
        self.fetches: list[Fetch] = []  # in order

    def block(self, block: int) -> bytes:
        """What a block holds, by the manifest."""
        return self.payload[block * BLOCK_BYTES : (block + 1) * BLOCK_BYTES]

    def package(self, held: RangeSet, block_bytes: int) -> Package:
        """What a store that holds these blocks says of it."""
        origins = (f"http://origin.example/{self.task}.payload",)
        return Package(self.id, len(self.payload), block_bytes, held, held.copy(), origins)


@dataclass
class Shelf:
    """One content on one machine's disk, and how far its task is."""

    content: Content
    disk: dict[int, bytes] = field(default_factory=dict)
    knows_manifest: bool = False
    done_at: float | None = None
    failed: str | None = None
    source_bytes: Counter[str] = field(default_factory=Counter)

    def package(self, block_bytes: int) -> Package:
        """As the node is told of it."""
        return self.content.package(RangeSet.of(self.disk), block_bytes)


@dataclass
class Machine:
    """One computer: a node, a disk, and whether it is up."""

    node: Node
    id: NodeId
    address: tuple[str, int]
    config: NodeConfig
    shelves: dict[str, Shelf]
    up: bool = True
    frozen: bool = False
    streams: dict[int, Stream] = field(default_factory=dict)
    requests: dict[int, GetManifest | GetBlocks] = field(default_factory=dict)
    side: int = 0  # machines of different sides of a partition do not hear one another
    wan: bool = True
    hears_multicast: bool = True
    says_multicast: bool = True  # False: what it says to a group goes nowhere
    clock_s: float = 0.0  # how far its clock is ahead of the segment's
    lies_by_http: bool = False  # serves sealed blocks of wrong bytes: it has the key
    lies_by_stream: bool = False
    refused: list[NodeId] = field(default_factory=list)
    backlog: list[Callable[[], None]] = field(default_factory=list)

    @property
    def shelf(self) -> Shelf:
        """The first content's."""
        return next(iter(self.shelves.values()))

    @property
    def disk(self) -> dict[int, bytes]:
        """The first content's blocks."""
        return self.shelf.disk

    @property
    def source_bytes(self) -> Counter[str]:
        """Where the first content's bytes came from."""
        return self.shelf.source_bytes

    @property
    def done_at(self) -> float | None:
        """When the first content was complete."""
        return self.shelf.done_at

    @property
    def failed(self) -> str | None:
        """Why the first content's task failed."""
        return self.shelf.failed


def spoilt(data: bytes) -> bytes:
    """Other bytes of the same length."""
    return bytes([data[0] ^ 0xFF]) + data[1:]
