"""What is this datagram, which somebody captured? Its kind, its header, and what it says.

An agent has no use for this: it reads the stream in runs (`stream`), and of control only what is
for it and new (`sealing`). A capture holds datagrams of any cluster, one at a time, perhaps cut
short, perhaps twice. So nothing is remembered here but ciphers, and a header is only what it says:
a stream's was never sealed, a control datagram's is true once the message has been opened.

A service door of the room, for `cli` and `bench`.
"""

from __future__ import annotations

import functools
import struct
from collections.abc import Sequence
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from mcastdist.errors import MalformedMessage, Unauthentic
from mcastdist.ids import BootId, ClusterTag, NodeId, SessionId

from .codec import decode
from .geometry import SEAL_TAG_BYTES, STREAM_HEADER_BYTES
from .keys import ClusterKey
from .limits import (
    BLOCKS_MAX,
    CONTROL_BYTES_MAX,
    PARITY_FIRST,
    SENDERS_MAX,
    SYMBOL_BYTES_MIN,
    SYMBOLS_MAX,
    VERSION,
)
from .messages import Message
from .padding import KIND_PADDED, PADDED_HEADER
from .sealing import CONTROL_HEADER, KIND_CONTROL, counter_nonce, sender_cipher
from .stream import KIND_STREAM, PARITY_SEED_MASK, STREAM_HEADER

_CODES = {1: "B", 2: "H", 4: "I", 8: "8s"}  # by size: the header's layout stands in `stream` alone
_STREAM = struct.Struct(
    "!" + "".join(_CODES[STREAM_HEADER[name].itemsize] for name in STREAM_HEADER.names or ())
)
_SESSION_END = 16  # up to here all headers of a session are equal: version, kind, ..., session


class StreamDatagram(NamedTuple):
    """The header of a stream datagram, and how long its symbol is."""

    cluster: ClusterTag
    sender: int  # the low 32 bits of a node id
    session: SessionId
    block: int
    symbol: int
    sequence: int
    sent_us: int
    symbol_bytes: int

    @property
    def is_parity(self) -> bool:
        """True if its symbol is a parity row."""
        return self.symbol & PARITY_SEED_MASK >= PARITY_FIRST


class ControlDatagram(NamedTuple):
    """The header of a control datagram, and all of it, as far as it was captured."""

    key_id: int
    cluster: ClusterTag
    node: NodeId
    boot: BootId
    counter: int
    data: bytes
    is_whole: bool


def datagrams_in(run: bytes) -> list[bytes]:
    """One datagram as it is, or the stream datagrams that a card has joined, or has yet to cut.

    Where cards do that, a capture shows up to 64 KB as one datagram. The next one begins where the
    header's beginning comes again: those 16 bytes do not stand in sealed symbols by chance.
    """
    if run[:2] != bytes((VERSION, KIND_STREAM)) or len(run) < 2 * STREAM_HEADER_BYTES:
        return [run]
    stride = run.find(run[:_SESSION_END], STREAM_HEADER_BYTES + SYMBOL_BYTES_MIN)
    if stride < 0:
        return [run]
    return [run[start : start + stride] for start in range(0, len(run), stride)]


def dissect(head: bytes, length: int | None = None) -> StreamDatagram | ControlDatagram:
    """What the first bytes of a datagram say; `length` is the whole one's, if this is less.

    Raises Unauthentic with the cause `too_short`, `version` or `kind`, and MalformedMessage.
    """
    length = len(head) if length is None else length
    if len(head) < 2:
        raise Unauthentic("too_short", f"{length} bytes are no datagram of ours")
    version, kind = head[0], head[1]
    if version != VERSION:
        raise Unauthentic("version", f"the sender speaks version {version}, we {VERSION}")
    if kind == KIND_STREAM:
        return _stream(head, length)
    if kind == KIND_CONTROL:
        return _control(head, length)
    if kind == KIND_PADDED and len(head) >= PADDED_HEADER.size:
        within = PADDED_HEADER.unpack_from(head)[2]
        return _control(head[PADDED_HEADER.size :][:within], within)
    raise Unauthentic("kind", f"kind {kind:#04x} is neither control nor stream")


class Unsealer:
    """Opens captured control datagrams, in any order and as often as they come."""

    def __init__(self, keys: Sequence[ClusterKey]) -> None:
        """`keys`: all that may have been in use, during a rotation more than one."""
        self._keys = tuple(keys)
        self._cipher = functools.lru_cache(SENDERS_MAX)(self._make_cipher)

    def open(self, datagram: ControlDatagram) -> Message:
        """The message in it. Raises Unauthentic (`key`, `forged`) or MalformedMessage."""
        indices = [i for i, key in enumerate(self._keys) if key.key_id == datagram.key_id]
        if not indices:
            raise Unauthentic("key", f"node {datagram.node:016x} uses another cluster key")
        header, sealed = datagram.data[: CONTROL_HEADER.size], datagram.data[CONTROL_HEADER.size :]
        for index in indices:  # more than one only if two keys share their id
            cipher = self._cipher(index, datagram.node, datagram.boot)
            try:
                return decode(cipher.decrypt(counter_nonce(datagram.counter), sealed, header))
            except InvalidTag:
                continue
        raise Unauthentic("forged", f"the seal of node {datagram.node:016x} is broken")

    def _make_cipher(self, index: int, node: NodeId, boot: BootId) -> AESGCM:
        return sender_cipher(self._keys[index], node, boot)


def _stream(head: bytes, length: int) -> StreamDatagram:
    if min(len(head), length - SYMBOL_BYTES_MIN) < STREAM_HEADER_BYTES:
        raise Unauthentic("too_short", f"{length} bytes hold no stream header and symbol")
    _, _, _, cluster, sender, session, block, symbol, sequence, sent_us, _ = _STREAM.unpack_from(
        head
    )
    if block >= BLOCKS_MAX:
        raise MalformedMessage(f"block {block}: there are at most {BLOCKS_MAX}")
    if symbol >= SYMBOLS_MAX and symbol & PARITY_SEED_MASK < PARITY_FIRST:
        raise MalformedMessage(f"symbol {symbol} is neither source nor parity")
    return StreamDatagram(
        ClusterTag(cluster), sender, SessionId(session), block, symbol, sequence, sent_us,
        length - STREAM_HEADER_BYTES,
    )  # fmt: skip


def _control(head: bytes, length: int) -> ControlDatagram:
    if min(len(head), length - SEAL_TAG_BYTES) < CONTROL_HEADER.size:
        raise Unauthentic("too_short", f"{length} bytes are no control datagram")
    if length > CONTROL_BYTES_MAX:
        raise MalformedMessage(
            f"{length} bytes: a control datagram has at most {CONTROL_BYTES_MAX}"
        )
    _, _, key_id, _, cluster, node, boot, counter = CONTROL_HEADER.unpack_from(head)
    return ControlDatagram(
        key_id, ClusterTag(cluster), NodeId(node), BootId(boot), counter,
        head, len(head) == length,
    )  # fmt: skip
