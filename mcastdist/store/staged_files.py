"""Which plain downloads are under way, or were interrupted? The directory of staged files."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from mcastdist.errors import StoreBusy
from mcastdist.ids import Locator

from .disk import Disk, modified_at
from .staging import JOURNAL_SUFFIX, Staged, is_staged_name, journal_path, remove


class StagedFiles:
    """The staged files of one store, each open at most once."""

    def __init__(self, disk: Disk, directory: Path, grant: Callable[[int], None]) -> None:
        """`grant` makes room for so many bytes more, or raises NoSpace."""
        self._disk = disk
        self._directory = directory
        self._grant = grant
        self._open: dict[Path, Staged] = {}
        self._lock = threading.Lock()
        self._remove_orphans()

    def open(self, locator: Locator, expected_bytes: int | None) -> Staged:
        """Resume or begin; StoreBusy if somebody has it open."""
        path = self._directory / locator.hex()
        with self._lock:
            if path in self._open:
                raise StoreBusy(f"{locator.short} is being downloaded already: wait for that task")
            staged = Staged(self._disk, path, grant=self._grant, on_close=self._forget)
            self._open[path] = staged
        try:
            staged.reserve(expected_bytes or 0)
        except BaseException:
            staged.close()
            raise
        return staged

    def held_bytes(self) -> int:
        """What the staged files take, or have been granted."""
        with self._lock:
            opened = dict(self._open)
        return sum(
            opened[path].granted_bytes if path in opened else self._disk.size(path) or 0
            for path in self._paths()
        )

    def remove_older_than(self, time: float) -> None:
        """Remove those that are not open and were last written before `time` (since 1970)."""
        with self._lock:
            for path in self._paths():
                if path not in self._open and self._written_at(path) < time:
                    self.remove(path)

    def remove(self, path: Path) -> None:
        """Remove a staged file with its journal, as far as they are there."""
        remove(self._disk, path)

    def close(self) -> None:
        """Close those that are open; what is durable stays for later."""
        with self._lock:
            opened = list(self._open.values())
        for staged in opened:
            staged.close()

    def _forget(self, staged: Staged) -> None:
        with self._lock:
            self._open.pop(staged.path, None)

    def _paths(self) -> list[Path]:
        names = self._disk.names(self._directory)
        return [self._directory / name for name in names if is_staged_name(name)]

    def _written_at(self, path: Path) -> float:
        return max(modified_at(path), modified_at(journal_path(path)))

    def _remove_orphans(self) -> None:
        """A crash may leave a journal whose file has become a package."""
        names = set(self._disk.names(self._directory))
        for name in sorted(names):
            if not is_staged_name(name) and name.removesuffix(JOURNAL_SUFFIX) not in names:
                self._disk.remove(self._directory / name)
