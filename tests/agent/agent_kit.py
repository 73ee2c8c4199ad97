"""What do the agent's tests share? Small signed packages, stores, and agents on the loopback."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import os
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from mcastdist.agent.api import Controller, TaskRecord
from mcastdist.agent.config import node_config
from mcastdist.agent.controller import AgentController
from mcastdist.agent.identity import Voice
from mcastdist.agent.library import Library
from mcastdist.agent.origin_server import OriginServer, start_origin
from mcastdist.agent.package import OpenPackage
from mcastdist.agent.plain import NAME_IN_MANIFEST
from mcastdist.agent.run import embedded_agent
from mcastdist.agent.runs import Run
from mcastdist.agent.settings import Settings, load
from mcastdist.ids import BootId, ContentId, Digest, Locator, NodeId, cluster_tag
from mcastdist.manifest import (
    Chunker,
    FileEntry,
    LinkEntry,
    Manifest,
    SafePath,
    SigningKey,
    content_id,
    plain_manifest,
    sign,
)
from mcastdist.node import TaskSpec
from mcastdist.store import Store, StoreLimits
from mcastdist.wire import ClusterKey, Opener, Sealer

KEY = ClusterKey(bytes(range(32)))
OTHER_KEY = ClusterKey(bytes(range(1, 33)))
CLUSTER = "test"
TAG = cluster_tag(CLUSTER)
SIGNER = SigningKey.generate(lambda count: bytes(range(count)))
STRANGER = SigningKey.generate(lambda count: bytes(range(7, count + 7)))
ALICE, BOB = NodeId(0xA11CE_00000001), NodeId(0xB0B_00000002)
NOW = 1_700_000_000.0
BLOCK = 1 << 20
CHUNK = 1 << 18
URL = "http://origin/app-1.mcd"
NO_LIMITS = StoreLimits(free_bytes_min=0)
PATIENCE_S = 20.0  # far more than anything here needs: only a failure waits so long

_addresses = itertools.count(2)
_boots = itertools.count(1)


def noise(label: str, size: int) -> bytes:
    """Bytes that look random and are the same in every run."""
    return hashlib.shake_128(label.encode()).digest(size)


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


# --- packages ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Published:
    """A package as its publisher has it."""

    manifest: Manifest
    data: bytes
    signature: bytes
    payload: bytes

    @property
    def content(self) -> ContentId:
        return content_id(self.data)

    def put(self, folder: Path) -> str:
        """Into the folder of an origin; the name of the manifest's file."""
        folder.mkdir(parents=True, exist_ok=True)
        stem = self.manifest.stem
        (folder / f"{stem}.payload").write_bytes(self.payload)
        (folder / f"{stem}.mcd.minisig").write_bytes(self.signature)
        (folder / f"{stem}.mcd").write_bytes(self.data)
        return f"{stem}.mcd"


def publish(
    files: dict[str, bytes],
    *,
    name: str = "app",
    version: str = "1",
    sequence: int = 1,
    expires: int | None = None,
    folders: Iterable[str] = (),
    links: Iterable[tuple[str, str]] = (),
    signer: SigningKey = SIGNER,
    chunk_bytes: int = CHUNK,
) -> Published:
    chunker = Chunker(chunk_bytes)
    entries = []
    for path, data in files.items():
        chunker.begin_file(len(data))
        chunker.update(data)
        entries.append(FileEntry(SafePath(path), len(data), 0o644, chunker.end_file()))
    manifest = Manifest(
        name=name,
        version=version,
        sequence=sequence,
        created=0,
        expires=expires,
        files=tuple(entries),
        chunks=chunker.finish(),
        sources=(f"{name}-{version}.payload",),
        folders=tuple(map(SafePath, folders)),
        links=tuple(LinkEntry(SafePath(path), target) for path, target in links),
    )
    data = manifest.encode()
    signature = sign(data, signer, trusted_comment="test").encode()
    return Published(manifest, data, signature, b"".join(files.values()))


def plain(data: bytes, *, name: SafePath = NAME_IN_MANIFEST) -> Published:
    """What anybody makes of a plain file."""
    chunker = Chunker(CHUNK)
    chunker.begin_file(len(data))
    chunker.update(data)
    digest = chunker.end_file()
    manifest = plain_manifest(name, len(data), Digest(digest), chunker.finish())
    return Published(manifest, manifest.encode(), b"", data)


# --- stores --------------------------------------------------------------------------------------


def make_library(
    directory: Path, *, clock: Callable[[], float] = time.monotonic, limits: StoreLimits = NO_LIMITS
) -> Library:
    return Library(Store(directory, limits), key=KEY, trusted=[SIGNER.public], clock=clock)


