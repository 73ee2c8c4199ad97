"""What lies in a published folder, and may this path be read? Nothing outside ever is."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO


class OriginFolder:
    """The files below one directory, read-only."""

    def __init__(self, directory: Path) -> None:
        self._root = directory.resolve()

    def packages(self) -> list[str]:
        """The published packages' `.mcd` files, as paths below the directory, sorted."""
        found = self._root.rglob("*.mcd")
        return sorted(one.relative_to(self._root).as_posix() for one in found if one.is_file())

    def open(self, path: str) -> BinaryIO | None:
        """The regular file of that name, unbuffered; None for everything else."""
        if "\0" in path or "\\" in path or any(p in ("", ".", "..") for p in path.split("/")):
            return None
        wanted = self._root.joinpath(path)
        try:
            if not wanted.resolve(strict=True).is_relative_to(self._root):
                return None  # a symbolic link that leads out
            # O_NONBLOCK: opening a pipe must not hang the server.
            handle = os.open(wanted, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        except (OSError, RuntimeError, ValueError):
            return None
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            return None
        return os.fdopen(handle, "rb", buffering=0)
