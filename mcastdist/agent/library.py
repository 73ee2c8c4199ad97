"""Which packages does this machine know and hold?

All methods but `opened` block on the disk: call them from a worker thread. A package stays open
while it is used, and for a while after. Whose word is taken is decided in `trust`.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from threading import Lock
from weakref import WeakValueDictionary

from mcastdist.errors import ContentError, UsageError
from mcastdist.ids import ContentId, Locator
from mcastdist.manifest import Manifest, PublicKey, check_fresh, content_id
from mcastdist.store import Holding, Staged, Store
from mcastdist.wire import BlockSeal, ClusterKey

from .manifest_table import ManifestTable
from .package import OpenPackage, shown_name
from .trust import Trust

LOOKED_AT = 0.0  # in place of the moment of a use: who only looks keeps nothing from ageing


class Library:
    """The packages of one store, opened on demand."""

    def __init__(
        self,
        store: Store,
        *,
        key: ClusterKey,
        trusted: Sequence[PublicKey] | None,
        revoked: Collection[str] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`trusted` None: whatever is in the store is looked after, and nothing is given out."""
        self.store = store
        self._key = key
        self._trust = Trust(trusted, store.highest_sequence, revoked=revoked)
        self._clock = clock
        self._open: dict[ContentId, OpenPackage] = {}
        # Held during I/O: never waited for on the loop. Kept while somebody holds or awaits them:
        # a member that asks for a million packages leaves none here.
        self._turns: WeakValueDictionary[ContentId, Lock] = WeakValueDictionary()
        self._taking_turns = Lock()

    # What is here

    def opened(self, content: ContentId) -> OpenPackage | None:
        """A package if it is open already; does not touch the disk."""
        package = self._open.get(content)
        if package is not None:
            package.used_at = self._clock()
        return package

    def known(self, locator: Locator, *, now: float) -> OpenPackage | None:
        """What the store knows of this locator already: no network needed to ask.

        None if it knows nothing, or nothing that may still be used: the network may have better.
        """
        content = self.store.lookup(locator)
        if content is None:
            return None
        try:
            package = self.get(content, now=now)
            if package is not None:
                self._trust.check_fresh(package.manifest, now=now)
        except ContentError:
            return None
        return package

    def get(self, content: ContentId, *, now: float, stale_ok: bool = False) -> OpenPackage | None:
        """A package in the store by its content id, or None.

        Raises StalePackage once it has expired, and BadSignature if the key that signed it is
        trusted no more.
        """
        with self._turn(content):
            package = self.opened(content) or self._open_from_store(content, now)
        if package is not None and not stale_ok:
            check_fresh(package.manifest, now=now, sequence_seen=0)
        return package

    @contextlib.contextmanager
    def lent(self, content: ContentId, *, now: float) -> Iterator[OpenPackage | None]:
        """As `get`, of any age; its files stay open until the borrower is done, whoever closes."""
        with contextlib.ExitStack() as stack:
            with self._turn(content):
                package = self.opened(content) or self._open_from_store(content, now)
                if package is not None:
                    table = ManifestTable(package.manifest)
                    if own := self.store.open_holding(content, table, now=LOOKED_AT):
                        stack.callback(own.close)
            yield package

    # What comes in

    def admit(
        self,
        manifest_bytes: bytes,
        signature: bytes,
        *,
        locator: Locator,
        urls: Sequence[str],
        sha256: bytes | None,
        precached: bool,
        now: float,
    ) -> OpenPackage:
        """A manifest that came from the network: check it and open the package in the store.

        Raises ContentError if it is not to be trusted, StorageError if there is no room.
        """
        manifest = self._trust.check(manifest_bytes, signature, sha256=sha256, now=now)
        content = content_id(manifest_bytes)
        with self._turn(content):
            package = self.opened(content)
            if package is None:
                holding = self.store.begin(
                    content,
                    ManifestTable(manifest),
                    manifest_bytes,
                    signature,
                    name=shown_name(manifest, urls),
                    version=manifest.version,
                    sequence=manifest.sequence,
                    precached=precached,
                    now=now,
                )
                package = self._opened(manifest, (manifest_bytes, signature), holding)
            elif precached:
                package.holding.mark_precached()
            if manifest.kind == "package":
                self.store.note_sequence(manifest.name, manifest.sequence)
            self.store.bind(locator, content)
        return package

    def adopt(
        self,
        staged: Staged,
        manifest: Manifest,
        *,
        locator: Locator,
        urls: Sequence[str],
        precached: bool,
        now: float,
    ) -> OpenPackage:
        """A plain file that was downloaded whole, and the manifest made of it."""
        data = manifest.encode()
        content = content_id(data)
        with self._turn(content):
            holding = self.store.adopt(
                staged,
                content,
                ManifestTable(manifest),
                data,
                name=shown_name(manifest, urls),
                version=manifest.version,
                sequence=manifest.sequence,
                precached=precached,
                now=now,
            )
            self.store.bind(locator, content)
            package = self.opened(content)
            if package is not None:  # somebody asked for it meanwhile: one opening is enough
                holding.close()
                return package
            return self._opened(manifest, (data, b""), holding)

    # What goes

    def close(self, content: ContentId) -> None:
        """Let go of a package; the store may evict it from now on."""
        with self._turn(content):
            self._close(content)

    def close_idle(self, used: Collection[ContentId], *, idle_s: float) -> list[ContentId]:
        """Let go of what is not `used` and nobody asked for lately; what that was."""
        idle = []
        for content in [one for one in list(self._open) if one not in used]:
            with self._turn(content):
                package = self._open.get(content)
                if package is not None and package.used_at <= self._clock() - idle_s:
                    self._close(content)
                    idle.append(content)
        return idle

    def discard(self, content: ContentId) -> None:
        """Throw a package away: what it promises is not what was asked for, or somebody says so.

        UsageError if it is in use, or was wanted by others while they were waited for.
        """
        asked_at = self._clock()
        with self._turn(content):
            package = self._open.get(content)
            if package is not None and package.used_at > asked_at:
                raise UsageError(f"package {content.short} has just come into use: try again later")
            self._close(content)
            self.store.remove(content)

    def close_all(self) -> None:
        """Let go of everything, and of the store."""
        for content in list(self._open):
            self.close(content)
        self.store.close()

    # Within

    def _turn(self, content: ContentId) -> Lock:
        """Who opens or closes this package takes turns; others are not waited for."""
        with self._taking_turns:
            return self._turns.setdefault(content, Lock())

    def _open_from_store(self, content: ContentId, now: float) -> OpenPackage | None:
        stored = self.store.manifest(content)
        if stored is None:
            return None
        manifest = self._trust.check_again(*stored)
        holding = self.store.open_holding(content, ManifestTable(manifest), now=now)
        return None if holding is None else self._opened(manifest, stored, holding)

    def _opened(
        self, manifest: Manifest, stored: tuple[bytes, bytes], holding: Holding
    ) -> OpenPackage:
        content = holding.content
        package = OpenPackage(
            content=content,
            manifest=manifest,
            manifest_bytes=stored[0],
            signature=stored[1],
            holding=holding,
            seal=BlockSeal(self._key, content),
            used_at=self._clock(),
        )
        self._open[content] = package
        return package

    def _close(self, content: ContentId) -> None:
        package = self._open.pop(content, None)
        if package is not None:
            package.holding.close()
