"""How does a package come to lie on an origin? Payload, signature, manifest: whole, in this order.

Everything is written under temporary names beside its place, made durable, and only then renamed,
the manifest last: an agent that finds a manifest finds what it promises. The payload streams
through once; files and chunks are hashed on the way.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from io import FileIO
from pathlib import Path
from typing import BinaryIO

from mcastdist.errors import NoSpace, NotPermitted, StorageError, UsageError
from mcastdist.manifest import (
    Chunker,
    FileEntry,
    Manifest,
    SigningKey,
    chunk_bytes_max,
    sign,
)

from .package_tree import FoundFile, PackageTree, Stamp, in_words

_READ_BYTES = 1 << 20  # as large as the largest chunk; more brings no speed
_OPEN_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)  # a file that has become a link since is not read
    | getattr(os, "O_NONBLOCK", 0)  # a file that has become a pipe since is not waited for
    | getattr(os, "O_BINARY", 0)
)

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Published:
    """The three files, and what they hold."""

    manifest: Manifest
    manifest_bytes: bytes
    manifest_file: Path
    signature_file: Path
    payload_file: Path


def write_package(
    tree: PackageTree,
    draft: Manifest,
    key: SigningKey,
    *,
    out: Path,
    comment: str,
    progress: Progress,
) -> Published:
    """Publish `tree` under the words of `draft`, a manifest that has no files yet.

    Raises UsageError if that version is published already or a file changes under our hands,
    StorageError if the disk says no. Then nothing has been published and nothing is left over.
    """
    names = [out / (draft.stem + end) for end in (".payload", ".mcd.minisig", ".mcd")]
    try:
        out.mkdir(parents=True, exist_ok=True)
        _check_room(tree, out, names[-1])
        with _Batch(names) as batch:
            with batch.open(names[0]) as payload:
                manifest = _write_payload(tree, draft, payload, progress)
            data = manifest.encode()
            signature = sign(data, key, trusted_comment=comment)
            batch.write(names[1], signature.encode())
            batch.write(names[2], data)
            batch.publish()
    except OSError as error:
        raise _out_in_words(error, tree, out) from error
    return Published(manifest, data, names[2], names[1], names[0])


class _Batch:
    """Files that get their names together, in the order given; or leave nothing behind."""

    def __init__(self, names: list[Path]) -> None:
        token = secrets.token_hex(4)  # two publishers at once must not write into one file
        self._temporary = {name: name.with_name(f".{name.name}.{token}.part") for name in names}

    def __enter__(self) -> _Batch:
        return self

    def __exit__(self, *_: object) -> None:
        for temporary in self._temporary.values():
            with suppress(FileNotFoundError):
                temporary.unlink()

    def open(self, name: Path) -> BinaryIO:
        """The file that will be `name`, to be written once."""
        return open(self._temporary[name], "xb")

    def write(self, name: Path, data: bytes) -> None:
        """The whole contents of the file that will be `name`."""
        with self.open(name) as file:
            file.write(data)
            _make_durable(file)

    def publish(self) -> None:
        """Give all files their names, and make that durable too."""
        for name, temporary in self._temporary.items():
            temporary.replace(name)
            _sync_folder(name.parent)


def _write_payload(
    tree: PackageTree, draft: Manifest, payload: BinaryIO, progress: Progress
) -> Manifest:
    chunker = Chunker(chunk_bytes_max(tree.payload_bytes))
    buffer = memoryview(bytearray(_READ_BYTES))
    entries = [_write_file(file, chunker, payload, buffer, progress) for file in tree.files]
    _make_durable(payload)
    return replace(
        draft,
        files=tuple(entries),
        links=tuple(tree.links),
        folders=tuple(tree.folders),
        chunks=chunker.finish(),
    )


def _write_file(
    file: FoundFile, chunker: Chunker, payload: BinaryIO, buffer: memoryview, progress: Progress
) -> FileEntry:
    size = file.stamp.size
    chunker.begin_file(size)
    with _open_unchanged(file) as source:
        left = size
        while left and (count := _read(source, file, buffer[:left])):
            chunker.update(buffer[:count])
            payload.write(buffer[:count])
            progress(count)
            left -= count
        if left or Stamp.of(os.fstat(source.fileno())) != file.stamp:
            raise _changed(file)
    return FileEntry(file.path, size, file.mode, chunker.end_file())


def _open_unchanged(file: FoundFile) -> FileIO:
    try:
        source = FileIO(file.source, opener=lambda path, _: os.open(path, _OPEN_FLAGS))
    except OSError as error:
        is_gone = error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.EISDIR)
        raise (_changed(file) if is_gone else in_words(error)) from error
    if Stamp.of(os.fstat(source.fileno())) != file.stamp:
        source.close()
        raise _changed(file)
    return source


def _read(source: FileIO, file: FoundFile, buffer: memoryview) -> int:
    try:
        return source.readinto(buffer) or 0
    except OSError as error:
        error.filename = file.source
        raise in_words(error) from error


def _changed(file: FoundFile) -> UsageError:
    return UsageError(
        f"{file.source} changed while it was published: publish again when nobody writes to it"
    )


def _check_room(tree: PackageTree, out: Path, manifest_file: Path) -> None:
    if manifest_file.exists():
        raise UsageError(
            f"{manifest_file} is published already, and agents may be fetching it: raise --version,"
            " or remove its files first"
        )
    free_bytes = shutil.disk_usage(out).free
    if free_bytes < tree.payload_bytes:
        raise _no_space(tree.payload_bytes, free_bytes, out)


def _no_space(needed_bytes: int, free_bytes: int, out: Path) -> NoSpace:
    sentence = (
        f"{out} has {free_bytes} bytes free and the package needs {needed_bytes}: make room, or"
        " choose another --out"
    )
    return NoSpace(needed_bytes, free_bytes, sentence)


def _out_in_words(error: OSError, tree: PackageTree, out: Path) -> UsageError | StorageError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return _no_space(tree.payload_bytes, shutil.disk_usage(out).free, out)
    if isinstance(error, FileExistsError | NotADirectoryError):
        return UsageError(f"--out {out} is no folder: choose another")
    if isinstance(error, PermissionError) or error.errno == errno.EROFS:
        return NotPermitted(f"{out} may not be written: choose another --out, or change its mode")
    return StorageError(f"{out} cannot be written ({error.strerror}): look at that disk")


def _make_durable(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Make a rename durable, where folders can be opened (not on Windows)."""
    with suppress(PermissionError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
