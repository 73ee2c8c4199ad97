"""What does a manifest look like as bytes? One flat msgpack map, many things of a kind in columns.

The columns (all paths in one string with NUL between them, all sizes in one string of bytes) keep
10,000 files near a megabyte, and leave nothing in the bytes that could ask for more memory than
they take themselves: no list is longer than STRINGS_MAX, whatever a length field claims.

`mcastdist` comes first and is the format number. Readers ignore fields they do not know; what a
reader must not ignore needs a new number.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgpack
import msgspec
from msgspec import Meta, Struct

from mcastdist.errors import MalformedManifest

from .limits import (
    FORMAT,
    INSTALL_WORDS_MAX,
    MANIFEST_BYTES_MAX,
    NUMBER_MAX,
    SOURCES_MAX,
)

STRINGS_MAX = max(SOURCES_MAX, INSTALL_WORDS_MAX)
FIELDS_MAX = 64  # a map of more is none of ours, today's or tomorrow's

Number = Annotated[int, Meta(ge=0, le=NUMBER_MAX)]
Kind = Literal["package", "file"]


class Form(Struct, frozen=True, kw_only=True):
    """The fields as they are written, in this order."""

    mcastdist: int = FORMAT
    kind: Kind
    name: str
    version: str
    sequence: Number
    created: Number
    expires: Number | None
    file_paths: str
    file_sizes: bytes  # u64 each
    file_modes: bytes  # u16 each
    file_digests: bytes  # SHA-256 each
    link_paths: str
    link_targets: str
    folders: str
    chunk_sizes: bytes  # u32 each
    chunk_digests: bytes  # SHA-256 each
    sources: Annotated[list[str], Meta(max_length=SOURCES_MAX)]
    install: Annotated[list[str], Meta(max_length=INSTALL_WORDS_MAX)]


def write_form(form: Form) -> bytes:
    """The bytes that are signed and hashed: equal forms give equal bytes."""
    fields: dict[str, object] = msgspec.structs.asdict(form)
    data: bytes = msgpack.packb(fields)
    if len(data) > MANIFEST_BYTES_MAX:
        raise MalformedManifest(
            f"the manifest would have {len(data)} bytes: at most {MANIFEST_BYTES_MAX} are"
            " allowed; make several packages of it"
        )
    return data


def read_form(data: bytes) -> Form:
    """Refuse all that is no manifest of ours. Raises MalformedManifest."""
    if len(data) > MANIFEST_BYTES_MAX:
        raise MalformedManifest(
            f"{len(data)} bytes are too many for a manifest: at most {MANIFEST_BYTES_MAX}"
        )
    fields = _unpack(data)
    if not isinstance(fields, dict) or "mcastdist" not in fields:
        raise MalformedManifest("these bytes are no mcastdist manifest: is the URL right?")
    _check_format(fields["mcastdist"])
    try:
        return msgspec.convert(fields, Form)
    except msgspec.ValidationError as error:
        raise MalformedManifest(f"the manifest is damaged: {error}") from error


def _unpack(data: bytes) -> object:
    try:
        fields: object = msgpack.unpackb(
            data,
            raw=False,
            strict_map_key=True,
            max_array_len=STRINGS_MAX,
            max_map_len=FIELDS_MAX,
            max_str_len=len(data),
            max_bin_len=len(data),
            max_ext_len=0,
        )
    except (ValueError, TypeError, RecursionError) as error:
        # msgpack's own errors are ValueErrors; their texts speak of its internals.
        raise MalformedManifest("these bytes are no manifest, or only a part of one") from error
    return fields


def _check_format(number: object) -> None:
    if type(number) is not int or number < 1:
        raise MalformedManifest(f"the manifest's format is {number!r:.40}, which is no number")
    if number > FORMAT:
        raise MalformedManifest(
            f"the manifest has format {number} and this mcastdist reads up to {FORMAT}: update it"
        )
