"""What is sent? Files that no compression helps, made from a seed, and published for ours.

Made once for a run of a benchmark, and used by all subjects in it.
"""

from __future__ import annotations

import hashlib
from functools import cached_property
from pathlib import Path

import numpy as np

from .lab import Keys, Package, make_keys, publish

PIECE_BYTES = 1 << 20
SEED = 7  # the same bytes each time: a figure that depends on them could be repeated
CONTENT_PREFIX = "content-"


class Content:
    """One file of `size` bytes, or with `file_bytes` many files that hold as much together."""

    def __init__(self, work: Path, size: int, *, file_bytes: int = 0) -> None:
        self.work = work / f"{CONTENT_PREFIX}{size}-{file_bytes}"
        self.files = self.work / "files"
        self.size = size
        self._make(file_bytes or size)

    @property
    def file(self) -> Path:
        """The only file."""
        return self.files / "00000000.bin"

    @cached_property
    def sha256(self) -> str:
        """Of the only file, in hex."""
        with self.file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()

    @cached_property
    def keys(self) -> Keys:
        """The cluster's and the publisher's."""
        return make_keys(self.work / "keys")

    @cached_property
    def package(self) -> Package:
        """The content as `mcastdist publish` makes it."""
        origin = self.work / "origin"
        origin.mkdir()
        return publish(self.files, self.keys, origin, name="bench")

    def is_equal(self, delivered: Path) -> bool:
        """True if a delivered file is the only file."""
        if not delivered.is_file() or delivered.stat().st_size != self.size:
            return False
        with delivered.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest() == self.sha256

    def _make(self, file_bytes: int) -> None:
        rng = np.random.default_rng(SEED)
        self.files.mkdir(parents=True)
        for number in range(-(-self.size // file_bytes)):
            folder = self.files if file_bytes == self.size else self.files / f"{number // 100:04d}"
            folder.mkdir(exist_ok=True)
            left = min(file_bytes, self.size - number * file_bytes)
            with (folder / f"{number:08d}.bin").open("wb") as out:
                while left:
                    piece = min(left, PIECE_BYTES)
                    out.write(rng.bytes(piece))
                    left -= piece
