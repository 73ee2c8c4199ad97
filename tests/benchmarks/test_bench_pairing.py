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


SHEET = Sheet(loud=False)


def test_every_other_turn_goes_the_other_way_round() -> None:
    ours: Subject[FakePeer] = Subject()
    subjects = [ours, Subject(FakePeer("uftp"))]

    order = [(subject.name, turn) for subject, turn in pairs(subjects, 2, SHEET, "a")]

    assert order == [(OURS, 0), ("uftp", 0), ("uftp", 1), (OURS, 1)]


def test_a_missing_peer_is_told_and_an_unwanted_one_is_not() -> None:
    sheet = Sheet(loud=False)
    peers = [FakePeer("uftp"), FakePeer("udpcast", "not installed"), FakePeer("norm", "neither")]

    subjects = present(peers, Options(peers=("uftp", "udpcast")), sheet)

    assert [subject.name for subject in subjects] == [OURS, "uftp"]
    assert sheet.absent == {"udpcast": "not installed"}


def test_a_peer_that_hung_is_not_waited_for_again_in_that_case() -> None:
    sheet = Sheet(loud=False)
    subjects = [Subject(), Subject(FakePeer("uftp")), Subject(FakePeer("udpcast"))]

    order = []
    for subject, turn in pairs(subjects, 3, sheet, "a"):
        order.append((subject.name, turn))
        with sheet.trial("a", subject.name):
            if subject.name == OURS:
                raise TimeoutError("ours hangs, and is asked again")
            if subject.name == "uftp":
                raise OSError("another trouble than hanging")
            if turn == 1:
                raise TimeoutError("still runs")

    assert [turn for name, turn in order if name == "udpcast"] == [0, 1]
    assert [turn for name, turn in order if name == "uftp"] == [0, 1, 2]
    assert [turn for name, turn in order if name == OURS] == [0, 1, 2]
    assert sheet.remarks == ["a, udpcast: hung, and was not tried again"]
    assert not sheet.hung("b", "udpcast")
