"""Who may sign packages? Ed25519 keys in the files that minisign reads and writes.

Format: https://jedisct1.github.io/minisign/ ("Key formats"). A key file is a comment line and a
base64 line; a public key may also be given as the base64 line alone. A secret key is

    "Ed" | key derivation, 2 | "B2" | salt, 32 | limits, 16
         | key id, 8 | seed, 32 | point, 32 | check, 32

with a check that is BLAKE2b-256 over algorithm, key id, seed and point, or zeros (minisign leaves
it out of keys without a password).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from mcastdist.errors import UsageError

ALGORITHM = b"Ed"
KEY_ID_BYTES = 8
_POINT_BYTES = 32
_SEED_BYTES = 32
_NO_DERIVATION = b"\0\0"
_CHECK_ALGORITHM = b"B2"
_DERIVATION_BYTES = 32 + 8 + 8  # salt and limits of the password's derivation, here all zero
_CHECK_BYTES = 32
_PUBLIC_BYTES = 2 + KEY_ID_BYTES + _POINT_BYTES
_SECRET_BYTES = 6 + _DERIVATION_BYTES + KEY_ID_BYTES + _SEED_BYTES + _POINT_BYTES + _CHECK_BYTES
_KEY_CHARS_MAX = 4_096  # a key file has some 300 characters; do not parse a payload as one


@dataclass(frozen=True, slots=True)
class PublicKey:
    """Whose packages are accepted."""

    key_id: bytes
    point: bytes

    @classmethod
    def parse(cls, text: str) -> Self:
        """A key from a `.pub` file's text, or from its base64 line. Raises UsageError."""
        data = _decoded(text, "public")
        if len(data) == _SECRET_BYTES:
            raise UsageError("this is a secret key: give the public one, and keep this one secret")
        if len(data) != _PUBLIC_BYTES or data[:2] != ALGORITHM:
            raise UsageError("this is no minisign public key: give signing.pub or its second line")
        return cls(data[2 : 2 + KEY_ID_BYTES], data[2 + KEY_ID_BYTES :])

    @property
    def name(self) -> str:
        """The key id as minisign shows it: 16 hex digits, the last byte first."""
        return self.key_id[::-1].hex().upper()

    @property
    def line(self) -> str:
        """The base64 line."""
        return base64.b64encode(ALGORITHM + self.key_id + self.point).decode()

    def text(self) -> str:
        """The contents of a `.pub` file."""
        return f"untrusted comment: minisign public key {self.name}\n{self.line}\n"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """The publisher's secret. Its seed is never shown."""

    key_id: bytes
    seed: bytes = field(repr=False)

    @classmethod
    def generate(cls, random_bytes: Callable[[int], bytes]) -> Self:
        """A new key; `random_bytes` must be fit for secrets (`os.urandom`)."""
        return cls(random_bytes(KEY_ID_BYTES), random_bytes(_SEED_BYTES))

    @classmethod
    def parse(cls, text: str) -> Self:
        """A key from the text of a secret key file without a password. Raises UsageError."""
        data = _decoded(text, "secret")
        if len(data) != _SECRET_BYTES or data[:2] != ALGORITHM or data[4:6] != _CHECK_ALGORITHM:
            raise UsageError("this is no minisign secret key: give signing.key")
        if data[2:4] != _NO_DERIVATION:
            raise UsageError(
                "this secret key has a password: take it off a copy with `minisign -C -W -s FILE`"
            )
        body = data[6 + _DERIVATION_BYTES :]
        key = cls(body[:KEY_ID_BYTES], body[KEY_ID_BYTES : KEY_ID_BYTES + _SEED_BYTES])
        if body[:-_CHECK_BYTES] != key._body() or body[-_CHECK_BYTES:] not in key._checks():
            raise UsageError("this secret key is damaged: restore it from a backup")
        return key

    @property
    def public(self) -> PublicKey:
        """The key that others verify with."""
        return PublicKey(self.key_id, self.private().public_key().public_bytes_raw())

    def private(self) -> Ed25519PrivateKey:
        """The key as the cryptography library takes it."""
        return Ed25519PrivateKey.from_private_bytes(self.seed)

    def text(self) -> str:
        """The contents of a secret key file: to be written with mode 0600."""
        head = ALGORITHM + _NO_DERIVATION + _CHECK_ALGORITHM + bytes(_DERIVATION_BYTES)
        line = base64.b64encode(head + self._body() + self._checks()[0]).decode()
        return f"untrusted comment: minisign secret key {self.public.name}, no password\n{line}\n"

    def _body(self) -> bytes:
        return self.key_id + self.seed + self.public.point

    def _checks(self) -> tuple[bytes, bytes]:
        check = hashlib.blake2b(ALGORITHM + self._body(), digest_size=_CHECK_BYTES).digest()
        return check, bytes(_CHECK_BYTES)


def _decoded(text: str, what: str) -> bytes:
    lines = text.strip().splitlines() if len(text) < _KEY_CHARS_MAX else []
    if len(lines) == 2 and lines[0].startswith("untrusted comment:"):
        del lines[0]
    try:
        if len(lines) != 1:
            raise ValueError
        return base64.b64decode(lines[0].strip().encode("ascii"), validate=True)
    except (ValueError, binascii.Error) as error:
        raise UsageError(f"this is no {what} key: give a minisign key file") from error
