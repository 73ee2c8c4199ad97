"""What lies in a package? Files, links and empty folders, and how they may lie together.

A link is kept as a link, and it must not be a way out: its target is relative and stays inside
the destination, and no path or target leads *through* a link, since `b/..` is not where it seems
to be when `b` is one. With that, the target read as text is the target the system finds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mcastdist.errors import MalformedManifest, UnsafePath
from mcastdist.ids import Digest

from .limits import MODE_MAX, PATH_BYTES_MAX, PAYLOAD_BYTES_MAX
from .paths import SafePath, check_collisions, collision_key, part_fault, shown


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A regular file: `size` bytes of the payload, with `sha256`, to be made with `mode`."""

    path: SafePath
    size: int
    mode: int
    sha256: Digest

    def __post_init__(self) -> None:
        if not 0 <= self.size <= PAYLOAD_BYTES_MAX:
            raise MalformedManifest(
                f"file {shown(self.path)} has {self.size} bytes: a package holds at most"
                f" {PAYLOAD_BYTES_MAX}"
            )
        if not 0 <= self.mode <= MODE_MAX:
            raise MalformedManifest(
                f"file {shown(self.path)} has mode {self.mode:o}: only permission bits"
                f" ({MODE_MAX:o}) are shipped"
            )


@dataclass(frozen=True, slots=True)
class LinkEntry:
    """A symbolic link to `target`, which is relative to the link's own folder."""

    path: SafePath
    target: str

    def __post_init__(self) -> None:
        fault = _target_fault(self.path, self.target)
        if fault:
            raise _bad_target(self, fault)


def check_tree(
    files: Iterable[SafePath], links: Sequence[LinkEntry], folders: Iterable[SafePath]
) -> None:
    """Refuse entries that cannot lie together in one destination. Raises UnsafePath."""
    check_collisions([*files, *(link.path for link in links)], folders)
    link_keys = {collision_key(link.path) for link in links}
    for link in links:
        if any(collision_key(passed) in link_keys for passed in _passed_by(link)):
            raise _bad_target(link, "leads through another link")


def _target_fault(path: str, target: str) -> str | None:
    if not target or target.startswith("/"):
        return "is not relative"
    try:
        if len(target.encode()) > PATH_BYTES_MAX:
            return f"is longer than {PATH_BYTES_MAX} bytes"
    except UnicodeEncodeError:
        return "is not valid Unicode"
    depth = path.count("/")
    for part in _steps(target):
        depth += -1 if part == ".." else 1
        if depth < 0:
            return "leads out of the destination"
        fault = part_fault(part) if part != ".." else None
        if fault:
            return fault
    return None


def _passed_by(link: LinkEntry) -> list[str]:
    """The paths that are walked through, not only reached, on the way to the link's target."""
    here = link.path.split("/")[:-1]
    passed = []
    for part in _steps(link.target):
        passed.append("/".join(here))
        here = here[:-1] if part == ".." else [*here, part]
    return passed


def _steps(target: str) -> list[str]:
    return [part for part in target.split("/") if part not in ("", ".")]


def _bad_target(link: LinkEntry, fault: str) -> UnsafePath:
    sentence = (
        f"link {shown(link.path)} has the target {shown(link.target)}, which {fault}:"
        " remove the link or point it inside, and publish again"
    )
    return UnsafePath(link.path, sentence)
