"""How large a datagram gets through? A control datagram, filled up to the size that is tried.

    version 1 | 0x50 | length of the datagram within (2 bytes) | the datagram | zeros

The filling says nothing and is not sealed; what counts is the sealed datagram within, which stays
below CONTROL_BYTES_MAX like any other (PROTOCOL.md, 11).
"""

from __future__ import annotations

import struct

from .limits import CONTROL_BYTES_MAX, VERSION
from .sealing import KIND_CONTROL

KIND_PADDED = 0x50
PADDED_HEADER = struct.Struct("!BBH")  # version, kind, length of what is within


def pad(datagram: bytes, datagram_bytes: int) -> bytes:
    """`datagram` filled up to `datagram_bytes`; longer only if it does not fit into that."""
    header = PADDED_HEADER.pack(VERSION, KIND_PADDED, len(datagram))
    return (header + datagram).ljust(datagram_bytes, b"\0")


def unpad(data: memoryview) -> memoryview:
    """The control datagram that was filled up; all of `data` if it is none such."""
    if len(data) < PADDED_HEADER.size:
        return data
    version, kind, length = PADDED_HEADER.unpack_from(data)
    within = data[PADDED_HEADER.size : PADDED_HEADER.size + length]
    fits = 2 <= length <= CONTROL_BYTES_MAX and len(within) == length
    if (version, kind) != (VERSION, KIND_PADDED) or not fits or within[1] != KIND_CONTROL:
        return data
    return within
