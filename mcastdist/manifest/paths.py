"""May this name be made in the destination? A path type that cannot be unsafe.

A manifest comes from elsewhere and its paths become files here, on any system. So what one system
would take for something else is refused on all: a separator, a drive, a stream (`a:b`), a device
(`aux.txt`), a part that Windows would shorten (`a.`). Everything else of Unicode is a good name.

Two different names may still be one file: file systems fold case (NTFS, APFS), normalise (APFS) or
skip invisible characters (HFS+, ext4's casefold). `check_collisions` compares names as the most
forgetful of them would, which is Unicode's canonical caseless match (definition D145) without
ignorable characters.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Self

from mcastdist.errors import UnsafePath

from .limits import PART_BYTES_MAX, PATH_BYTES_MAX

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
_DEVICES = frozenset({"con", "prn", "aux", "nul", "clock$", "conin$", "conout$"}) | {
    port + digit for port in ("com", "lpt") for digit in "0123456789¹²³"
}
_SHOWN_CHARS = 120  # of an unsafe path in a sentence


class SafePath(str):
    """A relative path with `/` between its parts, safe to create on every system.

    Raises UnsafePath from its constructor; there is no other way to make one.
    """

    __slots__ = ()

    def __new__(cls, value: str) -> Self:
        fault = _path_fault(value)
        if fault:
            raise UnsafePath(value, f"path {shown(value)} {fault}: rename it and publish again")
        return super().__new__(cls, value)


def check_collisions(leaves: Iterable[SafePath], folders: Iterable[SafePath] = ()) -> None:
    """Refuse two paths that some file system holds for one, or a leaf that is also a folder.

    `leaves` are files and links, `folders` are directories of their own; the folders that paths
    lie in need not be named. A folder must be spelled alike wherever it occurs. Raises UnsafePath.
    """
    leaves = list(leaves)
    known = _Folders()
    for folder in folders:
        known.add(folder)
    for leaf in leaves:
        known.add(_parent(leaf))
    taken: dict[str, str] = {}
    for leaf in leaves:
        key = collision_key(leaf)
        if key in known.spelling:
            raise _collision(leaf, known.spelling[key], "the one is a file, the other a folder")
        if key in taken:
            raise _collision(leaf, taken[key], "they are one file")
        taken[key] = leaf


def collision_key(path: str) -> str:
    """What two paths share if some case-insensitive file system would hold them for one."""
    if path.isascii():
        return path.lower()
    visible = "".join(char for char in path if not _is_ignorable(char))
    folded = unicodedata.normalize("NFD", visible).casefold()
    return unicodedata.normalize("NFD", folded)


def part_fault(part: str) -> str | None:
    """Why `part` may not stand between two slashes; None if it may."""
    if part in ("", ".", ".."):
        return f"has the part {part!r}"
    if _CONTROL.search(part):
        return "has a control character"
    if "\\" in part or ":" in part:
        return "has a backslash or a colon, which Windows reads as a folder, a drive or a stream"
    if part[-1] in ". ":
        return "has a part that ends in a dot or a space, which Windows would drop"
    if part.split(".", 1)[0].rstrip(" ").casefold() in _DEVICES:
        return f"has the part {part!r}, which is a device on Windows"
    if len(part.encode()) > PART_BYTES_MAX:
        return f"has a part of more than {PART_BYTES_MAX} bytes"
    return None


def shown(text: str) -> str:
    """`text` quoted for a sentence: escaped, and no longer than one can read."""
    quoted = ascii(text) if not text.isprintable() else repr(text)
    return quoted if len(quoted) <= _SHOWN_CHARS else quoted[:_SHOWN_CHARS] + "..."


class _Folders:
    """The folders of a tree, each with the one spelling it may have."""

    def __init__(self) -> None:
        self.spelling: dict[str, str] = {}  # by collision key
        self._seen = {""}

    def add(self, folder: str) -> None:
        """Take in `folder` and all it lies in; what was seen before costs nothing."""
        while folder not in self._seen:
            self._seen.add(folder)
            other = self.spelling.setdefault(collision_key(folder), folder)
            if other != folder:
                raise _collision(folder, other, "they are one folder")
            folder = _parent(folder)


def _parent(path: str) -> str:
    return path.rpartition("/")[0]


def _collision(path: str, other: str, why: str) -> UnsafePath:
    sentence = (
        f"paths {shown(path)} and {shown(other)} collide, on some file systems {why}:"
        " rename one of them and publish again"
    )
    return UnsafePath(path, sentence)


def _path_fault(path: str) -> str | None:
    if not path:
        return "is empty"
    if path.startswith("/"):
        return "is absolute"
    try:
        path_bytes = len(path.encode())
    except UnicodeEncodeError:
        return "is not valid Unicode"
    if path_bytes > PATH_BYTES_MAX:
        return f"is longer than {PATH_BYTES_MAX} bytes"
    return next(_part_faults(path), None)


def _part_faults(path: str) -> Iterator[str]:
    for part in path.split("/"):
        fault = part_fault(part)
        if fault:
            yield fault


def _is_ignorable(char: str) -> bool:
    """Close to Unicode's Default_Ignorable_Code_Point, which Python does not know."""
    is_selector = "\ufe00" <= char <= "\ufe0f" or "\U000e0100" <= char <= "\U000e01ef"
    return is_selector or char == "\u034f" or unicodedata.category(char) == "Cf"
