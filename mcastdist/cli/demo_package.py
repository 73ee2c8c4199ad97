"""What does the demo distribute? A file or folder that was given, or files of this very Python.

The package is published by the two commands that a packager types.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mcastdist.errors import NoSpace, UnavailableError, UsageError

from .demo_actor import clean_environ
from .demo_child import child_command
from .package_tree import in_words

PACKAGE_BYTES = 80 << 20  # seconds of stream at the demo's rate
LIBRARY_FILES_MAX = 600  # small files: every one is synced to disk at every agent
LARGE_FILES_MAX = 100
COPIES_FIXED = 2  # the source and the origin's payload
COPIES_EACH = 2  # an agent's store and what it delivers
SPARE_BYTES = 64 << 20  # journals, logs, and what else a disk needs


@dataclass(frozen=True, slots=True)
class Package:
    """What was published."""

    title: str
    source: Path
    files: int
    payload_bytes: int


async def make_package(folder: Path, agents: int, given: Path | None) -> Package:
    """Publish into `folder / "origin"`. Raises StorageError, UsageError, UnavailableError."""
    try:
        source = await asyncio.to_thread(_source, folder, agents, given)
    except OSError as error:
        raise in_words(error) from error
    await _command("keygen", "--out", str(folder / "keys"))
    name, version = ("demo", "1") if given else ("python-library", sys.version.split()[0])
    output = await _command(
        "publish", str(source), "--name", name, "--version", version,
        "--key", str(folder / "keys" / "signing.key"), "--out", str(folder / "origin"), "--json",
    )  # fmt: skip
    published = json.loads(output)
    title = given.name if given else f"{name} {version}"
    return Package(title, source, int(published["files"]), int(published["payload_bytes"]))


def _source(folder: Path, agents: int, given: Path | None) -> Path:
    """A folder with what is to be distributed."""
    source = folder / "source"
    if given is None:
        _copy(library_files(), source, min(PACKAGE_BYTES, _room_bytes(folder, agents)))
        return source
    if given.is_dir():
        size = sum(path.stat().st_size for path in given.rglob("*") if path.is_file())
    else:
        size = given.stat().st_size
    if size > _room_bytes(folder, agents):
        needed = size * (COPIES_FIXED + COPIES_EACH * agents) + SPARE_BYTES
        raise NoSpace(
            needed,
            shutil.disk_usage(folder).free,
            f"the demo would need {needed >> 20} MiB in {folder.parent}: set TMPDIR to a larger"
            " disk, or take fewer --agents or a smaller --file",
        )
    if given.is_dir():
        return given
    source.mkdir()
    shutil.copy2(given, source / given.name)
    return source


def _room_bytes(folder: Path, agents: int) -> int:
    """How large a package may be, for all its copies to fit on the disk."""
    free = shutil.disk_usage(folder).free - SPARE_BYTES
    return max(0, free // (COPIES_FIXED + COPIES_EACH * agents))


def library_files() -> Iterator[tuple[Path, Path]]:
    """(file, its name in the package): the Python library, and the largest of what is installed."""
    library, installed = (Path(sysconfig.get_path(name)) for name in ("stdlib", "platlib"))
    for path in _plain_files(library, without={"site-packages", "dist-packages"})[
        :LIBRARY_FILES_MAX
    ]:
        yield path, Path("library", path.relative_to(library))
    by_size = sorted(_plain_files(installed), key=lambda path: -path.stat().st_size)
    for path in by_size[:LARGE_FILES_MAX]:
        yield path, Path("installed", path.relative_to(installed))


def _plain_files(tree: Path, without: set[str] | None = None) -> list[Path]:
    """Sorted, so that it is the same ones each time; without what is compiled on the way."""
    unwanted = {"__pycache__"} | (without or set())
    return [
        path
        for path in sorted(tree.rglob("*"))
        if unwanted.isdisjoint(path.relative_to(tree).parts)
        and path.is_file()
        and not path.is_symlink()
    ]


def _copy(files: Iterator[tuple[Path, Path]], into: Path, bytes_max: int) -> None:
    """Copy what fits into `bytes_max`."""
    total = 0
    for path, name in files:
        size = path.stat().st_size
        if total + size <= bytes_max:
            (into / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, into / name)
            total += size
    if not total:
        raise UsageError(f"nothing could be copied for the demo ({bytes_max} bytes of room)")


async def _command(*words: str) -> bytes:
    """What one of our own commands prints."""
    process = await asyncio.create_subprocess_exec(
        *child_command(*words),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env=clean_environ(),
    )  # fmt: skip
    try:
        output, errors = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise UnavailableError(f"mcastdist {words[0]}: {errors.decode(errors='replace').strip()}")
    return output
