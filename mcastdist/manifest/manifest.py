"""What is this package? Its name, its files, its chunks, and where they can be had.

A Manifest that exists is true: each invariant is checked where it is built, by the publisher as by
the receiver of foreign bytes. The payload is virtual: the files one after another, in the order
they are listed. The content id is the hash of the bytes as they came, never of bytes made again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

from mcastdist.errors import MalformedManifest
from mcastdist.ids import ContentId, Digest

from .chunks import ChunkTable
from .columns import (
    join_strings,
    pack_numbers,
    split_strings,
    unpack_files,
    unpack_links,
    unpack_numbers,
)
from .entries import FileEntry, LinkEntry, check_tree
from .form import Form, Kind, read_form, write_form
from .limits import FILES_MAX, PAYLOAD_BYTES_MAX
from .paths import SafePath
from .sources import resolve_source
from .spans import Spans
from .words import (
    check_install,
    check_name,
    check_number,
    check_sources,
    check_version,
    word_from,
)

_PLAIN_MODE = 0o644
_PLAIN_VERSION_DIGITS = 16


def content_id(data: bytes) -> ContentId:
    """The id of the package whose manifest has these bytes."""
    return ContentId(hashlib.sha256(data).digest())


@dataclass(frozen=True)
class Manifest:
    """A package. Raises MalformedManifest or UnsafePath if it could not be true.

    `created` and `expires` are seconds since 1970 (UTC); `expires` None means never. `sequence`
    rises with each publication of the same name. `folders` are those that would be empty. `sources`
    are URLs of the payload, relative ones to the manifest's own; `install` is an argument vector.
    """

    name: str
    version: str
    sequence: int
    created: int
    expires: int | None
    files: tuple[FileEntry, ...]
    chunks: ChunkTable
    sources: tuple[str, ...]
    links: tuple[LinkEntry, ...] = ()
    folders: tuple[SafePath, ...] = ()
    install: tuple[str, ...] = ()
    kind: Kind = "package"

    def __post_init__(self) -> None:
        check_name(self.name)
        check_version(self.version)
        check_number("sequence", self.sequence)
        check_number("creation time", self.created)
        check_number("expiry", self.expires or 0)
        check_sources(self.sources)
        check_install(self.install)
        _check_counts(self)
        _check_cuts(self.chunks, self._file_spans)
        check_tree([entry.path for entry in self.files], self.links, self.folders)
        if self.kind == "file":
            _check_plain(self)

    @property
    def stem(self) -> str:
        """Name and version: published are `stem`.mcd, `stem`.mcd.minisig and `stem`.payload."""
        return f"{self.name}-{self.version}"

    @property
    def payload_bytes(self) -> int:
        """What all files hold together."""
        return self._file_spans.total

    def file_span(self, index: int) -> tuple[int, int]:
        """Where file `index` lies in the payload, `(start, stop)`. Raises IndexError."""
        return self._file_spans.span(index)

    def is_expired(self, now: float) -> bool:
        """True if the publisher wants no more use of it at `now` (seconds since 1970)."""
        return self.expires is not None and now >= self.expires

    def promises_file(self, sha256: bytes) -> bool:
        """True if this is the plain manifest of one file with that digest, and of nothing else."""
        return self.kind == "file" and self.files[0].sha256 == sha256

    def resolve_sources(self, manifest_url: str) -> list[str]:
        """URLs of the payload, in the publisher's order, for a manifest had from `manifest_url`."""
        return [resolve_source(source, manifest_url) for source in self.sources]

    def encode(self) -> bytes:
        """The manifest as bytes, to be signed, hashed and kept."""
        return write_form(_to_form(self))

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """A manifest from foreign bytes. Raises MalformedManifest or UnsafePath."""
        form = read_form(data)
        return cls(
            name=form.name,
            version=form.version,
            sequence=form.sequence,
            created=form.created,
            expires=form.expires,
            files=unpack_files(
                form.file_paths, form.file_sizes, form.file_modes, form.file_digests
            ),
            chunks=ChunkTable(unpack_numbers("I", form.chunk_sizes), form.chunk_digests),
            sources=tuple(form.sources),
            links=unpack_links(form.link_paths, form.link_targets),
            folders=tuple(map(SafePath, split_strings(form.folders))),
            install=tuple(form.install),
            kind=form.kind,
        )

    @cached_property
    def _file_spans(self) -> Spans:
        return Spans(entry.size for entry in self.files)


def plain_manifest(
    name: SafePath, size: int, sha256: Digest, chunks: ChunkTable, sources: Sequence[str] = ()
) -> Manifest:
    """The manifest nobody signed, of one file that a URL and its digest name.

    Equal arguments give equal bytes, hence one content id. Two nodes that made it of the same
    file under the same name hold the same content, if they put in no sources or the same.
    """
    return Manifest(
        name=word_from(name.rpartition("/")[2]),
        version=sha256.hex()[:_PLAIN_VERSION_DIGITS],
        sequence=0,
        created=0,
        expires=None,
        files=(FileEntry(name, size, _PLAIN_MODE, sha256),),
        chunks=chunks,
        sources=tuple(sources),
        kind="file",
    )


def _check_counts(manifest: Manifest) -> None:
    entry_count = len(manifest.files) + len(manifest.links) + len(manifest.folders)
    if entry_count > FILES_MAX:
        raise MalformedManifest(
            f"{entry_count} files, links and folders: at most {FILES_MAX} fit one package; make"
            " several of it"
        )
    if manifest.payload_bytes > PAYLOAD_BYTES_MAX:
        raise MalformedManifest(
            f"{manifest.payload_bytes} bytes: at most {PAYLOAD_BYTES_MAX} fit one package; make"
            " several of it"
        )
    if manifest.chunks.payload_bytes != manifest.payload_bytes:
        raise MalformedManifest(
            f"the files have {manifest.payload_bytes} bytes and the chunks"
            f" {manifest.chunks.payload_bytes}: the manifest is damaged"
        )


def _check_cuts(chunks: ChunkTable, files: Spans) -> None:
    """A chunk is whole files or lies in one: what a chunk's loss costs is then easy to say."""
    for index in range(chunks.count):
        start, stop = chunks.span(index)
        is_whole = files.has_edge(start) and files.has_edge(stop)
        if not is_whole and files.index_at(start) != files.index_at(stop - 1):
            raise MalformedManifest(f"chunk {index} ends inside a file and begins in another")


def _check_plain(manifest: Manifest) -> None:
    if len(manifest.files) != 1 or manifest.links or manifest.folders or manifest.install:
        raise MalformedManifest("the manifest of a plain file has one file and nothing else")


def _to_form(manifest: Manifest) -> Form:
    files, links, chunks = manifest.files, manifest.links, manifest.chunks
    return Form(
        kind=manifest.kind,
        name=manifest.name,
        version=manifest.version,
        sequence=manifest.sequence,
        created=manifest.created,
        expires=manifest.expires,
        file_paths=join_strings(entry.path for entry in files),
        file_sizes=pack_numbers("Q", [entry.size for entry in files]),
        file_modes=pack_numbers("H", [entry.mode for entry in files]),
        file_digests=b"".join(entry.sha256 for entry in files),
        link_paths=join_strings(link.path for link in links),
        link_targets=join_strings(link.target for link in links),
        folders=join_strings(manifest.folders),
        chunk_sizes=pack_numbers("I", chunks.sizes),
        chunk_digests=chunks.digests,
        sources=list(manifest.sources),
        install=list(manifest.install),
    )