def admit(library: Library, published: Published, *, url: str = URL) -> OpenPackage:
    """The package, open and empty."""
    is_plain = published.manifest.kind == "file"
    return library.admit(
        published.data,
        published.signature,
        locator=Locator.of_url(url),
        urls=[url],
        sha256=published.manifest.files[0].sha256 if is_plain else None,
        precached=False,
        now=NOW,
    )


def fill(package: OpenPackage, payload: bytes, spans: Iterable[tuple[int, int]] = ()) -> None:
    """Write all of it, or these spans."""
    for start, stop in spans or [(0, len(payload))]:
        package.write(start, payload[start:stop], "test")


def held(library: Library, published: Published) -> OpenPackage:
    """The package, open and complete."""
    package = admit(library, published)
    fill(package, published.payload)
    package.holding.commit()
    assert package.holding.complete
    return package


# --- runs ---------------------------------------------------------------------------------------


def make_run(url: str = URL) -> Run:
    """A run of a package at this URL, not begun."""
    locator = Locator.of_url(url)
    spec = TaskSpec(id=locator.hex(), locator=locator, urls=(url,))
    return Run(spec, node_config(load(None, {}, []), [], http_port=0), sha256=None, precached=True)


# --- speech --------------------------------------------------------------------------------------


def make_opener(own: NodeId = ALICE, *keys: ClusterKey) -> Opener:
    return Opener(keys or (KEY,), TAG, (own, BootId(0)))


def make_voice(node: NodeId = BOB, key: ClusterKey = KEY) -> Voice:
    boot = BootId(next(_boots))
    return Voice(Sealer(key, TAG, node, boot), node, ())


# --- agents --------------------------------------------------------------------------------------


def free_port() -> int:
    """A UDP port that nobody on this machine has."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@dataclass
class Site:
    """A segment on the loopback with an origin: agents, each with an address of its own."""

    folder: Path
    origin: OriginServer
    port: int = field(default_factory=free_port)
    started: int = 0

    def settings(self, **changes: object) -> Settings:
        """Of one more agent. Keys are written with two underscores for the dot."""
        self.started += 1
        home = self.folder / f"agent{self.started}"
        home.mkdir(exist_ok=True)
        (self.folder / "cluster.key").write_text(KEY.text())
        values: dict[str, object] = {
            "cluster.id": f"test {self.port}",
            "cluster.key_file": self.folder / "cluster.key",
            "cluster.trusted_keys": f"[{SIGNER.public.line!r}]",
            "multicast.loopback": "true",
            "multicast.interfaces": '["lo"]',
            "multicast.port": self.port,
            "multicast.session_start_delay_s": 0.5,
            "multicast.datagram_bytes_max": 1_472,
            "multicast.rate_limit_bps": 200_000_000,
            "download.origin_fallback_delay_s": 1,
            "cache.dir": home / "cache",
            "cache.free_bytes_min": 0,
            "cache.bytes_max": 1 << 40,
            "election.never_on": "[]",
            "node.state_dir": home / "state",
            "node.address": f"127.77.{os.getpid() % 250}.{next(_addresses)}",
            "control.listen": "",
            "control.socket": home / "s",
        }
        values |= {key.replace("__", "."): value for key, value in changes.items()}
        return load(None, {}, [f"{key}={value}" for key, value in values.items()])

    @asynccontextmanager
    async def agent(self, **changes: object) -> AsyncIterator[AgentController]:
        async with embedded_agent(self.settings(**changes)) as agent:
            yield agent

    def publish(self, published: Published) -> str:
        """Onto the origin; its URL."""
        return f"{self.origin.url}{published.put(self.folder / 'origin')}"

    def served(self, ending: str = "") -> int:
        """The bytes that the origin served of paths that end so."""
        paths = self.origin.stats()["paths"].items()
        return sum(one["bytes"] for path, one in paths if path.endswith(ending))


@asynccontextmanager
async def open_site(folder: Path) -> AsyncIterator[Site]:
    (folder / "origin").mkdir(parents=True)
    origin = await start_origin(folder / "origin", "127.0.0.1", 0)
    try:
        yield Site(folder, origin)
    finally:
        await origin.close()


def package_named(name: str) -> Published:
    """A package of one file of 3 MiB."""
    return publish({"a": noise(name, 3 << 20)}, name=name)


async def until_held(controller: Controller, task_id: str, count: int) -> TaskRecord:
    """The task's record once so many bytes of it are here."""
    async with asyncio.timeout(PATIENCE_S):
        while (record := await controller.task(task_id)).held_bytes < count:
            await asyncio.sleep(0.02)
    return record


async def end(controller: Controller, record: TaskRecord) -> TaskRecord:
    """The task's last record."""
    async with asyncio.timeout(PATIENCE_S):
        async for now in controller.watch(record.id):
            record = now
    return record


async def until(condition: Callable[[], object]) -> None:
    """Let things happen until `condition` holds."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():
            await asyncio.sleep(0.005)
