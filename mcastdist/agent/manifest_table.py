"""How does the store see a manifest? As a table of chunks and a list of things to put in place.

A plain file has one fixed name in its manifest, so that its content id is the same whatever its URL
is; what it is called when it is delivered is each task's own affair.
"""

from __future__ import annotations

from collections.abc import Sequence

from mcastdist.manifest import Manifest
from mcastdist.store import Deliverable

LINK_MODE = 0o777  # what the system shows for every symbolic link


class ManifestTable:
    """A manifest in the shape in which the store takes it."""

    def __init__(self, manifest: Manifest) -> None:
        self._manifest = manifest
        self._chunks = manifest.chunks

    @property
    def payload_bytes(self) -> int:
        """The length of the payload."""
        return self._manifest.payload_bytes

    @property
    def chunk_count(self) -> int:
        """How many chunks it is cut into."""
        return self._chunks.count

    def chunk_span(self, chunk: int, /) -> tuple[int, int]:
        """Where a chunk lies, `[start, stop)`."""
        return self._chunks.span(chunk)

    def chunk_digest(self, chunk: int, /) -> bytes:
        """Its SHA-256."""
        return self._chunks.digest(chunk)

    def chunks_over(self, start: int, stop: int, /) -> range:
        """The chunks that touch `[start, stop)`."""
        return self._chunks.over(start, stop)

    def deliverables(self, file_name: str | None = None, /) -> Sequence[Deliverable]:
        """The files, links and empty folders to put in place; a plain file as `file_name`."""
        manifest = self._manifest
        given = file_name if manifest.kind == "file" else None
        files = [
            Deliverable(given or str(entry.path), entry.mode, *manifest.file_span(at), entry.sha256)
            for at, entry in enumerate(manifest.files)
        ]
        links = [
            Deliverable(str(one.path), LINK_MODE, 0, 0, b"", one.target) for one in manifest.links
        ]
        folders = [Deliverable.folder_at(str(path)) for path in manifest.folders]
        return files + links + folders
