"""What do we call things? Every identifier that crosses a room's door, and nothing else.

A `Locator` names what a task asks for before anybody knows what is in it (a URL, or a digest); a
`ContentId` names the exact bytes (SHA-256 of the manifest). `SessionId` is one representation of
one locator by one node; `NodeId` is one agent for as long as its state directory lives, `BootId`
one run of it.
"""

from __future__ import annotations

import hashlib
from typing import NewType, Self

DIGEST_BYTES = 32

NodeId = NewType("NodeId", int)  # 64 bits, drawn at random when an agent first starts
BootId = NewType("BootId", int)  # 64 bits, drawn at random at every start
SessionId = NewType("SessionId", int)  # 32 bits, drawn at random by the representative
ClusterTag = NewType("ClusterTag", int)  # 32 bits, see `cluster_tag`


class Digest(bytes):
    """32 bytes of SHA-256."""

    __slots__ = ()

    def __new__(cls, value: bytes) -> Self:
        if len(value) != DIGEST_BYTES:
            raise ValueError(f"{cls.__name__} takes {DIGEST_BYTES} bytes, got {len(value)}")
        return super().__new__(cls, value)

    def __str__(self) -> str:
        return self.hex()

    @property
    def short(self) -> str:
        """The first 12 hex digits: for people, never for comparing."""
        return self.hex()[:12]


class ContentId(Digest):
    """SHA-256 of the manifest's bytes: these files with these bytes, and no others."""

    __slots__ = ()


class Locator(Digest):
    """What a task asks for, as one hash that all tasks asking for the same thing share."""

    __slots__ = ()

    @classmethod
    def of_url(cls, url: str) -> Self:
        """A published package, by the URL of its `.mcd`."""
        return cls(hashlib.sha256(b"mcastdist locator url\0" + url.encode()).digest())

    @classmethod
    def of_file(cls, sha256: bytes) -> Self:
        """A plain file, by its SHA-256: the same wherever it lies."""
        return cls(hashlib.sha256(b"mcastdist locator sha256\0" + sha256).digest())


def cluster_tag(cluster_id: str) -> ClusterTag:
    """The 32 bits by which datagrams of different clusters are told apart on one subnet."""
    return ClusterTag(int.from_bytes(hashlib.sha256(cluster_id.encode()).digest()[:4], "big"))


def node_name(node: NodeId) -> str:
    """A node as people see it: 16 hex digits."""
    return f"{node:016x}"
