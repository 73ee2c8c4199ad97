"""What does the store keep of one package? A directory of five files.

packages/<content id>/manifest    as received; its SHA-256 is the directory's name
                      signature   as received, empty if there is none
                      chunks      where each chunk lies and its digest, for reuse
                      journal     what has happened: begun, verified, forgotten, used
                      payload     all bytes at their final offsets, preallocated
"""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path

from mcastdist.errors import DigestMismatch
from mcastdist.ids import ContentId
from mcastdist.ranges import RangeSet

from .disk import Disk, File
from .durable import replace_whole
from .journal import Journal
from .records import DECODER, Begun, Forgotten, Record, Status, Verified, edges_of, pairs_of
from .table import ChunkPlace, decode_places

MANIFEST, SIGNATURE, CHUNKS, JOURNAL, PAYLOAD = (
    "manifest", "signature", "chunks", "journal", "payload",
)  # fmt: skip
JOURNAL_BYTES_MAX = 1 << 20  # rewritten beyond: read in a blink, and a year of use stays below


class Package:
    """One package on disk. Records may come from several threads; the store serialises the rest."""

    def __init__(self, disk: Disk, directory: Path, begun: Begun, journal: Journal[Record]) -> None:
        """Use `load`, or `Shelf.put` for a new one."""
        self._disk = disk
        self._directory = directory
        self._journal = journal
        self._recording = threading.RLock()
        self.content = ContentId(bytes.fromhex(directory.name))
        self.begun = begun
        self.status = Status(False, False, begun.created)
        self._recorded = RangeSet()
        for record in journal.found:
            self._apply(record)
        journal.found = []

    @classmethod
    def load(cls, disk: Disk, directory: Path) -> Package | None:
        """The package in `directory`; None if it is damaged beyond use."""
        journal = Journal(disk, directory / JOURNAL, DECODER)
        begun = journal.found[0] if journal.found else None
        has_payload = disk.size(directory / PAYLOAD) is not None
        if isinstance(begun, Begun) and has_payload:
            return cls(disk, directory, begun, journal)
        return None

    # Out

    @property
    def recorded(self) -> RangeSet:
        """The chunks the journal vouches for (a copy)."""
        with self._recording:
            return self._recorded.copy()

    @property
    def payload_bytes(self) -> int:
        """The length of the payload, which is what it takes of the disk."""
        return self.begun.payload_bytes

    @property
    def is_complete(self) -> bool:
        """True if the journal vouches for every chunk."""
        return self.recorded.count == self.begun.chunk_count

    @property
    def is_signed(self) -> bool:
        """True if it came with a signature (which others have to check)."""
        return bool(self._disk.size(self._directory / SIGNATURE))

    def held_bytes(self) -> int:
        """The bytes of all recorded chunks."""
        if self.is_complete:
            return self.payload_bytes
        return sum(place.stop - place.start for place in self.recorded_places())

    def recorded_places(self) -> list[ChunkPlace]:
        """Where the recorded chunks lie."""
        data = self._disk.read_whole(self._directory / CHUNKS) or b""
        recorded = self.recorded
        return [place for place in decode_places(data) if place.index in recorded]

    def papers(self) -> tuple[bytes, bytes] | None:
        """Manifest and signature; None if the manifest has been damaged."""
        manifest = self._disk.read_whole(self._directory / MANIFEST) or b""
        if hashlib.sha256(manifest).digest() != self.content:
            return None
        return manifest, self._disk.read_whole(self._directory / SIGNATURE) or b""

    def open_payload(self) -> File:
        """The payload, at its full length also if the file has been cut."""
        path = self._directory / PAYLOAD
        payload = self._disk.open(path)
        if self._disk.size(path) != self.payload_bytes:
            self._disk.allocate(payload, self.payload_bytes)
        return payload

    # In

    def keep_papers(self, manifest: bytes, signature: bytes) -> None:
        """Put back a damaged manifest, and take a signature that is newer than ours."""
        manifest_here, signature_here = self.papers() or (b"", b"")
        if manifest != manifest_here:
            replace_whole(self._disk, self._directory / MANIFEST, manifest)
        if signature and signature != signature_here:
            replace_whole(self._disk, self._directory / SIGNATURE, signature)

    def record_verified(self, chunks: RangeSet) -> None:
        """Vouch for `chunks`, whose bytes are durable; returns when the record is, too."""
        self._append(Verified(edges_of(chunks)))

    def record_forgotten(self, chunks: RangeSet) -> None:
        """Vouch no longer for `chunks`; durable."""
        self._append(Forgotten(edges_of(chunks)))

    def record_status(
        self,
        *,
        pinned: bool | None = None,
        precached: bool | None = None,
        used: float | None = None,
    ) -> None:
        """Change what is given. Only what was asked for is worth waiting for the disk."""
        with self._recording:
            old = self.status
            new = Status(
                old.pinned if pinned is None else pinned,
                old.precached if precached is None else precached,
                old.used if used is None else used,
            )
            is_worth_it = (new.pinned, new.precached) != (old.pinned, old.precached)
            if new != old:
                self._append(new, durable=is_worth_it)

    def close(self) -> None:
        """Let go of the journal's descriptor; it is taken again when needed."""
        self._journal.close()

    def _append(self, record: Record, *, durable: bool = True) -> None:
        with self._recording:
            self._journal.append(record, durable=durable)
            self._apply(record)
            if self._journal.size > JOURNAL_BYTES_MAX:
                self._journal.rewrite([self.begun, Verified(edges_of(self._recorded)), self.status])

    def _apply(self, record: Record) -> None:
        match record:
            case Verified(edges):
                for start, stop in pairs_of(edges):
                    self._recorded.add(max(0, start), min(stop, self.begun.chunk_count))
            case Forgotten(edges):
                for start, stop in pairs_of(edges):
                    self._recorded.remove(start, stop)
            case Status():
                self.status = record


def check_manifest(content: ContentId, manifest: bytes) -> None:
    """Raise DigestMismatch unless `manifest` is the one `content` names."""
    actual = hashlib.sha256(manifest).digest()
    if actual != content:
        raise DigestMismatch(content, actual, f"the manifest of {content.short}")
