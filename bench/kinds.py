"""What were the bytes on the segment for? Data, parity, control and repair, out of a recording."""

from __future__ import annotations

from mcastdist.cli.capture import Kind, Looker, Tally, frames
from mcastdist.errors import UsageError
from mcastdist.wire.limits import PORT

from .lab.recording import Recording
from .sheet import Sheet

Figures = dict[str, tuple[float, str]]

# Data is all source symbols: those that were sent once more are not apart in a table.
SHOWN = {
    "data": (Kind.DATA, Kind.AGAIN),
    "parity": (Kind.PARITY,),
    "control": (Kind.CONTROL,),
    "repair": (Kind.REPAIR,),
}


def by_kind(recording: Recording, since: float, content_bytes: int, sheet: Sheet) -> Figures:
    """Bytes of each kind over the content's, of all frames since then (seconds since 1970).

    What could not be found out is told on the sheet.
    """
    if recording.lost:
        sheet.remark(
            f"the recorder missed {recording.lost} of {recording.frames + recording.lost} frames"
        )
    looker, tally = Looker(PORT), Tally(PORT)
    try:
        for frame in frames(recording.file):
            if frame.at >= since:
                for sighting in looker.look(frame):
                    tally.add(sighting)
    except UsageError as error:  # no scapy
        sheet.remark(f"no bytes by kind: {error}")
        return {}
    kinds = tally.account().kinds
    return {
        name: (sum(kinds[k].bytes for k in of if k in kinds) / content_bytes, "x content")
        for name, of in SHOWN.items()
    }
