"""How is the stream laid out, and how are many datagrams read at once? (PROTOCOL.md, 3.2)

The stream moves hundreds of megabytes a second, so nothing here looks at one datagram: a receive
call brings a run of datagrams of one length (`stride`), and a run costs a handful of numpy calls
whatever its number. Headers and payloads are views, nothing is copied.

    |<---------------- stride ---------------->|<---------------- stride ---------------->|
    | header 40 | payload                      | header 40 | payload                      | ...
"""

from __future__ import annotations

from typing import cast

import numpy as np
import numpy.typing as npt

from mcastdist.errors import MalformedMessage
from mcastdist.ids import ClusterTag, NodeId, SessionId

from .geometry import STREAM_HEADER_BYTES, Geometry
from .limits import PARITY_FIRST, SYMBOL_BYTES_MIN, VERSION
from .tags import Octets

KIND_STREAM = 0x53
PARITY_SEED_MASK = 0x0FFF_FFFF  # the lower 28 bits of a symbol id; the upper four choose a density

STREAM_HEADER = np.dtype(
    [
        ("version", "u1"),
        ("kind", "u1"),
        ("reserved", ">u2"),
        ("cluster", ">u4"),
        ("sender", ">u4"),
        ("session", ">u4"),
        ("block", ">u4"),
        ("symbol", ">u4"),
        ("sequence", ">u4"),
        ("sent_us", ">u4"),
        ("tag", "u1", (8,)),
    ]
)
assert STREAM_HEADER.itemsize == STREAM_HEADER_BYTES

Headers = npt.NDArray[np.void]
Mask = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.uint32]


def make_headers(
    *,
    cluster: ClusterTag,
    sender: NodeId,
    session: SessionId,
    block: int,
    symbols: npt.ArrayLike,
    sequence: int,
    sent_us: int,
    tags: Octets,
) -> Headers:
    """The headers of a burst of one block: (n,) of STREAM_HEADER, for n symbol ids and (n, 8) tags.

    `sequence` is the first datagram's, the others count on; it and `sent_us` (microseconds) are
    taken modulo 2**32.
    """
    headers = np.zeros(len(tags), STREAM_HEADER)
    headers["version"] = VERSION
    headers["kind"] = KIND_STREAM
    headers["cluster"] = cluster
    headers["sender"] = sender & 0xFFFF_FFFF
    headers["session"] = session
    headers["block"] = block
    headers["symbol"] = symbols
    headers["sequence"] = (np.arange(len(tags)) + sequence) & 0xFFFF_FFFF
    headers["sent_us"] = sent_us & 0xFFFF_FFFF
    headers["tag"] = tags
    return headers


def parse(datagrams: memoryview | bytes, stride: int) -> tuple[Headers, Octets]:
    """The headers (n,) and payloads (n, stride - 40) of a run of datagrams, as views.

    The last datagram of a coalesced receive may be shorter than the others; it is not among the n:
    parse `tail(...)` with its own length. Raises MalformedMessage if `stride` is too short for a
    header and a symbol. The headers may say anything: see `valid` and `known`.
    """
    if stride < STREAM_HEADER_BYTES + SYMBOL_BYTES_MIN:
        raise MalformedMessage(f"{stride} bytes are too short for a stream datagram")
    count = len(datagrams) // stride
    headers = np.ndarray((count,), STREAM_HEADER, datagrams, strides=(stride,))
    payloads: Octets = np.ndarray(
        (count, stride - STREAM_HEADER_BYTES), np.uint8, datagrams,
        offset=STREAM_HEADER_BYTES if count else 0, strides=(stride, 1),
    )  # fmt: skip
    return headers, payloads


def tail(datagrams: memoryview, stride: int) -> memoryview:
    """The shorter last datagram of a run, or nothing."""
    return datagrams[len(datagrams) - len(datagrams) % stride :]


def split(sealed: bytes | bytearray | memoryview, symbol_bytes: int) -> Octets:
    """A sealed block as its symbols: a new (K, S) array, zero padded."""
    count = -(-len(sealed) // symbol_bytes)
    symbols = np.empty((count, symbol_bytes), np.uint8)
    flat = symbols.reshape(-1)
    flat[: len(sealed)] = np.frombuffer(sealed, np.uint8)
    flat[len(sealed) :] = 0
    return symbols


def valid(headers: Headers, *, cluster: ClusterTag, session: SessionId) -> Mask:
    """Which headers speak our version, and of this session of this cluster."""
    return cast(
        Mask,
        (headers["version"] == VERSION)
        & (headers["kind"] == KIND_STREAM)
        & (headers["cluster"] == cluster)
        & (headers["session"] == session),
    )


def known(headers: Headers, geometry: Geometry) -> Mask:
    """Which headers name a block that exists, and a symbol that it can have."""
    if not geometry.block_count:
        return np.zeros(len(headers), np.bool_)
    last = geometry.block_count - 1
    blocks, symbols = headers["block"], headers["symbol"]
    symbol_count = np.where(blocks == last, geometry.symbols(last), geometry.symbols(0))
    named = (symbols < symbol_count) | is_parity(symbols)
    return (blocks <= last) & named


def is_parity(symbols: Numbers) -> Mask:
    """Which symbol ids are parity rows; the others are source symbols, or malformed."""
    return (symbols & PARITY_SEED_MASK) >= PARITY_FIRST
