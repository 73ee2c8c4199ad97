"""Can a manifest, a signature or a key from elsewhere do anything but be refused?

Errors of our own tree are what hostile bytes deserve; anything else that escapes is a bug. What is
believed must hold: offsets meet, paths stay inside, and it is read the same when it is said again.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import msgpack

from mcastdist.errors import BadSignature, McastdistError
from mcastdist.manifest import (
    Chunker,
    FileEntry,
    LinkEntry,
    Manifest,
    PublicKey,
    SafePath,
    SigningKey,
    file_name_of,
    plain_manifest,
    sign,
    verify,
)

KEY = SigningKey.generate(Random(1).randbytes)
SIGNED = b"what was signed"
MANIFEST_URL = "https://origin.example/packages/tool-1.0.mcd"


def fuzz_one(data: bytes) -> None:
    """Try `data` at every place where a package from elsewhere comes in."""
    _manifest(data)
    _signature(data)
    text = data.decode("latin-1")
    _refused(lambda: PublicKey.parse(text))
    _refused(lambda: SigningKey.parse(text))
    _refused(lambda: verify(SIGNED, text, [KEY.public]))
    assert SafePath(file_name_of(text)), "a file without a name"


def seeds() -> list[bytes]:
    """Inputs that are true, for a fuzzer to spoil."""
    package = _package()
    fields = msgpack.unpackb(package.encode())
    signature = sign(SIGNED, KEY, trusted_comment="tool 1.0")
    return [
        package.encode(),
        _plain().encode(),
        msgpack.packb(fields | {"file_paths": "a/b\0a/c", "tomorrow": [1, {"a": None}]}),
        signature.encode(),
        KEY.text().encode(),
        KEY.public.text().encode(),
        MANIFEST_URL.encode(),
    ]


def _manifest(data: bytes) -> None:
    try:
        manifest = Manifest.decode(data)
    except McastdistError:
        return
    assert Manifest.decode(manifest.encode()) == manifest, "read differently when said again"
    position = 0
    for index, entry in enumerate(manifest.files):
        assert manifest.file_span(index) == (position, position + entry.size)
        position += entry.size
    chunks = manifest.chunks
    assert chunks.over(0, position) == range(chunks.count)
    assert all(chunks.digest(index) for index in range(chunks.count))
    for source in manifest.resolve_sources(MANIFEST_URL):
        assert source.startswith(("http://", "https://")), "a source that HTTP cannot ask"


def _signature(data: bytes) -> None:
    """Only what we signed may pass, whatever its untrusted comment says."""
    try:
        verify(SIGNED, data, [KEY.public])
    except BadSignature:
        return
    assert b"\ntrusted comment: tool 1.0" in data, "a signature nobody made"


def _refused(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except McastdistError:
        return True
    return False


def _package() -> Manifest:
    chunker = Chunker(1 << 16)
    files = []
    for name, size in (("bin/tool", 70_000), ("empty", 0), ("share/läs mich", 20), ("x", 3)):
        chunker.begin_file(size)
        chunker.update(bytes(size))
        files.append(FileEntry(SafePath(name), size, 0o755, chunker.end_file()))
    return Manifest(
        name="tool",
        version="1.0",
        sequence=1_700_000_000,
        created=1_700_000_000,
        expires=1_800_000_000,
        files=tuple(files),
        chunks=chunker.finish(),
        sources=("https://cdn.example/tool?x=1", "tool-1.0.payload"),
        links=(LinkEntry(SafePath("bin/t"), "tool"), LinkEntry(SafePath("l"), "share/../x")),
        folders=(SafePath("var/empty"),),
        install=("bin/tool", "--install"),
    )


def _plain() -> Manifest:
    chunker = Chunker(1 << 16)
    chunker.begin_file(5)
    chunker.update(b"plain")
    digest = chunker.end_file()
    return plain_manifest(SafePath("setup.exe"), 5, digest, chunker.finish())
