"""Whose word do we take for a package? The one place where a manifest becomes trusted.

Signature, expiry and rollback of what was published; for a plain file, which nobody signed, the
digest that the task named (PROTOCOL.md, 9).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from mcastdist.errors import ContentError, DigestMismatch
from mcastdist.manifest import Manifest, PublicKey, check_fresh, verify


class Trust:
    """What we believe of manifests."""

    def __init__(
        self,
        keys: Sequence[PublicKey] | None,
        highest_sequence: Callable[[str], int],
        *,
        revoked: Collection[str] = (),
    ) -> None:
        """`keys` None: signatures are not looked at, for a store that gives nothing out.

        `revoked`: ids, in hexadecimal, of keys that count no more, whoever lists them.
        """
        self._keys = keys
        self._revoked = frozenset(one.upper() for one in revoked)
        self._highest_sequence = highest_sequence

    def check(self, data: bytes, signature: bytes, *, sha256: bytes | None, now: float) -> Manifest:
        """The manifest in `data`, from the network; `sha256` is the plain file that is wanted.

        Raises ContentError: StalePackage, BadSignature, DigestMismatch, MalformedManifest.
        """
        if sha256 is not None:
            return _promised(Manifest.decode(data), sha256)
        self._verify(data, signature)
        manifest = Manifest.decode(data)
        if manifest.kind != "package":
            raise ContentError(
                f"the manifest of {manifest.stem} is that of a plain file; ask for it by its digest"
            )
        self.check_fresh(manifest, now=now)
        return manifest

    def check_again(self, data: bytes, signature: bytes) -> Manifest:
        """The manifest in `data`, from our own store: a key may be trusted no more."""
        manifest = Manifest.decode(data)
        if manifest.kind == "package":
            self._verify(data, signature)
        return manifest

    def check_fresh(self, manifest: Manifest, *, now: float) -> None:
        """Raise StalePackage if it has expired, or a later one of its name was seen."""
        if manifest.kind == "package":
            seen = self._highest_sequence(manifest.name)
            check_fresh(manifest, now=now, sequence_seen=seen)

    def _verify(self, data: bytes, signature: bytes) -> None:
        if self._keys is not None:
            text = signature.decode("utf-8", "replace")
            verify(data, text, self._keys, revoked=self._revoked)


def _promised(manifest: Manifest, sha256: bytes) -> Manifest:
    """A manifest that nobody signed counts for what it promises, and for nothing else."""
    if manifest.kind != "file":
        raise ContentError(
            f"the package {manifest.stem} was offered where a plain file was asked for: refused"
        )
    if not manifest.promises_file(sha256):
        raise DigestMismatch(sha256, manifest.files[0].sha256, "the file that was offered")
    return manifest
