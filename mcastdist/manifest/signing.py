"""Are these the publisher's bytes? Signatures in minisign's format; `minisign -Vm` checks them too.

    untrusted comment: anything
    base64( algorithm, 2 | key id, 8 | Ed25519 signature, 64 )
    trusted comment: anything
    base64( Ed25519 signature over the first signature and the trusted comment, 64 )

Algorithm "ED" signs the BLAKE2b-512 of the data (minisign's default, and what we write), "Ed" the
data itself (its older form). Format: https://jedisct1.github.io/minisign/ ("Signature format").
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from mcastdist.errors import BadSignature, UsageError

from .keys import ALGORITHM, KEY_ID_BYTES, PublicKey, SigningKey
from .limits import SIGNATURE_BYTES_MAX

_PREHASHED = b"ED"
_SIGNATURE_BYTES = 64
_UNTRUSTED = "untrusted comment: "
_TRUSTED = "trusted comment: "
_COMMENT_BYTES_MAX = 1_024 - len(_UNTRUSTED) - 2  # minisign's COMMENTMAXBYTES, with line end
_TRUSTED_BYTES_MAX = 8_192 - len(_TRUSTED) - 2  # minisign's TRUSTEDCOMMENTMAXBYTES, likewise


def sign(
    data: bytes,
    key: SigningKey,
    *,
    trusted_comment: str,
    comment: str = "signature from mcastdist",
) -> str:
    """The text of a `.minisig` file. The trusted comment is signed too. Raises UsageError."""
    _check_comment(comment, _COMMENT_BYTES_MAX)
    _check_comment(trusted_comment, _TRUSTED_BYTES_MAX)
    private = key.private()
    signature = private.sign(_digest(data))
    over_comment = private.sign(signature + trusted_comment.encode())
    return (
        f"{_UNTRUSTED}{comment}\n{_base64(_PREHASHED + key.key_id + signature)}\n"
        f"{_TRUSTED}{trusted_comment}\n{_base64(over_comment)}\n"
    )


def verify(
    data: bytes,
    signature: str | bytes,
    keys: Sequence[PublicKey],
    *,
    revoked: Collection[str] = (),
) -> PublicKey:
    """The one of `keys` that signed exactly `data`. Raises BadSignature, naming key ids.

    `revoked`: names of keys that count no more, even if they are among `keys`.
    """
    parsed = _parse(signature)
    if parsed.key_name in revoked:
        raise BadSignature(
            f"signed with key {parsed.key_name}, which is revoked here (cluster.revoked_keys): ask"
            " the publisher for a package that another key signed"
        )
    signers = [key for key in keys if key.key_id == parsed.key_id]
    if not signers:
        trusted = ", ".join(key.name for key in keys) or "none"
        raise BadSignature(
            f"signed with key {parsed.key_name}, which is not trusted here (trusted: {trusted}):"
            " if it is your publisher's, add it to cluster.trusted_keys"
        )
    for key in signers:
        if _is_signed_by(key, data, parsed):
            return key
    raise BadSignature(
        f"the signature names key {parsed.key_name} but that key did not sign these bytes: they"
        " were changed on the way, or by an impostor; publish again, or ask the publisher"
    )


def trusted_comment_of(signature: str | bytes) -> str:
    """What the signer wrote beside the signature; only believe it after `verify`."""
    return _parse(signature).trusted_comment


@dataclass(frozen=True, slots=True)
class _Signature:
    algorithm: bytes
    key_id: bytes
    signature: bytes
    trusted_comment: str
    over_comment: bytes

    @property
    def key_name(self) -> str:
        return PublicKey(self.key_id, b"").name


def _parse(text: str | bytes) -> _Signature:
    try:
        return _parsed(text)
    except (ValueError, binascii.Error) as error:
        raise BadSignature(
            "this is no minisign signature: the .minisig file is damaged or another file; publish"
            " again, or copy it again"
        ) from error


def _parsed(text: str | bytes) -> _Signature:
    if len(text) > SIGNATURE_BYTES_MAX:
        raise ValueError("too long")
    text = text.decode() if isinstance(text, bytes) else text
    untrusted, first, trusted, second = text.replace("\r\n", "\n").rstrip("\n").split("\n")
    if not untrusted.startswith(_UNTRUSTED) or not trusted.startswith(_TRUSTED):
        raise ValueError("no comments")
    signed = base64.b64decode(first.encode("ascii"), validate=True)
    over_comment = base64.b64decode(second.encode("ascii"), validate=True)
    algorithm, key_id, signature = signed[:2], signed[2 : 2 + KEY_ID_BYTES], signed[10:]
    if algorithm not in (ALGORITHM, _PREHASHED):
        raise ValueError("unknown algorithm")
    if len(signature) != _SIGNATURE_BYTES or len(over_comment) != _SIGNATURE_BYTES:
        raise ValueError("wrong length")
    comment = trusted.removeprefix(_TRUSTED)
    comment.encode()  # a lone surrogate could not have been signed
    return _Signature(algorithm, key_id, signature, comment, over_comment)


def _is_signed_by(key: PublicKey, data: bytes, parsed: _Signature) -> bool:
    signed = data if parsed.algorithm == ALGORITHM else _digest(data)
    try:
        public = Ed25519PublicKey.from_public_bytes(key.point)
        public.verify(parsed.signature, signed)
        public.verify(parsed.over_comment, parsed.signature + parsed.trusted_comment.encode())
    except (InvalidSignature, ValueError):
        return False
    return True


def _check_comment(comment: str, bytes_max: int) -> None:
    if not comment.isprintable() or len(comment.encode()) > bytes_max:
        raise UsageError(
            f"comment {comment!r:.80}: take one printable line of at most {bytes_max} bytes"
        )


def _digest(data: bytes) -> bytes:
    return hashlib.blake2b(data).digest()


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
