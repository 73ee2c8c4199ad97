"""What do the tests of an examination share? Neighbours, and books, made by hand."""

from __future__ import annotations

from collections.abc import Iterable

from mcastdist.agent.api import Finding
from mcastdist.agent.checkup.examination import ALL_TRIALS, Examination, Neighbour, Trial
from mcastdist.ids import NodeId
from mcastdist.wire import Way

GROUP, ASIDE, ALONE = (Trial(way, False) for way in (Way.GROUP, Way.ASIDE, Way.ALONE))
FULL_GROUP, FULL_ASIDE, FULL_ALONE = (Trial(way, True) for way in (Way.GROUP, Way.ASIDE, Way.ALONE))


def neighbour(
    number: int = 1,
    *,
    not_there: Iterable[Trial] = (),
    not_here: Iterable[Trial] = (),
    offset_s: float = 0.0,
    version: str = "0.1.0",
    http_port: int = 7447,
) -> Neighbour:
    """A neighbour that is reached in every way but these."""
    return Neighbour(
        node=NodeId(number),
        address=(f"10.0.0.{number}", 7447),
        host=f"h{number}",
        version=version,
        http_port=http_port,
        datagram_bytes_max=1_472,
        heard_there=set(ALL_TRIALS) - set(not_there),
        heard_here=set(ALL_TRIALS) - set(not_here),
        offset_s=offset_s,
    )


def book(*neighbours: Neighbour) -> Examination:
    """A book with these in it."""
    made = Examination(token=1)
    made.neighbours = {one.node: one for one in neighbours}
    return made


def codes(findings: Iterable[Finding]) -> list[str]:
    return [one.code for one in findings]
