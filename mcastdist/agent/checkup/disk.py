"""Does the cache's disk keep up, and is there room?

A few megabytes are written and made durable, in a file that has no name and is gone at once. That
says whether a disk is slow, not how fast it is. A cache that is not there yet is not made: whoever
examines may not be who the agent runs as.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from pathlib import Path

from mcastdist.agent.api import Finding
from mcastdist.agent.settings import Settings

from .findings import finding

MIB = 1 << 20
PIECE_BYTES = 4 * MIB
SAMPLE_BYTES = 32 * MIB
SAMPLE_S_MAX = 2.0  # a slow disk is known by then
SLOW_BYTES_PER_S = 12.5 * MIB  # a stream of 100 Mbit/s, where every stream begins


def look_at_disk(settings: Settings) -> list[Finding]:
    """Write a sample into the cache's directory. Takes up to some seconds."""
    directory = nearest(Path(settings.cache.dir))
    try:
        free_bytes = shutil.disk_usage(directory).free
        space = judge_space(str(directory), free_bytes, settings.cache.free_bytes_min)
        if free_bytes < SAMPLE_BYTES:
            return space
        written_bytes, seconds = write_sample(directory)
    except OSError as error:
        return [_refused(directory, error)]
    return [*judge_speed(str(directory), written_bytes, seconds), *space]


def nearest(directory: Path) -> Path:
    """The directory, or the one in which it would be made."""
    # Not by pathlib's `exists`, which raises where this user may not look.
    while not os.path.exists(directory) and directory.parent != directory:
        directory = directory.parent
    return directory


def write_sample(directory: Path) -> tuple[int, float]:
    """Bytes that were written and made durable, and the seconds that took."""
    piece = os.urandom(PIECE_BYTES)  # some disks compress
    written_bytes, started = 0, time.monotonic()
    with tempfile.TemporaryFile(dir=directory, buffering=0) as sample:
        while written_bytes < SAMPLE_BYTES and time.monotonic() - started < SAMPLE_S_MAX:
            written_bytes += sample.write(piece)
            os.fsync(sample.fileno())
    return written_bytes, time.monotonic() - started


def judge_speed(directory: str, written_bytes: int, seconds: float) -> list[Finding]:
    """What the sample means."""
    bytes_per_s = written_bytes / max(seconds, 1e-6)
    told = f"{directory}: {written_bytes // MIB} MiB in {seconds:.2f} s, "
    told += f"{bytes_per_s / MIB:.0f} MiB a second"
    if bytes_per_s >= SLOW_BYTES_PER_S:
        return [finding("disk_fast_enough", told)]
    return [
        finding(
            "disk_slow",
            f"{told}: slower than a stream of 100 Mbit/s, so this machine will fall to repair",
            "look for what else uses the disk, or put cache.dir on a faster one",
        )
    ]


def judge_space(directory: str, free_bytes: int, free_bytes_min: int) -> list[Finding]:
    """What the free space means."""
    told = f"{directory}: {free_bytes / (1 << 30):.1f} GiB free"
    if free_bytes >= max(free_bytes_min, SAMPLE_BYTES):
        return [finding("space_enough", told)]
    return [
        finding(
            "space_low",
            f"{told}, and cache.free_bytes_min wants {free_bytes_min / (1 << 30):.1f} GiB left: "
            "nothing more is taken in",
            "make room (mcastdist cache gc, cache remove), or put cache.dir on a larger disk",
        )
    ]


def _refused(directory: Path, error: OSError) -> Finding:
    return finding(
        "disk_refuses",
        f"{directory} cannot be written to ({error.strerror})",
        "give the directory to the agent's user, or set cache.dir",
    )
