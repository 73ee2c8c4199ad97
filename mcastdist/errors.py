"""What can go wrong, sorted by what the catcher will do about it.

    McastdistError
    ├── PeerError              a machine broke the protocol: drop it, keep running
    │   ├── MalformedMessage
    │   └── Unauthentic        (.cause)
    ├── ContentError           not what the publisher signed: refuse the bytes, fetch them again
    │   ├── MalformedManifest
    │   ├── UnsafePath         (.path)
    │   ├── BadSignature
    │   └── DigestMismatch     (.expected, .actual)
    ├── UnavailableError       nobody can give us this now: later, or elsewhere
    │   └── SourceError        (.source, .code, .retry_after_s, .permanent)
    ├── StorageError           this machine's disk says no: space, permission, another process
    │   ├── NoSpace            (.needed_bytes, .free_bytes)
    │   ├── NotPermitted
    │   └── StoreBusy
    └── UsageError             tell the human, in the human's words

Fields come first, the sentence second. Every sentence says what, which value, and what to do.
"""

from __future__ import annotations


class McastdistError(Exception):
    """The root: whatever else escapes is a bug."""


class PeerError(McastdistError):
    """A machine on the segment broke the protocol."""


class MalformedMessage(PeerError):
    """Bytes that are no message of ours."""


class Unauthentic(PeerError):
    """A datagram whose seal does not open. `cause` is the counter it belongs to."""

    def __init__(self, cause: str, sentence: str) -> None:
        super().__init__(sentence)
        self.cause = cause


class ContentError(McastdistError):
    """Not the bytes the publisher signed."""


class MalformedManifest(ContentError):
    """Bytes that are no manifest, or one that breaks a limit."""


class UnsafePath(ContentError):
    """A path that could leave the destination, or that some system cannot hold."""

    def __init__(self, path: str, sentence: str) -> None:
        super().__init__(sentence)
        self.path = path


class BadSignature(ContentError):
    """No trusted key signed this."""


class DigestMismatch(ContentError):
    """The bytes hash to something else."""

    def __init__(self, expected: bytes, actual: bytes, what: str, advice: str = "") -> None:
        sentence = f"{what}: expected SHA-256 {expected.hex()}, got {actual.hex()}"
        super().__init__(f"{sentence}; {advice}" if advice else sentence)
        self.expected = expected
        self.actual = actual


class UnavailableError(McastdistError):
    """Nobody can give us this now."""


class SourceError(UnavailableError):
    """One source could not give a range. `permanent` means asking it again is of no use.

    `code` is a short stable word (`refused`, `timeout`, `status_404`, `wrong_length`,
    `error_page`, `changed`, `tls`, `dns`, ...), for counters and reason codes.
    """

    def __init__(
        self,
        source: str,
        code: str,
        sentence: str,
        *,
        permanent: bool = False,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(sentence)
        self.source = source
        self.code = code
        self.permanent = permanent
        self.retry_after_s = retry_after_s


class StorageError(McastdistError):
    """The local disk says no."""


class NoSpace(StorageError):
    """Too little room for a package, by the disk or by the quota."""

    def __init__(self, needed_bytes: int, free_bytes: int, sentence: str) -> None:
        super().__init__(sentence)
        self.needed_bytes = needed_bytes
        self.free_bytes = free_bytes


class NotPermitted(StorageError):
    """The system forbids it: owner, mode, read-only mount."""


class StoreBusy(StorageError):
    """Another process holds this store."""


class UsageError(McastdistError):
    """The human asked for something that cannot be; the sentence says what can."""
