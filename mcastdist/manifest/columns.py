"""How do many things of a kind become one string? Columns, and the entries that stand in them."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from typing import Literal

from mcastdist.errors import MalformedManifest
from mcastdist.ids import DIGEST_BYTES, Digest

from .entries import FileEntry, LinkEntry
from .limits import CHUNKS_MAX, FILES_MAX
from .paths import SafePath

Width = Literal["H", "I", "Q"]  # struct's unsigned 16, 32 and 64 bits; always big-endian
_NUMBERS_MAX = max(FILES_MAX, CHUNKS_MAX)  # no column has more, whatever it is of
_SEPARATOR = "\0"  # cannot stand in a path or a link's target


def join_strings(strings: Iterable[str]) -> str:
    """Non-empty strings without NUL as one column."""
    return _SEPARATOR.join(strings)


def split_strings(column: str) -> list[str]:
    """The inverse of `join_strings`. Raises MalformedManifest if there are absurdly many."""
    count = column.count(_SEPARATOR) + 1
    if count > FILES_MAX:
        raise MalformedManifest(f"{count} files: at most {FILES_MAX} are allowed")
    return column.split(_SEPARATOR) if column else []


def pack_numbers(width: Width, numbers: Sequence[int]) -> bytes:
    """Numbers that fit `width` as one column."""
    return struct.pack(f">{len(numbers)}{width}", *numbers)


def unpack_numbers(width: Width, column: bytes) -> tuple[int, ...]:
    """The inverse of `pack_numbers`. Raises MalformedManifest, also if there are absurdly many.

    Two bytes of a column become some forty of Python's, so they are counted first.
    """
    count, rest = divmod(len(column), struct.calcsize(f">{width}"))
    if rest:
        raise MalformedManifest(f"the manifest is damaged: a column of {len(column)} bytes")
    if count > _NUMBERS_MAX:
        raise MalformedManifest(f"{count} numbers in a column: at most {_NUMBERS_MAX} are allowed")
    return struct.unpack(f">{count}{width}", column)


def unpack_files(
    path_column: str, size_column: bytes, mode_column: bytes, digest_column: bytes
) -> tuple[FileEntry, ...]:
    """The files of four columns. Raises MalformedManifest or UnsafePath."""
    paths = split_strings(path_column)
    sizes, modes = unpack_numbers("Q", size_column), unpack_numbers("H", mode_column)
    if not len(paths) == len(sizes) == len(modes) == len(digest_column) / DIGEST_BYTES:
        raise MalformedManifest(
            f"the manifest is damaged: {len(paths)} paths, {len(sizes)} sizes, {len(modes)} modes"
            f" and {len(digest_column)} bytes of digests"
        )
    starts = range(0, len(digest_column), DIGEST_BYTES)
    return tuple(
        FileEntry(SafePath(path), size, mode, Digest(digest_column[start : start + DIGEST_BYTES]))
        for path, size, mode, start in zip(paths, sizes, modes, starts, strict=True)
    )


def unpack_links(path_column: str, target_column: str) -> tuple[LinkEntry, ...]:
    """The links of two columns. Raises MalformedManifest or UnsafePath."""
    paths, targets = split_strings(path_column), split_strings(target_column)
    if len(paths) != len(targets):
        raise MalformedManifest(
            f"the manifest is damaged: {len(paths)} links and {len(targets)} targets"
        )
    return tuple(
        LinkEntry(SafePath(path), target) for path, target in zip(paths, targets, strict=True)
    )
