"""How does a complete package reach its task? Files in place, or only a last look at the whole.

The store puts everything in place (see `mcastdist.store`); what it does not know is done here: the
name of a plain file, and the digest of a plain file that is only kept, since nobody signed the
chunk table that was made for it (PROTOCOL.md, 9).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from mcastdist.errors import DigestMismatch, UnavailableError
from mcastdist.manifest import SafePath, file_name_of

from .api import TaskRequest
from .package import OpenPackage

READ_BYTES = 1 << 20


class Withdrawn(Exception):
    """Nobody wants the delivery any more; not an error of anybody's."""


def deliver(
    package: OpenPackage, dest: Path, *, file_name: SafePath, is_wanted: Callable[[], bool]
) -> None:
    """Put everything in place under `dest`; a plain file is called `file_name`.

    Raises StorageError, UnsafePath, DigestMismatch if the bytes here are damaged, and Withdrawn
    once `is_wanted` says no; what is in place by then is whole.
    """

    def progress(_done_bytes: int) -> None:
        if not is_wanted():
            raise Withdrawn

    package.holding.deliver(dest, file_name=str(file_name), progress=progress)


def hand_out(request: TaskRequest, package: OpenPackage, *, is_wanted: Callable[[], bool]) -> None:
    """Make it durable, and put it where the task wants it; see `deliver`.

    Raises UnavailableError if some of it is not here after all: a sync has failed since it came.
    """
    package.holding.commit()
    if not package.holding.complete:
        raise UnavailableError(
            f"{package.manifest.stem} is not all here any more: what the disk could not keep has "
            "to be fetched again"
        )
    if request.dest is not None:
        name = file_name_of(request.url)
        deliver(package, Path(request.dest), file_name=name, is_wanted=is_wanted)
        return
    if package.manifest.kind == "file":
        check_whole_file(package)
    package.holding.mark_precached()  # it may have come for a task that wanted the files


def check_whole_file(package: OpenPackage) -> None:
    """A plain file that stays in the store: DigestMismatch if it is not the one asked for."""
    digest = hashlib.sha256()
    size = package.manifest.payload_bytes
    for start in range(0, size, READ_BYTES):
        digest.update(package.holding.read(start, min(start + READ_BYTES, size)))
    expected = package.manifest.files[0].sha256
    if digest.digest() != expected:
        raise DigestMismatch(expected, digest.digest(), "the file that neighbours gave")
