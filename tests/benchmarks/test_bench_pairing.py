"""Subjects run in turn, and who is not here takes no part."""

from __future__ import annotations

from dataclasses import dataclass

from bench.figures import OURS
from bench.options import Options
from bench.pairing import Subject, pairs, present
from bench.sheet import Sheet


@dataclass
class FakePeer:
    name: str
    why: str | None = None

    def missing(self) -> str | None:
        return self.why


def test_every_other_turn_goes_the_other_way_round() -> None:
    ours: Subject[FakePeer] = Subject()
    subjects = [ours, Subject(FakePeer("uftp"))]

    order = [(subject.name, turn) for subject, turn in pairs(subjects, 2)]

    assert order == [(OURS, 0), ("uftp", 0), ("uftp", 1), (OURS, 1)]


def test_a_missing_peer_is_told_and_an_unwanted_one_is_not() -> None:
    sheet = Sheet(loud=False)
    peers = [FakePeer("uftp"), FakePeer("udpcast", "not installed"), FakePeer("norm", "neither")]

    subjects = present(peers, Options(peers=("uftp", "udpcast")), sheet)

    assert [subject.name for subject in subjects] == [OURS, "uftp"]
    assert sheet.absent == {"udpcast": "not installed"}
