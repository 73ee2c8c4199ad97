"""Where does NORM's program come from? Debian has the source of its example, and it is built here.

`normCast.cpp` lies in `libnorm-doc`, the library in `libnorm-dev`. It also wants three headers of
Protolib, which Debian has in no package: `protolib/` stands in for them. What is built is kept in
the user's cache under the hash of what it was built from, so that a new version is built anew.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import subprocess
import tempfile
from pathlib import Path

from bench.lab import find_tool

from .delivery import not_installed

HEADER = Path("/usr/include/normApi.h")
SOURCES = tuple(
    Path("/usr/share/doc/libnorm-doc/examples") / name
    for name in ("normCast.cpp", "normCast.cpp.gz")
)
STAND_INS = Path(__file__).parent / "protolib"
BUILD_S_MAX = 120.0  # it takes a second
REASON_LENGTH_MAX = 120


class BuildError(OSError):
    """The compiler would not; the sentence is its first complaint."""


def not_there(header: Path = HEADER, sources: tuple[Path, ...] = SOURCES) -> str | None:
    """What must be installed before it can be built, in words; None if nothing."""
    if not header.exists():
        return f"{header.name} not installed (Debian: libnorm-dev)"
    if not any(source.exists() for source in sources):
        return f"{sources[0].name} not installed (Debian: libnorm-doc)"
    return not_installed("g++", "g++")


def build(sources: tuple[Path, ...] = SOURCES, cache: Path | None = None) -> Path:
    """The program, built if it was not yet. Raises BuildError."""
    text = _read(next(source for source in sources if source.exists()))
    folder = cache or _cache()
    program = folder / f"normCast-{_fingerprint(text)}"
    if not program.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as work:
            _compile(text, Path(work)).replace(program)
    return program


def _compile(text: bytes, work: Path) -> Path:
    source, program = work / "normCast.cpp", work / "normCast"
    source.write_bytes(text)
    command: list[str | Path] = [
        find_tool("g++") or "g++", "-O2", "-w", "-D_FILE_OFFSET_BITS=64", "-I", STAND_INS,
        "-o", program, source, "-lnorm",
    ]  # fmt: skip
    try:
        built = subprocess.run(
            command, capture_output=True, text=True, timeout=BUILD_S_MAX, check=False
        )
    except subprocess.TimeoutExpired:
        raise BuildError(f"not done after {BUILD_S_MAX:.0f} s") from None
    if built.returncode:
        said = [line for line in built.stderr.splitlines() if "error" in line] or [built.stderr]
        raise BuildError(said[0].rpartition("error:")[2].strip()[:REASON_LENGTH_MAX])
    return program


def _read(source: Path) -> bytes:
    packed = source.read_bytes()
    return gzip.decompress(packed) if source.suffix == ".gz" else packed


def _fingerprint(text: bytes) -> str:
    hasher = hashlib.sha256(text)
    for header in [*sorted(STAND_INS.glob("*.h")), HEADER]:
        if header.exists():
            hasher.update(header.read_bytes())
    return hasher.hexdigest()[:16]


def _cache() -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "mcastdist-bench"
