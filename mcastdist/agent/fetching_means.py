"""What does every fetch need, and whom is its outcome told?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from mcastdist.errors import StorageError
from mcastdist.http_fetch import Source
from mcastdist.http_fetch.client import HttpClient
from mcastdist.ranges import RangeSet
from mcastdist.wire import ClusterKey

from .identity import Voice
from .library import Library
from .package import Landed, OpenPackage
from .peer_words import authorization


class Reports(Protocol):
    """Whom the outcome is told; called on the event loop."""

    def package_known(self, task: str, package: OpenPackage, brought_bytes: int = 0) -> None: ...
    def landed(self, task: str, blocks: RangeSet, landed: Landed, kind: str) -> None: ...
    def finished(self, task: str, request: int) -> None: ...
    def failed(
        self,
        task: str,
        request: int,
        code: str,
        sentence: str,
        *,
        permanent: bool,
        retry_after_s: float | None,
        ask_instead: Sequence[Source],
    ) -> None: ...
    def storage_error(self, task: str, error: StorageError) -> None: ...
    def wan_bytes(self, task: str, count: int) -> None: ...
    def broken(self, task: str, error: Exception) -> None: ...


@dataclass(frozen=True, slots=True)
class Means:
    """What every fetch needs. `clock` gives seconds since 1970."""

    client: HttpClient
    peers: HttpClient  # without proxies and redirects: for neighbours
    library: Library
    key: ClusterKey
    voice: Voice
    reports: Reports
    clock: Callable[[], float]

    async def from_peer(self, source: Source, path: str, *, bytes_max: int) -> bytes:
        """What a peer serves at `path`. Raises SourceError."""
        headers = {"Authorization": authorization(self.voice, "GET", path)}
        url = f"http://{source.address}{path}"
        return await self.peers.get_small(url, bytes_max=bytes_max, headers=headers)
