"""Which blocks will no stream bring us any more, as far as a peer can have them?"""

from __future__ import annotations

from mcastdist.ranges import RangeSet
from mcastdist.wire import Announce, Phase

from .commands import Package
from .hearing import Hearing
from .intake import Intake


def left_for_peers(
    package: Package,
    announce: Announce,
    *,
    hearing: Hearing,
    intake: Intake | None,
    is_cut_off: bool,
    now: float,
) -> RangeSet:
    """What to fetch by HTTP; `is_cut_off`: the stream does not reach us, or not any more."""
    missing = package.missing
    if not is_of(package, announce):
        return missing
    if announce.phase is Phase.SERVING or is_cut_off:
        missing.remove(_fetchable_stop(package, announce), package.block_count)
        return missing
    if not hearing.round_is_final(now):
        return RangeSet()
    for block in intake.hopeful(now) if intake is not None else ():
        missing.remove(block, block + 1)
    return missing


def is_of(package: Package, announce: Announce) -> bool:
    """True if the session is about this content, cut as we cut it."""
    theirs = (announce.content, announce.payload_bytes, announce.block_bytes)
    return theirs == (package.content, package.payload_bytes, package.block_bytes)


def _fetchable_stop(package: Package, announce: Announce) -> int:
    """The representative has the blocks below this, as far as it tells.

    In a further round its position says what has been streamed again, not what it has.
    """
    if announce.phase is Phase.REPAIRING or announce.round > 1:
        return package.block_count
    return min(announce.position, package.block_count)
