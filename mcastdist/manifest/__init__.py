"""What we ship: manifests, chunk tables, signatures, safe paths. The door of this room."""

from .chunks import Chunker, ChunkTable, chunk_bytes_max
from .entries import FileEntry, LinkEntry, check_tree
from .fresh import StalePackage, check_fresh
from .keys import PublicKey, SigningKey
from .limits import (
    CHUNK_BYTES_MAX,
    FILES_MAX,
    MANIFEST_BYTES_MAX,
    MODE_MAX,
    PAYLOAD_BYTES_MAX,
    SIGNATURE_BYTES_MAX,
)
from .manifest import Manifest, content_id, plain_manifest
from .paths import SafePath, check_collisions
from .signing import sign, trusted_comment_of, verify
from .sources import file_name_of, resolve_source

__all__ = [
    "CHUNK_BYTES_MAX",
    "FILES_MAX",
    "MANIFEST_BYTES_MAX",
    "MODE_MAX",
    "PAYLOAD_BYTES_MAX",
    "SIGNATURE_BYTES_MAX",
    "ChunkTable",
    "Chunker",
    "FileEntry",
    "LinkEntry",
    "Manifest",
    "PublicKey",
    "SafePath",
    "SigningKey",
    "StalePackage",
    "check_collisions",
    "check_fresh",
    "check_tree",
    "chunk_bytes_max",
    "content_id",
    "file_name_of",
    "plain_manifest",
    "resolve_source",
    "sign",
    "trusted_comment_of",
    "verify",
]
