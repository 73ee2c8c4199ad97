"""What went over the segment, for who wants to look at it afterwards? A capture of the switch.

    with Recording(lab, work / "lan.pcap") as recording:
        ...
    assert not recording.lost       # then: mcastdist pcap lan.pcap

Each frame is recorded once, as it enters the switch from a host, before any loss; what comes from
the origin, and what only the router says, is left out.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from .network import Lab

RECORDER = Path(__file__).with_name("recorder.py")
WITHOUT = ("lo", "br0", "wan")
SNAP_BYTES = 128  # headers of IPv6 and UDP and of the stream, or the beginning of a request
BYTES_MAX = 1 << 30
END_S_MAX = 30.0


class Recording:
    """A capture that grows while the `with` lasts; `frames` and `lost` are known afterwards."""

    def __init__(
        self, lab: Lab, file: Path, *, snap_bytes: int = SNAP_BYTES, bytes_max: int = BYTES_MAX
    ) -> None:
        """Of each frame the first `snap_bytes` are kept (1,600 also hold control messages), and no
        more than `bytes_max` of all."""
        self.file = file
        self.frames = 0
        self.lost = 0  # the recorder was too slow, or the file full
        self._lab = lab
        self._argv = [
            sys.executable, "-I", str(RECORDER), str(file),
            "--snap-bytes", str(snap_bytes), "--bytes-max", str(bytes_max),
            "--without", *WITHOUT,
        ]  # fmt: skip
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        """OSError, with what it complained of, if it cannot record here."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        process = self._lab.router.popen(self._argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert process.stdout is not None
        if process.stdout.readline() != "recording\n":
            _, complaints = process.communicate(timeout=END_S_MAX)
            raise OSError(f"nothing can be recorded: {complaints.strip()}")
        self._process = process
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._process is not None
        self._process.terminate()
        told, complaints = self._process.communicate(timeout=END_S_MAX)
        if kind is None and not told:
            raise OSError(f"the recorder ended early: {complaints.strip()}")
        counts = json.loads(told or "{}")
        self.frames, self.lost = counts.get("frames", 0), counts.get("lost", 0)
