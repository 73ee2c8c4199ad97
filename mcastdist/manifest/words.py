"""Which words may a manifest carry? Its name and version become file names, the rest stays text."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mcastdist.errors import MalformedManifest

from .limits import (
    INSTALL_WORDS_MAX,
    NAME_CHARS_MAX,
    NUMBER_MAX,
    SOURCES_MAX,
    TEXT_BYTES_MAX,
    VERSION_CHARS_MAX,
)
from .paths import shown
from .sources import check_source

_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*", re.ASCII)
_NOT_IN_WORD = re.compile(r"[^A-Za-z0-9._+-]+", re.ASCII)


def check_name(name: str) -> None:
    """Refuse a package's name that could not be part of a file name. Raises MalformedManifest."""
    _check_word("name", name, NAME_CHARS_MAX)


def check_version(version: str) -> None:
    """Refuse a version that could not be part of a file name. Raises MalformedManifest."""
    _check_word("version", version, VERSION_CHARS_MAX)


def check_number(what: str, number: int) -> None:
    """Refuse a sequence number or time that not everybody could hold. Raises MalformedManifest."""
    if not 0 <= number <= NUMBER_MAX:
        raise MalformedManifest(f"{what} {number}: take a number from 0 to {NUMBER_MAX}")


def check_sources(sources: Sequence[str]) -> None:
    """Refuse too many sources, or one that cannot be asked. Raises MalformedManifest."""
    if len(sources) > SOURCES_MAX:
        raise MalformedManifest(f"{len(sources)} sources: at most {SOURCES_MAX} are allowed")
    for source in sources:
        check_source(source)


def check_install(words: Sequence[str]) -> None:
    """Refuse an argument vector that no system call would take. Raises MalformedManifest."""
    if len(words) > INSTALL_WORDS_MAX:
        raise MalformedManifest(
            f"{len(words)} install arguments: at most {INSTALL_WORDS_MAX} are allowed"
        )
    for word in words:
        if not _is_argument(word):
            raise MalformedManifest(
                f"install argument {shown(word)}: take valid Unicode without NUL, of at most"
                f" {TEXT_BYTES_MAX} bytes"
            )


def word_from(text: str) -> str:
    """The closest that `text` comes to a package's name."""
    word = _NOT_IN_WORD.sub("-", text).lstrip("._+-")
    return word[:NAME_CHARS_MAX] or "file"


def _check_word(what: str, word: str, chars_max: int) -> None:
    if len(word) > chars_max or not _WORD.fullmatch(word):
        raise MalformedManifest(
            f"{what} {shown(word)}: take 1 to {chars_max} of A-Z a-z 0-9 . _ + -, a letter or"
            " digit first"
        )


def _is_argument(word: str) -> bool:
    try:
        return "\0" not in word and len(word.encode()) <= TEXT_BYTES_MAX
    except UnicodeEncodeError:
        return False
