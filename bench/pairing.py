"""In which order do the subjects run? In turn, and every other time the other way round.

What disturbs a machine for a while then disturbs all of them alike; figures are compared as medians
of such pairs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from .figures import OURS
from .options import Options
from .sheet import Sheet


class Installable(Protocol):
    """Whatever may be missing on a machine."""

    name: str

    def missing(self) -> str | None:
        """Why it cannot run here; None if it can."""
        ...


AnyPeer = TypeVar("AnyPeer", bound=Installable)


@dataclass(frozen=True, slots=True)
class Subject(Generic[AnyPeer]):
    """Who runs: ours if there is no `peer`."""

    peer: AnyPeer | None = None

    @property
    def name(self) -> str:
        """As the tables show it."""
        return OURS if self.peer is None else self.peer.name


def present(peers: Sequence[AnyPeer], options: Options, sheet: Sheet) -> list[Subject[AnyPeer]]:
    """Ours, and the peers that are wanted and installed; a missing one is told on the sheet."""
    subjects: list[Subject[AnyPeer]] = [Subject()]
    for peer in peers:
        if not options.wants(peer.name):
            continue
        reason = peer.missing()
        if reason is None:
            subjects.append(Subject(peer))
        else:
            sheet.absent[peer.name] = reason
    return subjects


def pairs(
    subjects: Sequence[Subject[AnyPeer]], turns: int, sheet: Sheet, case: str
) -> Iterator[tuple[Subject[AnyPeer], int]]:
    """Each subject in each turn, and the turn's number.

    Who did not come to its end once is not waited for again in that case: a peer that hangs would
    take most of an hour from all others.
    """
    for turn in range(turns):
        for subject in subjects if turn % 2 == 0 else list(reversed(subjects)):
            if subject.peer is not None and sheet.hung(case, subject.name):
                sheet.remark(f"{case}, {subject.name}: hung, and was not tried again")
                continue
            yield subject, turn
