"""What does the store remember beyond its packages? Which locator led where, and how new it was.

Sequence numbers outlive the packages: a publisher's older, still validly signed manifest must not
be taken for news once the newer package has been evicted.
"""

from __future__ import annotations

from collections.abc import Container
from pathlib import Path

import msgspec

from mcastdist.ids import ContentId, Locator

from .disk import Disk
from .journal import Journal

JOURNAL_BYTES_MAX = 1 << 20  # rewritten beyond


class Bound(msgspec.Struct, frozen=True, array_like=True, tag=1):
    """This locator led to this content."""

    locator: bytes
    content: bytes


class Seen(msgspec.Struct, frozen=True, array_like=True, tag=2):
    """A package of this name had this sequence number."""

    name: str
    sequence: int


Record = Bound | Seen
DECODER: msgspec.msgpack.Decoder[Record] = msgspec.msgpack.Decoder(Record)


class Catalog:
    """Locators and sequences of one store. The store serialises calls."""

    def __init__(self, disk: Disk, path: Path) -> None:
        self._journal = Journal(disk, path, DECODER)
        self._contents: dict[Locator, ContentId] = {}
        self._sequences: dict[str, int] = {}
        for record in self._journal.found:
            self._apply(record)
        self._journal.found = []

    def lookup(self, locator: Locator) -> ContentId | None:
        """Where `locator` led last."""
        return self._contents.get(locator)

    def locators(self) -> list[tuple[Locator, ContentId]]:
        """Every binding."""
        return list(self._contents.items())

    def bind(self, locator: Locator, content: ContentId, *, held: Container[ContentId]) -> None:
        """Remember it; durable. Locators of packages no longer `held` are forgotten in time."""
        if self._contents.get(locator) != content:
            self._append(Bound(bytes(locator), bytes(content)), held)

    def highest_sequence(self, name: str) -> int:
        """The highest number noted for `name`, 0 if there is none."""
        return self._sequences.get(name, 0)

    def note_sequence(self, name: str, sequence: int, *, held: Container[ContentId]) -> None:
        """Remember that `name` has been seen with `sequence`; durable, never lowered."""
        if sequence > self.highest_sequence(name):
            self._append(Seen(name, sequence), held)

    def close(self) -> None:
        """Let go of the file."""
        self._journal.close()

    def _append(self, record: Record, held: Container[ContentId]) -> None:
        self._journal.append(record)
        self._apply(record)
        if self._journal.size > JOURNAL_BYTES_MAX:
            self._contents = {loc: con for loc, con in self._contents.items() if con in held}
            self._journal.rewrite(self._records())

    def _records(self) -> list[Record]:
        seen = [Seen(name, sequence) for name, sequence in self._sequences.items()]
        return [
            *seen,
            *(Bound(bytes(locator), bytes(content)) for locator, content in self._contents.items()),
        ]

    def _apply(self, record: Record) -> None:
        match record:
            case Bound(locator, content):
                self._contents[Locator(locator)] = ContentId(content)
            case Seen(name, sequence):
                self._sequences[name] = max(sequence, self.highest_sequence(name))
