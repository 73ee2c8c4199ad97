"""May this machine speak here? The cluster key, and every key that is derived from it.

One secret of an organisation opens all that its agents say; PROTOCOL.md, 3, tells which key is
derived for what. Each use has an `info` text of its own, so no two uses ever share a key
(HKDF with SHA-256, RFC 5869, no salt).

The key file is one line, `mcastdist-cluster-key-v1:` and the secret in base64; empty lines and
lines that start with `#` are for people.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import Self

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from mcastdist.errors import UsageError

SECRET_BYTES_MIN = 16  # as strong as the AES-128 it feeds
SECRET_BYTES_MAX = 1_024  # more adds nothing, and is a wrong file rather than a key
DERIVED_BYTES = 16  # AES-128
AES_BLOCK_BYTES = 16
_PREFIX = "mcastdist-cluster-key-v1:"


class ClusterKey:
    """The secret all agents of one cluster hold. Never shown: `repr` tells the key id only."""

    __slots__ = ("_secret", "key_id")

    def __init__(self, secret: bytes) -> None:
        """Raises UsageError if `secret` is shorter than SECRET_BYTES_MIN, or absurdly long."""
        if not SECRET_BYTES_MIN <= len(secret) <= SECRET_BYTES_MAX:
            raise UsageError(
                f"a cluster key has {SECRET_BYTES_MIN} to {SECRET_BYTES_MAX} secret bytes, this"
                f" one has {len(secret)}: make one with `mcastdist keygen`"
            )
        self._secret = bytes(secret)
        self.key_id = hashlib.sha256(b"mcastdist key id" + self._secret).digest()[0]

    @classmethod
    def parse(cls, text: str) -> Self:
        """The key in the text of a key file. Raises UsageError; the text is never quoted in it."""
        lines = [line.strip() for line in text.splitlines()]
        lines = [line for line in lines if line and not line.startswith("#")]
        if len(lines) != 1 or not lines[0].startswith(_PREFIX):
            raise UsageError(
                f"this is no cluster key file: it needs exactly one line that starts with"
                f" {_PREFIX!r}, besides comments; make one with `mcastdist keygen`"
            )
        try:
            secret = base64.b64decode(lines[0].removeprefix(_PREFIX), validate=True)
        except (binascii.Error, ValueError) as error:
            raise UsageError(
                f"the cluster key after {_PREFIX!r} is not base64 ({error}): copy the file again"
            ) from None
        return cls(secret)

    def text(self) -> str:
        """The key as the text of a key file. Whoever holds it is a member: write it 0600."""
        return f"{_PREFIX}{base64.b64encode(self._secret).decode()}\n"

    def derive(self, info: bytes, length: int = DERIVED_BYTES) -> bytes:
        """`length` bytes of key for the use that `info` names (HKDF-SHA256)."""
        return HKDF(algorithm=SHA256(), length=length, salt=None, info=info).derive(self._secret)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ClusterKey):
            return NotImplemented
        return hmac.compare_digest(self._secret, other._secret)

    def __hash__(self) -> int:
        return hash((ClusterKey, self._secret))

    def __repr__(self) -> str:
        return f"<ClusterKey id {self.key_id:#04x}>"
