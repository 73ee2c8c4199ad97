"""How is a block sealed, and how can its symbols be trusted? (PROTOCOL.md, 3.2)

AES-128-GCM, the block number being the nonce.
Content id and block number fix the plaintext, so every holder makes the same ciphertext and the
same symbols: anybody can repair for anybody. GCM encrypts in counter mode, so the ciphertext of
any part of a block can be made from that part alone (`BlockSeal.cipher_at`): bytes already held
count as received symbols even if the rest of the block is missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR

from mcastdist.errors import PeerError
from mcastdist.ids import ContentId

from .geometry import SEAL_TAG_BYTES
from .keys import AES_BLOCK_BYTES, ClusterKey
from .sealing import NONCE_ZEROS

if TYPE_CHECKING:
    from .tags import Octets, SymbolTags

MANIFEST_NONCE_BYTES = 12

Bytes = bytes | bytearray | memoryview


class BadSeal(PeerError):
    """A sealed block or manifest that does not open: a byte of it is not the sender's."""


class BlockSeal:
    """Seals and opens one content's blocks, symbols and manifest. Safe to use from many threads."""

    def __init__(self, key: ClusterKey, content: ContentId) -> None:
        self._block_key = key.derive(b"mcastdist block" + content)
        self._block_cipher = AESGCM(self._block_key)
        self._hash_key = key.derive(b"mcastdist symbol hash" + content)
        self._mask_key = key.derive(b"mcastdist symbol mask" + content)
        self._manifest_cipher = AESGCM(key.derive(b"mcastdist manifest" + content))

    def seal(self, block: int, plain: Bytes | Octets) -> bytes:
        """The sealed block: ciphertext and tag."""
        return self._block_cipher.encrypt(_block_nonce(block), _view(plain), None)

    def open(self, block: int, sealed: Bytes | Octets) -> bytes:
        """The block's payload bytes. Raises BadSeal."""
        try:
            return self._block_cipher.decrypt(_block_nonce(block), _view(sealed), None)
        except InvalidTag:
            raise BadSeal(f"block {block} does not open: fetch its symbols again") from None

    def cipher_at(self, block: int, offset: int, plain: Bytes | Octets) -> bytes:
        """The ciphertext of a part of a block: of `plain`, which stands at byte `offset` in it.

        Counter mode as GCM uses it: the block's n-th 16 bytes are masked with counter n + 2
        (NIST SP 800-38D, 7.1).
        """
        first, skip = divmod(offset, AES_BLOCK_BYTES)
        counter = _block_nonce(block) + (first + 2).to_bytes(4, "big")
        stream = Cipher(AES(self._block_key), CTR(counter)).encryptor()
        stream.update(bytes(skip))
        return stream.update(_view(plain))

    def symbol_tag(self, block: int, symbol: int, payload: Bytes | Octets) -> bytes:
        """The 8 bytes that show that a member made this symbol (source or parity)."""
        return self._tags.one(block, symbol, _view(payload))

    def symbol_tags(
        self, block: int, symbols: Octets, numbers: Sequence[int] | None = None
    ) -> Octets:
        """The tags of many symbols of a block: (n, 8) for (n, S), the symbol ids being `numbers`.

        Without `numbers` they are 0, 1, ...: the source symbols. ValueError if the counts differ.
        """
        return self._tags.of(block, symbols, range(len(symbols)) if numbers is None else numbers)

    def seal_manifest(self, data: bytes, nonce: bytes) -> bytes:
        """A manifest for the way between peers; `nonce` is 12 random bytes, never used before."""
        if len(nonce) != MANIFEST_NONCE_BYTES:
            raise ValueError(f"the nonce has {MANIFEST_NONCE_BYTES} bytes, got {len(nonce)}")
        return nonce + self._manifest_cipher.encrypt(nonce, data, None)

    def open_manifest(self, sealed: bytes) -> bytes:
        """The manifest's bytes; their signature is not looked at here. Raises BadSeal."""
        nonce, body = sealed[:MANIFEST_NONCE_BYTES], sealed[MANIFEST_NONCE_BYTES:]
        if len(body) < SEAL_TAG_BYTES:
            raise BadSeal(f"{len(sealed)} bytes are no sealed manifest: ask another peer")
        try:
            return self._manifest_cipher.decrypt(nonce, body, None)
        except InvalidTag:
            raise BadSeal("the sealed manifest does not open: ask another peer") from None

    @cached_property
    def _tags(self) -> SymbolTags:
        """Made for the first symbol: who gives blocks to peers alone does without numpy."""
        from .tags import SymbolTags

        return SymbolTags(self._hash_key, self._mask_key)


def _view(data: Bytes | Octets) -> memoryview:
    return memoryview(data)  # type: ignore[arg-type]  # the stubs for 3.11 know no array's buffer


def _block_nonce(block: int) -> bytes:
    return NONCE_ZEROS + block.to_bytes(4, "big")
