"""What was served, of which path, to whom? Bytes count when they were handed to the network."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TypedDict


class PathStats(TypedDict):
    """What was served of one path: bytes of the body, and requests for them."""

    bytes: int
    requests: int


class Stats(TypedDict):
    """The same of all paths together, and of each."""

    bytes: int
    requests: int
    paths: dict[str, PathStats]


class Answer(TypedDict):
    """One request, for the log: `bytes` were handed to the network, starting at `first`."""

    time: float  # seconds since 1970
    client: str
    path: str
    status: int
    first: int
    bytes: int


Log = Callable[[Answer], None]


class OriginFigures:
    """The counts of one origin, by path; paths begin with a slash."""

    def __init__(self) -> None:
        self._bytes: Counter[str] = Counter()
        self._requests: Counter[str] = Counter()

    def requested(self, path: str) -> None:
        """A body of this path is about to be sent."""
        self._requests[path] += 1

    def sent(self, path: str, byte_count: int) -> None:
        """So many more bytes of it went out."""
        self._bytes[path] += byte_count

    def bytes_of(self, path: str) -> int:
        """How many bytes of this path went out."""
        return self._bytes[path]

    def stats(self) -> Stats:
        """What was served, in all and by path."""
        paths: dict[str, PathStats] = {
            path: {"bytes": self._bytes[path], "requests": count}
            for path, count in sorted(self._requests.items())
        }
        return {
            "bytes": self._bytes.total(),
            "requests": self._requests.total(),
            "paths": paths,
        }
