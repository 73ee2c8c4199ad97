"""Small true manifests, to be made wrong by the tests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgpack

from mcastdist.manifest import Chunker, FileEntry, Manifest, SafePath

CREATED = 1_700_000_000


def small_manifest(contents: Mapping[str, bytes] | None = None, **changes: Any) -> Manifest:
    """A package of these files, and with these fields where they matter."""
    if contents is None:
        contents = {"bin/tool": b"\x7fELF", "share/empty": b"", "share/läs mich.txt": b"hallo\n"}
    chunker = Chunker(1 << 16)
    files = []
    for path, data in contents.items():
        chunker.begin_file(len(data))
        chunker.update(data)
        files.append(FileEntry(SafePath(path), len(data), 0o644, chunker.end_file()))
    fields: dict[str, Any] = {
        "name": "tool",
        "version": "1.0",
        "sequence": 7,
        "created": CREATED,
        "expires": None,
        "files": tuple(files),
        "chunks": chunker.finish(),
        "sources": ("tool-1.0.payload",),
    }
    return Manifest(**(fields | changes))


def rewritten(data: bytes, **changes: object) -> bytes:
    """The bytes of a manifest with some fields replaced; `...` takes one out."""
    fields = msgpack.unpackb(data) | changes
    encoded: bytes = msgpack.packb({key: value for key, value in fields.items() if value != ...})
    return encoded
