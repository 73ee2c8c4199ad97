"""What does the store tell of itself? Plain figures for people, and for the agent's decisions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

from mcastdist.ids import ContentId

from .package import Package
from .quota import StoreLimits


@dataclass(frozen=True, slots=True)
class Entry:
    """One package. Times are in seconds since 1970; `expires` is when age evicts it, None if never.

    `held_bytes` counts verified chunks; the disk gives all `payload_bytes` from the start.
    """

    content: ContentId
    name: str
    version: str
    sequence: int
    payload_bytes: int
    held_bytes: int
    complete: bool
    pinned: bool
    precached: bool
    created: float
    used: float
    signed: bool
    in_use: bool
    expires: float | None

    @classmethod
    def of(cls, package: Package, limits: StoreLimits, *, in_use: bool) -> Self:
        """What is to be said of `package`."""
        begun, status = package.begun, package.status
        return cls(
            package.content,
            begun.name,
            begun.version,
            begun.sequence,
            begun.payload_bytes,
            package.held_bytes(),
            package.is_complete,
            status.pinned,
            status.precached,
            begun.created,
            status.used,
            package.is_signed,
            in_use,
            limits.expiry(status),
        )


@dataclass(frozen=True, slots=True)
class Freed:
    """What tidying removed."""

    removed: list[ContentId] = field(default_factory=list)
    freed_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Usage:
    """What the store takes of the disk (payloads and staged files), and what the disk has left."""

    held_bytes: int
    free_bytes: int
