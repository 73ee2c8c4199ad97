"""What does a node want done? Plain orders to whoever has hands: the agent, or a simulation.

A node says "send this", "fetch that", "keep it"; who does it reports back through `Node`'s
methods. Every order that takes time carries a `request` number, by which it is reported or
cancelled.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mcastdist.http_fetch import Source
from mcastdist.ids import ContentId, Locator, SessionId
from mcastdist.ranges import RangeSet
from mcastdist.wire import BlockSeal, Geometry, Message

if TYPE_CHECKING:
    from mcastdist.session import Receiver, Sender

Address = tuple[str, int]
TaskId = str
Lock = AbstractContextManager[object]
LockFactory = Callable[[], Lock]


@dataclass(frozen=True, slots=True)
class Package:
    """What the store says of a package whose manifest is known and trusted.

    `held` blocks are on disk and opened from a seal or downloaded; `sound` ones lie wholly in
    verified chunks. `origins` are the payload's URLs, preferred ones first.
    """

    content: ContentId
    payload_bytes: int
    block_bytes: int
    held: RangeSet
    sound: RangeSet
    origins: tuple[str, ...]

    @property
    def block_count(self) -> int:
        """How many blocks the payload has."""
        return -(-self.payload_bytes // self.block_bytes)

    @property
    def is_complete(self) -> bool:
        """True if every block lies in verified chunks."""
        return self.sound.count >= self.block_count

    @property
    def missing(self) -> RangeSet:
        """The blocks that are not here."""
        return RangeSet(self.held.gaps(0, self.block_count))


@dataclass(frozen=True, slots=True)
class TaskSpec:
    """One task as the node needs to know it.

    `urls`: where the `.mcd` (or, for a plain file, the file itself) is, preferred ones first.
    `waited_s`: for how long it has been a task already, behind others that went first.
    """

    id: TaskId
    locator: Locator
    urls: tuple[str, ...]
    plain: bool = False  # a file and its digest; there is no manifest at the origin
    waited_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Send:
    """Seal and send a message: to `to` alone; or by broadcast, if `aside`; or to the group."""

    message: Message
    to: Address | None = None
    aside: bool = False


@dataclass(frozen=True, slots=True)
class GetManifest:
    """Fetch the manifest and open the package in the store.

    Report `package_known` or `request_failed`. From a peer, `content` says which; from an origin,
    `source.address` is the URL. For a plain task an origin means: download the file whole.
    """

    task: TaskId
    request: int
    source: Source
    content: ContentId | None


@dataclass(frozen=True, slots=True)
class GetBlocks:
    """Fetch blocks [first, first + count): report each, then `request_finished`."""

    task: TaskId
    request: int
    source: Source
    first: int
    count: int


@dataclass(frozen=True, slots=True)
class CancelRequest:
    """Stop working on a request; nothing need be reported of it."""

    task: TaskId
    request: int


@dataclass(slots=True)
class Stream:
    """One session's machine for the stream, shared with the threads that feed it.

    Whoever calls `sender` or `receiver` holds `lock`.
    """

    task: TaskId
    content: ContentId
    session: SessionId
    geometry: Geometry
    lock: Lock
    sender: Sender | None = None
    receiver: Receiver | None = None
    seal: BlockSeal | None = None  # of a stream that we receive: its session chose the key
    changed: Callable[[], None] = field(default=lambda: None)  # set by the agent: wakes the thread


@dataclass(frozen=True, slots=True)
class OpenStream:
    """Join the data group and feed `stream.receiver`, or drain `stream.sender` to the group."""

    stream: Stream


@dataclass(frozen=True, slots=True)
class CloseStream:
    """The session is over for us: leave the group, stop the thread."""

    stream: Stream


@dataclass(frozen=True, slots=True)
class Complete:
    """All blocks are here and sound: deliver, or keep, as the task says."""

    task: TaskId


@dataclass(frozen=True, slots=True)
class TaskFailed:
    """Nobody can supply this, or what they supply is wrong; `code` is a reason code."""

    task: TaskId
    code: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Rejoin:
    """The stream is announced and does not arrive: join the group again."""

    stream: Stream


Command = (
    Send
    | GetManifest
    | GetBlocks
    | CancelRequest
    | OpenStream
    | CloseStream
    | Complete
    | TaskFailed
    | Rejoin
)
