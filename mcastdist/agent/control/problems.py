"""How does an error cross the control API? As a kind, a code and a sentence, and back again.

The kind is what the catcher will do about it (`mcastdist.errors`), hence which HTTP status and
which exit status it becomes. The code names the class, so that the other end raises the same one.
Fields of an error do not cross: whoever needs them is on this side.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from mcastdist.errors import (
    BadSignature,
    ContentError,
    DigestMismatch,
    MalformedManifest,
    McastdistError,
    NoSpace,
    NotPermitted,
    PeerError,
    SourceError,
    StorageError,
    StoreBusy,
    UnavailableError,
    UnsafePath,
    UsageError,
)

Kind = Literal["usage", "unavailable", "content", "storage", "internal"]

HTTP_STATUS: dict[Kind, int] = {
    "usage": 400,
    "content": 422,
    "internal": 500,
    "unavailable": 503,
    "storage": 507,
}

# Most specific first. Classes that are built from more than a sentence come back as their parent.
_CLASSES: tuple[tuple[type[McastdistError], str, Kind, type[McastdistError]], ...] = (
    (UsageError, "usage", "usage", UsageError),
    (MalformedManifest, "malformed_manifest", "content", MalformedManifest),
    (BadSignature, "bad_signature", "content", BadSignature),
    (UnsafePath, "unsafe_path", "content", ContentError),
    (DigestMismatch, "digest_mismatch", "content", ContentError),
    (ContentError, "content", "content", ContentError),
    (NoSpace, "no_space", "storage", StorageError),
    (NotPermitted, "not_permitted", "storage", NotPermitted),
    (StoreBusy, "store_busy", "storage", StoreBusy),
    (StorageError, "storage", "storage", StorageError),
    (SourceError, "source", "unavailable", UnavailableError),
    (UnavailableError, "unavailable", "unavailable", UnavailableError),
    (PeerError, "peer", "unavailable", UnavailableError),
)

_KIND_CLASSES: dict[Kind, type[McastdistError]] = {
    "usage": UsageError,
    "unavailable": UnavailableError,
    "content": ContentError,
    "storage": StorageError,
    "internal": McastdistError,
}


class Problem(Struct, frozen=True, kw_only=True):
    """An error as the API tells it."""

    error: str  # a stable code
    sentence: str  # for people: what, which value, what to do
    kind: Kind


def problem_of(error: BaseException) -> Problem:
    """Any exception as a problem; what is not ours is `internal`, and named by its class."""
    for cls, code, kind, _ in _CLASSES:
        if isinstance(error, cls):
            return Problem(error=code, sentence=str(error), kind=kind)
    sentence = f"the agent met something unexpected ({type(error).__name__}); see its log"
    return Problem(error="internal", sentence=sentence, kind="internal")


def error_of(problem: Problem) -> McastdistError:
    """The error to raise on this end. A code from a newer agent falls back to its kind."""
    for _, code, kind, rebuilt in _CLASSES:
        if code == problem.error and kind == problem.kind:
            return rebuilt(problem.sentence)
    return _KIND_CLASSES[problem.kind](problem.sentence)
