"""How are decisions kept? As JSON lines, one for each, in a file that does not grow for ever.

    {"t":1767225600.25,"at":12.5,"event":"election.role","old":"following","new":"leading"}

`t` is seconds since 1970, to lay the traces of several machines side by side; `at` is the machine's
own clock. Whoever traces only appends to a list: a thread writes it out each second. A power cut
loses that second, and may leave half a line, which readers pass over.
"""

from __future__ import annotations

import collections
import os
import threading
import time
from collections.abc import Callable, Iterator
from io import FileIO
from pathlib import Path

import msgspec

from mcastdist.errors import McastdistError, NotPermitted, UsageError
from mcastdist.tracing import Event, plain

FLUSH_S = 1.0
FILE_BYTES_MAX = 64 << 20  # a busy hour of a large session; four of them are kept at most
FILES_KEPT = 3  # beside the current one: trace.jsonl.1 is the youngest
LINES_WAITING_MAX = 100_000  # 20 MB, if the disk stands still; more are counted and dropped
OWN_NAMES = frozenset({"t", "at", "event"})


class TraceFile:
    """A tracer (`mcastdist.tracing.Tracer`) for any thread."""

    def __init__(
        self,
        path: Path,
        *,
        wall: Callable[[], float] = time.time,
        file_bytes_max: int = FILE_BYTES_MAX,
        flush_s: float = FLUSH_S,
    ) -> None:
        """Appends to `path`. NotPermitted or UsageError if it cannot be written."""
        self._path = path
        self._wall = wall
        self._file_bytes_max = file_bytes_max
        self._lines: collections.deque[bytes] = collections.deque()  # atomic at both ends
        self._dropped = 0
        self._torn = False  # the disk took only part of what was written last
        self._writing = threading.Lock()
        self._done = threading.Event()
        self._file = _open(path)
        self._thread = threading.Thread(
            target=self._flush_regularly, args=(flush_s,), name="mcastdist-trace", daemon=True
        )
        self._thread.start()

    def __call__(self, name: str, /, *, at: float, **fields: object) -> None:
        """Note a decision."""
        if len(self._lines) >= LINES_WAITING_MAX:
            self._dropped += 1
            return
        self._lines.append(self._line(name, at, fields))

    def flush(self) -> None:
        """Write what is waiting. A disk that refuses loses it: tracing never stops the work."""
        with self._writing:
            lines = [self._lines.popleft() for _ in range(len(self._lines))]
            if self._dropped:
                lines.append(self._line("trace.dropped", 0.0, {"lines": self._dropped}))
                self._dropped = 0
            if lines:
                try:
                    self._write(b"".join(lines))
                except (OSError, McastdistError):
                    self._dropped += len(lines)

    def close(self) -> None:
        """Write what is waiting, and end the thread."""
        self._done.set()
        self._thread.join()
        self.flush()
        self._file.close()

    def _line(self, name: str, at: float, fields: dict[str, object]) -> bytes:
        line: dict[str, object] = {"t": round(self._wall(), 6), "at": round(at, 6), "event": name}
        for key, value in fields.items():
            line[f"{key}_" if key in OWN_NAMES else key] = plain(value)
        return msgspec.json.encode(line) + b"\n"

    def _write(self, data: bytes) -> None:
        if self._file.closed:  # it could not be opened again after the last rotation
            self._file = _open(self._path)
        size = self._file.tell()
        if size > 0 and size + len(data) > self._file_bytes_max:
            self._begin_another(size)
        if self._torn:
            data = b"\n" + data  # so that only the half line is lost
        self._torn = True
        self._torn = self._file.write(data) < len(data)

    def _begin_another(self, size: int) -> None:
        """Where it cannot be, this one goes on, up to what all of them together may take."""
        self._file.close()  # or Windows would not rename it
        try:
            _rotate(self._path)
        except OSError:
            if size > self._file_bytes_max * (FILES_KEPT + 1):
                raise
        self._file = _open(self._path)

    def _flush_regularly(self, flush_s: float) -> None:
        while not self._done.wait(flush_s):
            self.flush()


def read_trace(path: Path) -> Iterator[Event]:
    """The events of a trace, oldest first, with those of files that were rotated away before.

    Each has `t` (seconds since 1970) among its fields. Half lines are passed over. UsageError or
    NotPermitted if the file cannot be read, or holds no event at all.
    """
    nothing = True
    try:
        for each in [*reversed(_older(path)), path]:
            for event in _events(each):
                nothing = False
                yield event
        if nothing and path.stat().st_size:
            raise UsageError(f"{path}: no trace; give a file that was written as trace.file")
    except PermissionError as error:
        raise NotPermitted(f"{path}: this user may not read the trace; ask its owner") from error
    except OSError as error:
        raise UsageError(f"{path}: the trace cannot be read ({error.strerror})") from error


def _events(path: Path) -> Iterator[Event]:
    with path.open("rb") as file:
        for line in file:
            event = _event(line)
            if event is not None:
                yield event


def _event(line: bytes) -> Event | None:
    try:
        fields = msgspec.json.decode(line)
        name, at = fields.pop("event"), float(fields.pop("at"))
        fields["t"] = float(fields["t"])
    except (
        msgspec.DecodeError,
        UnicodeDecodeError,
        AttributeError,
        KeyError,
        TypeError,
        ValueError,
    ):
        return None
    return Event(name, at, fields) if isinstance(name, str) else None


def _open(path: Path) -> FileIO:
    """Open for appending; half a line that a power cut left is ended, so that ours starts anew."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("ab+", buffering=0)
    except PermissionError as error:
        raise NotPermitted(f"{path}: this user may not write the trace; set trace.file") from error
    except OSError as error:
        raise UsageError(f"{path}: no trace can be kept here ({error.strerror})") from error
    size = file.seek(0, os.SEEK_END)
    if size:
        file.seek(size - 1)
        if file.read(1) != b"\n":
            file.write(b"\n")
    return file


def _rotate(path: Path) -> None:
    """trace.jsonl becomes .1, .1 becomes .2, and what was the last is gone."""
    for number in range(FILES_KEPT, 0, -1):
        younger = path if number == 1 else _numbered(path, number - 1)
        if younger.exists():
            younger.replace(_numbered(path, number))


def _older(path: Path) -> list[Path]:
    """What was rotated away, youngest first."""
    candidates = (_numbered(path, number) for number in range(1, FILES_KEPT + 1))
    return [each for each in candidates if each.exists()]


def _numbered(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}.{number}")
