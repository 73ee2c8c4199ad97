"""What shall a package hold? Files, links and empty folders, found under the paths one was given.

One PATH that is a folder becomes the package: what lies in it lies at the top of the destination.
Otherwise each PATH, file or folder, keeps its own name there. A PATH that is itself a link is
followed, as the person who named it means what it points to; links below it stay links. The order
is that of the names, folder by folder, so that equal trees make equal payloads.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mcastdist.errors import NotPermitted, StorageError, UsageError
from mcastdist.manifest import (
    FILES_MAX,
    MODE_MAX,
    PAYLOAD_BYTES_MAX,
    LinkEntry,
    SafePath,
    check_tree,
)

_KINDS = (
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISBLK, "a block device"),
    (stat.S_ISCHR, "a character device"),
)


@dataclass(frozen=True, slots=True)
class Stamp:
    """What changes when a file does."""

    device: int
    inode: int
    size: int
    mtime_ns: int

    @classmethod
    def of(cls, status: os.stat_result) -> Stamp:
        """The stamp that goes with a file's status."""
        return cls(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A regular file: where it is now, and where it will be in the destination."""

    source: str
    path: SafePath
    mode: int
    stamp: Stamp


@dataclass(slots=True)
class PackageTree:
    """All that was found, each kind in payload order."""

    files: list[FoundFile] = field(default_factory=list)
    links: list[LinkEntry] = field(default_factory=list)
    folders: list[SafePath] = field(default_factory=list)

    @property
    def payload_bytes(self) -> int:
        """What all files hold together."""
        return sum(file.stamp.size for file in self.files)


def find_tree(paths: Sequence[Path], *, out: Path) -> PackageTree:
    """Walk `paths`. Raises UsageError, UnsafePath or StorageError, naming what cannot be shipped.

    `out` is where the package will be written: it may not lie in what is published.
    """
    tree = PackageTree()
    try:
        for path in paths:
            _find(tree, path, is_only=len(paths) == 1, out=out)
    except OSError as error:
        raise in_words(error) from error
    tree.files.sort(key=lambda file: file.path.split("/"))
    tree.links.sort(key=lambda link: link.path.split("/"))
    tree.folders.sort(key=lambda folder: folder.split("/"))
    check_tree([file.path for file in tree.files], tree.links, tree.folders)
    _check_size(tree)
    return tree


def in_words(error: OSError) -> UsageError | StorageError:
    """What a failure to read means to the person who publishes."""
    if isinstance(error, FileNotFoundError):
        return UsageError(f"{error.filename} is not there: name what exists, and publish again")
    if isinstance(error, PermissionError):
        return NotPermitted(
            f"{error.filename} may not be read: change its mode, or publish as root"
        )
    return StorageError(f"{error.filename} cannot be read ({error.strerror}): look at that disk")


def _find(tree: PackageTree, path: Path, *, is_only: bool, out: Path) -> None:
    source = os.path.realpath(path)
    status = os.stat(source)
    name = os.path.basename(os.path.abspath(path))
    if not stat.S_ISDIR(status.st_mode):
        tree.files.append(_found_file(source, name, status))
        return
    if Path(os.path.realpath(out)).is_relative_to(source):
        raise UsageError(f"--out {out} lies in {path}, which is published: choose one outside")
    _find_in_folder(tree, source, "" if is_only else name)


def _find_in_folder(tree: PackageTree, source: str, path: str) -> None:
    """All below one folder; with a list of its own instead of recursion, however deep it is."""
    to_visit = [(source, path)]
    while to_visit:
        source, path = to_visit.pop()
        entries = list(_entries(source, path))
        if path and not entries:
            tree.folders.append(SafePath(path))
        for entry, entry_path in entries:
            if entry.is_dir(follow_symlinks=False):
                to_visit.append((entry.path, entry_path))
            elif entry.is_symlink():
                tree.links.append(LinkEntry(SafePath(entry_path), _target(entry)))
            else:
                status = entry.stat(follow_symlinks=False)
                tree.files.append(_found_file(entry.path, entry_path, status))


def _entries(source: str, path: str) -> Iterator[tuple[os.DirEntry[str], str]]:
    with os.scandir(source) as entries:
        for entry in entries:
            yield entry, f"{path}/{entry.name}" if path else entry.name


def _target(entry: os.DirEntry[str]) -> str:
    return os.readlink(entry.path).replace(os.sep, "/")


def _found_file(source: str, path: str, status: os.stat_result) -> FoundFile:
    for is_kind, kind in _KINDS:
        if is_kind(status.st_mode):
            raise UsageError(f"{source} is {kind}, which no package can hold: move it away")
    return FoundFile(source, SafePath(path), status.st_mode & MODE_MAX, Stamp.of(status))


def _check_size(tree: PackageTree) -> None:
    count = len(tree.files) + len(tree.links) + len(tree.folders)
    if not count:
        raise UsageError("there is nothing in the folder: name one that holds something")
    if count > FILES_MAX or tree.payload_bytes > PAYLOAD_BYTES_MAX:
        raise UsageError(
            f"{count} files with {tree.payload_bytes} bytes: one package holds at most {FILES_MAX}"
            f" with {PAYLOAD_BYTES_MAX}; publish several"
        )
