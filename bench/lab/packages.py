"""What do we send around? A package of real files, published with our own commands.

The files are those of Python itself and of what is installed beside it: thousands of small ones, a
few large ones, text and machine code. On one machine the choice is always the same.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
MCASTDIST = (sys.executable, "-m", "mcastdist")  # run it with REPOSITORY as working directory
MIB = 1 << 20
COMMAND_S_MAX = 120.0

# Made anew by every installation, or found a second time under `purelib`.
LEFT_OUT = frozenset({"__pycache__", "site-packages", "dist-packages"})


@dataclass(frozen=True, slots=True)
class Keys:
    """What `mcastdist keygen` wrote."""

    cluster: Path
    signing: Path
    public: Path


@dataclass(frozen=True, slots=True)
class Package:
    """A published package: `directory` is what an origin serves, `files` what went into it."""

    name: str
    version: str
    directory: Path
    files: Path

    @property
    def manifest_name(self) -> str:
        """The file a task names."""
        return f"{self.name}-{self.version}.mcd"

    @property
    def payload_name(self) -> str:
        """The file whose bytes should cross the WAN once."""
        return f"{self.name}-{self.version}.payload"

    @property
    def payload_bytes(self) -> int:
        """The size of the payload as the origin holds it."""
        return (self.directory / self.payload_name).stat().st_size

    def differences(self, delivered: Path) -> list[str]:
        """What in `delivered` is missing, different or too much; empty if all is right."""
        here, there = _digests(self.files), _digests(delivered)
        wrong = [f"missing: {path}" for path in here if path not in there]
        wrong += [f"too much: {path}" for path in there if path not in here]
        wrong += [
            f"different: {path}" for path in here if path in there and here[path] != there[path]
        ]
        return wrong


def collect_files(into: Path, *, bytes_min: int = 64 * MIB) -> int:
    """Copy files of this Python into `into` until they hold `bytes_min`; how many bytes they hold.

    Raises OSError if this machine has too little of them.
    """
    total = 0
    for root, path in _candidates():
        target = into / root.name / path.relative_to(root)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
        total += target.stat().st_size
        if total >= bytes_min:
            return total
    raise OSError(f"this Python has {total} bytes of files, not the {bytes_min} asked for")


def make_keys(into: Path) -> Keys:
    """A cluster key and a signing key of one's own, by `mcastdist keygen`."""
    _mcastdist("keygen", "--out", str(into))
    return Keys(into / "cluster.key", into / "signing.key", into / "signing.pub")


def publish(
    files: Path, keys: Keys, into: Path, *, name: str = "lab", version: str = "1"
) -> Package:
    """Publish the folder `files` by `mcastdist publish`, so that `into` is an origin."""
    identity = ("--name", name, "--version", version)
    _mcastdist("publish", str(files), *identity, "--key", str(keys.signing), "--out", str(into))
    return Package(name, version, into, files)


def _mcastdist(*arguments: str) -> None:
    ended = subprocess.run(
        [*MCASTDIST, *arguments],
        cwd=REPOSITORY,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=COMMAND_S_MAX,
        check=False,
    )
    if ended.returncode != 0:
        raise OSError(f"mcastdist {arguments[0]} ended with {ended.returncode}: {ended.stderr}")


def _candidates() -> Iterator[tuple[Path, Path]]:
    for where in ("stdlib", "purelib"):
        root = Path(sysconfig.get_path(where)).resolve()
        for path in sorted(root.rglob("*")):
            kept = LEFT_OUT.isdisjoint(path.relative_to(root).parts)
            if kept and path.is_file() and not path.is_symlink():
                yield root, path


def _digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
